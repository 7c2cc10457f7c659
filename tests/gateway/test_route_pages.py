"""The console's list of models: upstream, status, and who can serve them."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from accounts import census
from gateway.models import ModelRoute
from grokgateway import config
from tests.factories import make_account, make_key

pytestmark = pytest.mark.django_db

LIST = reverse("admin:gateway_modelroute_changelist")


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch):
    monkeypatch.setattr(census, "HOME", census.Kept())


def row_of(page, name):
    rows = page.content.decode().split("<tr>")
    return next(row for row in rows if f">{name}</a>" in row)


def test_a_model_tells_how_many_accounts_can_serve_it(
    admin_client, django_assert_max_num_queries
):
    make_account(pool="super")
    make_account(pool="super", status="expired")
    make_account(pool="basic")
    census.kept()  # like the settings, read before and for all pages
    config.current()
    with django_assert_max_num_queries(9):
        page = admin_client.get(LIST)
    route = ModelRoute.objects.filter(tier="super", capability="chat")[0]
    row = row_of(page, route.name)
    assert "1 of 2" in row
    assert "offered" in row
    assert f"{route.mode}, super" in row
    assert f"/admin/try/?model={route.name}" in row
    heavy = ModelRoute.objects.filter(tier="heavy")[0]
    assert "no account ready" in row_of(page, heavy.name)


def test_what_is_off_or_needs_more_than_a_text_cannot_be_tried(admin_client):
    video = ModelRoute.objects.filter(capability="video")[0]
    off = ModelRoute.objects.filter(capability="chat")[0]
    off.enabled = False
    off.save()
    page = admin_client.get(LIST)
    assert "switched off" in row_of(page, off.name)
    for route in (video, off):
        assert "/admin/try/" not in row_of(page, route.name)
        assert "/admin/explain/" in row_of(page, route.name)


@pytest.mark.parametrize("name", ["modelroute", "apikey"])
def test_who_may_not_start_work_is_not_led_to_it(client, name):
    make_key()
    user = User.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    client.force_login(user)
    page = client.get(reverse(f"admin:gateway_{name}_changelist"))
    assert page.status_code == 200
    assert "/admin/try/?" not in page.content.decode()
