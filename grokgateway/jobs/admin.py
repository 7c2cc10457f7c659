"""Jobs in the console: how far they are, what failed, and a way to stop them."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchItem, BatchJob

if TYPE_CHECKING:
    JobPages = admin.ModelAdmin[BatchJob]
    ItemPages = admin.ModelAdmin[BatchItem]
else:
    JobPages = ItemPages = admin.ModelAdmin

JOB_FIELDS = (
    "public_id",
    "kind",
    "started_by",
    "status",
    "progress",
    "ok",
    "fail",
    "concurrency",
    "cancel_requested",
    "warning",
    "error",
    "created_at",
    "finished_at",
    "all_items",
)


@admin.register(BatchJob)
class BatchJobAdmin(JobPages):
    list_display = [
        "created_at",
        "kind",
        "started_by",
        "status",
        "progress",
        "ok",
        "fail",
        "finished_at",
    ]
    list_filter = ["kind", "status"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "started_by"]
    ordering = ["-id"]
    fields = JOB_FIELDS
    readonly_fields = JOB_FIELDS
    actions = ["cancel"]

    @admin.display(description=_("progress"))
    def progress(self, job: BatchJob) -> str:
        bar = '<progress value="{}" max="{}">{} / {}</progress> {} / {}'
        done = (job.processed, job.total)
        return format_html(bar, *done, *done, *done)

    @admin.display(description=_("items"))
    def all_items(self, job: BatchJob) -> str:
        where = reverse("admin:jobs_batchitem_changelist")
        link = '<a href="{}?job={}">{}</a> <a href="{}?job={}&state=failed">{}</a>'
        every, failed = _("all items"), _("only those that failed")
        return format_html(link, where, job.pk, every, where, job.pk, failed)

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[BatchJob]) -> None:
        for job in jobs:
            if batches.cancel(job.public_id, timezone.now()):
                told = _("%s is being stopped; what has begun is finished.") % job
                self.message_user(request, told, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


@admin.register(BatchItem)
class BatchItemAdmin(ItemPages):
    list_display = ["target", "label", "job", "state", "error", "result"]
    list_filter = ["state"]
    list_select_related = ["job"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["target", "error"]
    ordering = ["id"]

    def lookup_allowed(
        self, lookup: str, value: object, request: HttpRequest | None = None
    ) -> bool:
        return lookup == "job"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False
