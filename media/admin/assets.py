"""Console pages of kept files: found by what made them, removed with an undo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from media import removals
from media.admin import gallery
from media.admin.filters import (
    AccountFilter,
    KeyFilter,
    PresenceFilter,
    SizeFilter,
    TypeFilter,
)
from media.admin.previews import preview_of
from media.models import Asset
from media.removals import Removed

if TYPE_CHECKING:
    AssetPages = admin.ModelAdmin[Asset]
else:
    AssetPages = admin.ModelAdmin

KEY_CHARS = 8
UNDO, THUMBNAIL = "media_asset_undo", "media_asset_thumbnail"
FIELDS = (
    "preview",
    "public_id",
    "kind",
    "name",
    "mime",
    "shown_size",
    "source",
    "model",
    "account",
    "owner",
    "created_at",
    "last_access_at",
    "protected_until",
    "expires_at",
    "removed_at",
    "pinned",
)


@admin.register(Asset)
class AssetAdmin(AssetPages):
    """A list in two views: a table, and a gallery of the same rows."""

    change_list_template = "admin/media/asset/change_list.html"
    list_display = [
        "small",
        "public_id",
        "kind",
        "shown_size",
        "source",
        "model",
        "of_account",
        "of_key",
        "created_at",
        "pinned",
        "deeds",
    ]
    list_display_links = ["public_id"]
    sortable_by = ["shown_size", "model", "of_account", "of_key", "created_at"]
    list_filter = [
        PresenceFilter,
        "kind",
        "model",
        AccountFilter,
        KeyFilter,
        "created_at",
        SizeFilter,
        "source",
        TypeFilter,
        "pinned",
    ]
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    search_fields = ["public_id", "=account", "=owner", "=model", "=sha256"]
    search_help_text = _("Part of an id; a whole account, key, model or SHA-256.")
    ordering = ["-created_at", "-id"]
    fields = FIELDS
    readonly_fields = tuple(name for name in FIELDS if name != "pinned")
    actions = ["take_out", "bring_back", "pin", "unpin"]

    @admin.display(description=_("preview"))
    def preview(self, asset: Asset) -> str:
        return preview_of(asset)

    @admin.display(description=_("preview"))
    def small(self, asset: Asset) -> str:
        return gallery.small(asset)

    @admin.display(description=_("file"))
    def deeds(self, asset: Asset) -> str:
        return gallery.deeds(asset)

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, asset: Asset) -> str:
        return filesizeformat(asset.size)

    @admin.display(description=_("account"), ordering="account")
    def of_account(self, asset: Asset) -> str:
        return filtering("account", asset.account, asset.account)

    @admin.display(description=_("key"), ordering="owner")
    def of_key(self, asset: Asset) -> str:
        return filtering("owner", asset.owner, asset.owner[:KEY_CHARS])

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        pictures = guarded(self.thumbnail_view, cacheable=True)
        return [
            path("undo/<str:removal>/", guarded(self.undo_view), name=UNDO),
            path("thumbnail/<int:pk>/", pictures, name=THUMBNAIL),
            *super().get_urls(),
        ]

    def thumbnail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return gallery.picture(get_object_or_404(Asset, pk=pk))

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # Any: Django's own signature
    ) -> HttpResponse:
        view = gallery.chosen(request)
        context = {"view": view, "views": gallery.NAMES, **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_actions(
        self, request: HttpRequest
    ) -> dict[str, Any]:  # Any: Django's own tuples
        """Without the one that lists every object before it deletes for good."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(
        description=_("Delete (can be undone for ten minutes)"), permissions=["delete"]
    )
    def take_out(self, request: HttpRequest, chosen: QuerySet[Asset]) -> None:
        ids = list(chosen.order_by("pk").values_list("pk", flat=True))
        done = removals.remove(ids, timezone.now())
        self.tell(request, done)
        note(request, done)

    @admin.action(description=_("Bring back"), permissions=["delete"])
    def bring_back(self, request: HttpRequest, chosen: QuerySet[Asset]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = removals.bring_back(Asset.objects.filter(pk__in=ids))
        self.tell_back(request, count)

    @admin.action(
        description=_("Pin: never remove to make room"), permissions=["change"]
    )
    def pin(self, request: HttpRequest, chosen: QuerySet[Asset]) -> None:
        Asset.objects.filter(pk__in=list(pks(chosen))).update(pinned=True)

    @admin.action(description=_("Unpin"), permissions=["change"])
    def unpin(self, request: HttpRequest, chosen: QuerySet[Asset]) -> None:
        Asset.objects.filter(pk__in=list(pks(chosen))).update(pinned=False)

    def delete_model(self, request: HttpRequest, obj: Asset) -> None:
        self.tell(request, removals.remove([obj.pk], timezone.now()))

    def undo_view(self, request: HttpRequest, removal: str) -> HttpResponse:
        """Ask, then bring back what was removed together."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self.tell_back(request, removals.undo(removal))
            return HttpResponseRedirect(reverse("admin:media_asset_changelist"))
        context: Mapping[str, object] = {
            **self.admin_site.each_context(request),
            "title": _("Bring files back"),
            "opts": self.opts,
            "count": Asset.objects.filter(removal=removal).count(),
        }
        return TemplateResponse(request, "admin/media/asset/undo.html", dict(context))

    def tell(self, request: HttpRequest, done: Removed) -> None:
        text = ngettext("%d file was removed.", "%d files were removed.", done.count)
        told = text % done.count
        if done.undo:
            where = reverse("admin:media_asset_undo", args=[done.undo])
            told = format_html('{} <a href="{}">{}</a>', told, where, _("Undo"))
        self.message_user(request, told, messages.SUCCESS)

    def tell_back(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%d file is back.", "%d files are back.", count) % count
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text, level)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


def pks(chosen: QuerySet[Asset]) -> "QuerySet[Asset, int]":
    return chosen.values_list("pk", flat=True)


def filtering(name: str, value: str, shown: str) -> str:
    """A value that leads to the list of all that has it."""
    if not value:
        return ""
    return format_html('<a href="?{}">{}</a>', urlencode({name: value}), shown)


def note(request: HttpRequest, done: Removed) -> None:
    if done.count:
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(Asset),
            object_repr=f"{done.count} files",
            action_flag=DELETION,
            change_message=f"{done.count} removed; undo {done.undo}",
        )
