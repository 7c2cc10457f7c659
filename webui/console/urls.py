"""Addresses of the console's own pages, below /admin/ and ahead of Django's."""

from django.contrib import admin
from django.urls import path

from webui.console import exports, importing, saving

IMPORTS = "accounts/account/import/"

urlpatterns = [
    path(
        IMPORTS,
        admin.site.admin_view(importing.begin),
        name="console-account-import",
    ),
    path(
        IMPORTS + "<slug:draft_id>/",
        admin.site.admin_view(importing.show),
        name="console-account-import-shown",
    ),
    path(
        IMPORTS + "<slug:draft_id>/start/",
        admin.site.admin_view(importing.start),
        name="console-account-import-start",
    ),
    path(
        IMPORTS + "<slug:draft_id>/discard/",
        admin.site.admin_view(importing.discard),
        name="console-account-import-discard",
    ),
    path(
        IMPORTS + "<slug:draft_id>/rejected.csv",
        admin.site.admin_view(importing.rejected),
        name="console-account-import-rejected",
    ),
    path(
        "accounts/account/export/",
        admin.site.admin_view(exports.export),
        name="console-account-export",
    ),
    path(
        "<slug:app>/<slug:model>/filters/",
        admin.site.admin_view(saving.save),
        name="console-filter-save",
    ),
    path(
        "<slug:app>/<slug:model>/filters/<int:pk>/forget/",
        admin.site.admin_view(saving.forget),
        name="console-filter-forget",
    ),
]
