"""Each test starts with nothing saved, no variables and no file, signed in as root."""

import pytest
from django.contrib.auth.models import Permission, User

from grokgateway import config


@pytest.fixture(autouse=True)
def fresh(settings, tmp_path):
    settings.GROK_ENVIRON = {}
    settings.CONFIG_LOCAL_PATH = tmp_path / "config.toml"
    config.forget()
    yield
    config.forget()


@pytest.fixture
def staff(client, db):
    """Sign in as somebody with these permissions of the configuration only."""

    def sign_in(*codenames):
        user = User.objects.create_user("pat", password="x", is_staff=True)
        wanted = {"content_type__app_label": "config", "codename__in": codenames}
        user.user_permissions.set(Permission.objects.filter(**wanted))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def fill(console):
    """Post a group's form as a browser would, with these controls changed."""

    def post(slug, changes, revision=None, **more):
        form = controls(console.get(f"/admin/config/{slug}"))
        if revision is not None:
            form["revision"] = str(revision)
        return console.post(f"/admin/config/{slug}", {**form, **changes, **more})

    return post


def controls(page):
    fields = [field for _, found in page.context["sections"] for field in found]
    texts = {field.key.name: field.text for field in fields if not field.variable}
    return {**texts, "revision": str(page.context["revision"])}
