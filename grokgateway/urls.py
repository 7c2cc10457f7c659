"""Mounts the console and the Web UI.

`/v1` is mounted by `grokgateway.asgi` through the lean entry.
"""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from gateway.admin_api import errors
from gateway.admin_api.api import api as admin_api
from grokgateway import meta

# 302, because browsers keep a 301
to_console = RedirectView.as_view(pattern_name="admin:index", query_string=True)

urlpatterns = [
    path("", to_console),
    path("admin", to_console),
    path("admin/api/", admin_api.urls),
    path("admin/api", errors.unknown),
    path("admin/api/<path:path>", errors.unknown),
    path("admin/", include("webui.console.urls")),
    path("admin/", admin.site.urls),
    path("", include("webui.urls")),
    path("meta", meta.version),
    path("meta/update", meta.update),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
]
