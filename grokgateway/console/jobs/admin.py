"""The list and the page of batch jobs: how far, what failed, stop, try again."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Account, ImportDraft
from grokgateway import moments
from grokgateway.console.jobs import items, words
from grokgateway.jobs import batches, figures, retries
from grokgateway.jobs.models import BatchJob

if TYPE_CHECKING:
    JobPages = admin.ModelAdmin[BatchJob]
else:
    JobPages = admin.ModelAdmin

CHANGELIST = "admin:jobs_batchjob_changelist"


class KindFilter(admin.SimpleListFilter):
    title = _("work")
    parameter_name = "kind"

    # Any: Django's own signature
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - likewise
        return [(kind, str(name)) for kind, name in words.KINDS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[BatchJob]
    ) -> QuerySet[BatchJob]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(BatchJob)
class BatchJobAdmin(JobPages):
    list_display = [
        "work",
        "scope",
        "started_by",
        "asked",
        "state",
        "bar",
        "counts",
    ]
    list_filter = ["status", KindFilter]
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    search_fields = ["public_id", "started_by", "scope"]
    search_help_text = _("job id, who started it, or its scope")
    ordering = ["-id"]
    actions = ["cancel"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        by_id = path(
            "by-id/<slug:public_id>/", wrap(self.by_id), name="jobs_batchjob_by_id"
        )
        own = [
            path(f"<int:pk>/{name}/", wrap(view), name=f"jobs_batchjob_{name}")
            for name, view in (("cancel", self.cancel_view), ("retry", self.retry_view))
        ]
        return [by_id, *own, *super().get_urls()]

    def by_id(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """The page of the job that scripts know by its public id."""
        if not words.may_see(request.user):
            raise PermissionDenied
        job = batches.counters(public_id)
        if job is None:
            raise Http404
        return to_page(job)

    @admin.display(description=_("work"), ordering="kind")
    def work(self, job: BatchJob) -> str:
        return str(words.title(job))

    @admin.display(description=_("created"), ordering="created_at")
    def asked(self, job: BatchJob) -> str:
        return moments.moment(job.created_at)

    @admin.display(description=_("state"), ordering="status")
    def state(self, job: BatchJob) -> SafeString:
        return live(job, "state", words.state_badge(job))

    @admin.display(description=_("progress"))
    def bar(self, job: BatchJob) -> SafeString:
        pace = live(job, "pace", words.pace(job, timezone.now()))
        return format_html("{}{}", live(job, "bar", bar(job)), pace)

    @admin.display(description=_("ok / failed / skipped / left"))
    def counts(self, job: BatchJob) -> SafeString:
        found = figures.figures(job, timezone.now())
        counts = (job.ok, job.fail, found.skipped, found.left)
        return live(job, "counts", " / ".join(map(words.number, counts)))

    # Any: Django's own signature
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One job, read only; what can be done with it are forms of their own."""
        if not words.may_see(request.user):
            raise PermissionDenied
        job = self.job_of(object_id)
        context = {
            **self.admin_site.each_context(request),
            **page_of(job, request),
            "opts": self.opts,
        }
        return TemplateResponse(request, "console/jobs/job.html", context)

    def job_of(self, pk: str | int) -> BatchJob:
        found = BatchJob.objects.select_related("retry_of")
        job = found.filter(pk=pk).first() if str(pk).isdecimal() else None
        if job is None:
            raise Http404
        return job

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self.job_of(pk)
        if not words.may_run(request.user):
            raise PermissionDenied
        if request.method == "POST":
            self.stop(request, job)
        return to_page(job)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self.job_of(pk)
        if not words.may_repeat(request.user, job):
            raise PermissionDenied
        if request.method != "POST":
            return to_page(job)
        try:
            again = retries.again(job, request.user.get_username())
        except retries.NothingToRetry:
            told = _("Nothing to try again: nothing failed, or the job still runs.")
            self.message_user(request, told, messages.WARNING)
            return to_page(job)
        text = ngettext(
            "%d failed item is tried again.",
            "%d failed items are tried again.",
            again.total,
        )
        self.message_user(request, text % again.total, messages.SUCCESS)
        return to_page(again)

    @admin.action(description=_("Cancel"), permissions=["run"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[BatchJob]) -> None:
        for job in jobs:
            self.stop(request, job)

    def stop(self, request: HttpRequest, job: BatchJob) -> None:
        if batches.cancel(job.public_id, timezone.now()):
            told = _("“%s” is being stopped; what has begun is finished.")
            self.message_user(request, told % words.title(job), messages.SUCCESS)
        else:
            told = _("“%s” had ended already.")
            self.message_user(request, told % words.title(job), messages.WARNING)

    def has_run_permission(self, request: HttpRequest) -> bool:
        return words.may_run(request.user)

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


def page_of(job: BatchJob, request: HttpRequest) -> dict[str, object]:
    """What the page of one job shows."""
    now = timezone.now()
    found = figures.figures(job, now)
    asked = items.Asked.of(request.GET)
    errors = figures.errors(job) if job.fail else []
    running = job.status in batches.OPEN
    draft = ImportDraft.objects.filter(public_id=job.params.get("draft", "")).first()
    return {
        "title": words.title(job),
        "job": job,
        "running": running,
        "state": words.state_badge(job),
        "figures": found,
        "bar_max": max(1, job.total),
        "pace": words.pace(job, now),
        "retries": list(job.retries.order_by("pk")),
        "can_cancel": running and words.may_run(request.user),
        "can_retry": not running and job.fail and words.may_repeat(request.user, job),
        "draft": draft,
        "account": account_of(job),
        "asked": asked,
        "items": items.shown(job, asked),
        "states": items.states(job, asked, found.left, found.skipped),
        "errors": items.error_choices(errors, asked),
        "lists_accounts": job.kind not in words.OTHER_ITEMS and may_list(request),
        "errors_reset": asked.query(error="", q="", state=""),
    }


def may_list(request: HttpRequest) -> bool:
    return request.user.has_perm("accounts.view_account")


def account_of(job: BatchJob) -> Account | None:
    """Whose files a job deletes, where it is about one account's."""
    named = job.params.get("account", "")
    return Account.objects.filter(public_id=named).first() if named else None


def bar(job: BatchJob) -> SafeString:
    done = f"{words.number(job.processed)} / {words.number(job.total)}"
    text = '<progress value="{}" max="{}" aria-label="{}"></progress><span>{}</span>'
    return format_html(text, job.processed, max(1, job.total), _("progress"), done)


def live(job: BatchJob, part: str, shown: object) -> SafeString:
    """A value that the page's script keeps up to date while the job runs."""
    attributes = '<span class="job-{}" data-job="{}" data-job-part="{}">{}</span>'
    if job.status not in batches.OPEN:
        attributes = '<span class="job-{}">{}</span>'
        return format_html(attributes, part, shown)
    return format_html(attributes, part, job.public_id, part, shown)


def to_page(job: BatchJob) -> HttpResponse:
    where = reverse("admin:jobs_batchjob_change", args=[job.pk])
    return HttpResponseRedirect(where)
