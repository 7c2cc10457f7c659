"""Console page of what the files take."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from media.incoming import cap_bytes
from media.models import Usage

if TYPE_CHECKING:
    UsagePages = admin.ModelAdmin[Usage]
else:
    UsagePages = admin.ModelAdmin


@admin.register(Usage)
class UsageAdmin(UsagePages):
    list_display = ["kind", "files", "shown_size", "cap", "share"]
    list_display_links = None

    @admin.display(description=_("size"))
    def shown_size(self, usage: Usage) -> str:
        return filesizeformat(usage.size)

    @admin.display(description=_("limit"))
    def cap(self, usage: Usage) -> str:
        limit = cap_bytes(usage.kind)
        return filesizeformat(limit) if limit else str(_("none"))

    @admin.display(description=_("used"))
    def share(self, usage: Usage) -> str:
        limit = cap_bytes(usage.kind)
        return f"{100 * usage.size / limit:.1f} %" if limit else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Usage | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Usage | None = None
    ) -> bool:
        return False
