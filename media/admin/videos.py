"""Console pages of video jobs."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from media import jobs
from media.admin.previews import preview_of
from media.models import VideoJob

if TYPE_CHECKING:
    JobPages = admin.ModelAdmin[VideoJob]
else:
    JobPages = admin.ModelAdmin


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
    actions = ["cancel", "retry"]

    @admin.display(description=_("preview"))
    def preview(self, job: VideoJob) -> str:
        return preview_of(job.asset)

    @admin.action(description=_("Cancel"), permissions=["delete"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[VideoJob]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = jobs.cancel(VideoJob.objects.filter(pk__in=ids), timezone.now())
        text = ngettext("%d job cancelled.", "%d jobs cancelled.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    @admin.action(description=_("Make failed ones again"), permissions=["delete"])
    def retry(self, request: HttpRequest, chosen: QuerySet[VideoJob]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = jobs.retry(VideoJob.objects.filter(pk__in=ids))
        text = ngettext("%d job waits again.", "%d jobs wait again.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: VideoJob | None = None
    ) -> bool:
        return False
