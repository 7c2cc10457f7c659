"""States of the configuration that stand above every page until they are mended."""

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from grokgateway import config
from grokgateway.console import banners

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of(rf: RequestFactory):
    def made(**user):
        request = rf.get("/admin/")
        request.user = User.objects.create_user("pat", is_staff=True, **user)
        return request

    return made


def test_an_open_web_ui_is_pointed_out(request_of):
    request = request_of(is_superuser=True)
    with config.override({"app.webui_enabled": True}):
        banner = banners.open_webui(request)
        assert banner is not None
        assert banner.link == "/admin/config/system#app.webui_key"
    with config.override({"app.webui_enabled": True, "app.webui_key": "word"}):
        assert banners.open_webui(request) is None
    assert banners.open_webui(request) is None


@pytest.mark.parametrize("key", ["features.image_format", "features.video_format"])
def test_links_that_lead_nowhere_are_pointed_out(request_of, key):
    request = request_of(is_superuser=True)
    with config.override({key: "local_url"}):
        banner = banners.relative_links(request)
        assert banner is not None
        assert banner.link == "/admin/config/system#app.app_url"
    with config.override({key: "local_url", "app.app_url": "https://g.example"}):
        assert banners.relative_links(request) is None
    assert banners.relative_links(request) is None


def test_who_may_not_see_settings_is_told_without_a_link(request_of):
    with config.override({"app.webui_enabled": True}):
        banner = banners.open_webui(request_of())
    assert banner is not None
    assert banner.link == ""
