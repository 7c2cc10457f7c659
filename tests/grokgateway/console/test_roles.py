"""What the two groups may do."""

import pytest
from django.contrib.auth.models import Group, User

from grokgateway.console import roles

pytestmark = pytest.mark.django_db

SECRET = {
    "accounts.reveal_token",
    "accounts.export_accounts",
    "config.reveal_config",
}


@pytest.fixture
def of_role(client):
    def sign_in(role):
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return user

    return sign_in


def test_a_viewer_reads_and_no_more(of_role):
    may = of_role(roles.VIEWER).get_all_permissions()
    assert "accounts.view_account" in may
    assert {one for one in may if ".view_" not in one} == set()


def test_an_operator_does_all_but_users_and_secrets(of_role):
    may = of_role(roles.OPERATOR).get_all_permissions()
    expected = {
        "accounts.change_account",
        "accounts.run_jobs",
        "config.change_config",
        "gateway.add_apikey",
        "media.delete_asset",
    }
    assert expected <= may
    assert not SECRET & may
    assert not any(one.startswith(("auth.", "admin.", "sessions.")) for one in may)


def test_migrating_gives_what_was_added_and_repeats_nothing():
    group = Group.objects.get(name=roles.OPERATOR)
    group.permissions.clear()
    roles.establish()
    roles.establish()
    assert group.permissions.filter(codename="run_jobs").count() == 1


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        (roles.VIEWER, "get", "/admin/accounts/account/", 200),
        (roles.VIEWER, "get", "/admin/gateway/apikey/", 200),
        (roles.VIEWER, "get", "/admin/gateway/apikey/add/", 403),
        (roles.VIEWER, "get", "/admin/auth/user/", 403),
        (roles.VIEWER, "get", "/admin/console-key/", 403),
        (roles.VIEWER, "post", "/admin/api/config", 401),
        (roles.OPERATOR, "get", "/admin/gateway/apikey/add/", 200),
        (roles.OPERATOR, "get", "/admin/auth/user/", 403),
        (roles.OPERATOR, "get", "/admin/console-key/", 403),
        (roles.OPERATOR, "post", "/admin/api/config", 200),
    ],
)
def test_the_server_refuses_what_a_role_may_not(
    of_role, client, role, method, path, status
):
    of_role(role)
    extra = {"data": "{}", "content_type": "application/json"}
    answer = getattr(client, method)(path, **(extra if method == "post" else {}))
    assert answer.status_code == status
