"""Console pages of kept files, their totals, and video jobs."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from grokgateway import config
from media import formats, index, jobs, links
from media.models import Asset, Kind, Usage, VideoJob
from media.shelves import shelf

if TYPE_CHECKING:
    AssetPages = admin.ModelAdmin[Asset]
    UsagePages = admin.ModelAdmin[Usage]
    JobPages = admin.ModelAdmin[VideoJob]
else:
    AssetPages = UsagePages = JobPages = admin.ModelAdmin

MIB = 1024 * 1024
THUMBNAIL_PX = 64
ASSET_FIELDS = (
    "preview",
    "public_id",
    "kind",
    "name",
    "mime",
    "shown_size",
    "source",
    "account",
    "created_at",
    "last_access_at",
    "protected_until",
    "expires_at",
    "pinned",
)


def preview_of(asset: Asset | None) -> str:
    """A small picture or player, through the route that clients use."""
    if asset is None or asset.mime not in formats.SERVED:
        return ""
    address = links.link(Kind(asset.kind), asset.public_id)
    if asset.kind == Kind.IMAGE:
        return format_html(
            '<a href="{0}"><img src="{0}" alt="{2}" loading="lazy" height="{1}"></a>',
            address,
            THUMBNAIL_PX,
            _("Preview, opens the file"),
        )
    return format_html(
        '<video src="{}" preload="none" controls height="{}"></video>',
        address,
        THUMBNAIL_PX * 2,
    )


@admin.register(Asset)
class AssetAdmin(AssetPages):
    list_display = [
        "preview",
        "public_id",
        "kind",
        "mime",
        "shown_size",
        "source",
        "account",
        "created_at",
        "pinned",
    ]
    list_display_links = ["public_id"]
    list_filter = ["kind", "source", "mime", "pinned"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "account", "sha256"]
    ordering = ["-created_at", "-id"]
    fields = ASSET_FIELDS
    readonly_fields = tuple(name for name in ASSET_FIELDS if name != "pinned")

    @admin.display(description=_("preview"))
    def preview(self, asset: Asset) -> str:
        return preview_of(asset)

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, asset: Asset) -> str:
        return filesizeformat(asset.size)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Asset) -> None:
        index.remove(shelf(Kind(obj.kind)), [obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        for kind in Kind:
            chosen = queryset.filter(kind=kind).values_list("pk", flat=True)
            index.remove(shelf(kind), list(chosen))


@admin.register(Usage)
class UsageAdmin(UsagePages):
    list_display = ["kind", "files", "shown_size", "cap", "share"]
    list_display_links = None

    @admin.display(description=_("size"))
    def shown_size(self, usage: Usage) -> str:
        return filesizeformat(usage.size)

    @admin.display(description=_("limit"))
    def cap(self, usage: Usage) -> str:
        limit = cap_bytes_of(usage)
        return filesizeformat(limit) if limit else str(_("none"))

    @admin.display(description=_("used"))
    def share(self, usage: Usage) -> str:
        limit = cap_bytes_of(usage)
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


def cap_bytes_of(usage: Usage) -> int:
    return config.current().number(f"cache.local.{usage.kind}_max_mb") * MIB


@admin.register(VideoJob)
class VideoJobAdmin(JobPages):
    list_display = [
        "public_id",
        "status",
        "progress",
        "model",
        "seconds",
        "size",
        "account",
        "error_code",
        "created_at",
        "completed_at",
        "preview",
    ]
    list_filter = ["status", "model", "error_code"]
    list_select_related = ["asset"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "account", "owner"]
    ordering = ["-created_at", "-id"]
    actions = ["cancel"]

    @admin.display(description=_("preview"))
    def preview(self, job: VideoJob) -> str:
        return preview_of(job.asset)

    @admin.action(description=_("Cancel"), permissions=["delete"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[VideoJob]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = jobs.cancel(VideoJob.objects.filter(pk__in=ids), timezone.now())
        text = ngettext("%d job cancelled.", "%d jobs cancelled.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: VideoJob | None = None
    ) -> bool:
        return False
