"""Mounts the console; `/v1` is mounted by `grokgateway.asgi` through the lean entry."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from gateway.admin_api.api import api as admin_api

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/api/", admin_api.urls),
    path("admin/", include("webui.console.urls")),
    path("admin/", admin.site.urls),
]
