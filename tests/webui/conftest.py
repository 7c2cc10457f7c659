import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from grokgateway import config

KEY = "open sesame"


@pytest.fixture(autouse=True)
def no_failures_before():
    cache.clear()


@pytest.fixture
def webui():
    """The Web UI is on, and `with webui(key):` gives it a key."""

    def on(key="", **more):
        values = {"app.webui_enabled": True, "app.webui_key": key}
        return config.override({**values, **more})

    with on():
        yield on


@pytest.fixture
def staff(db):
    return User.objects.create_user("op", password="x", is_staff=True)
