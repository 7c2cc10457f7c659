"""Mounts the console; `/v1` is mounted by `grokgateway.asgi` through the lean entry."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
