"""Files that accounts keep at upstream: the walk over the accounts and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Page, Paginator
from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import selectors
from accounts.credentials import masked
from accounts.models import Account
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchItem, BatchJob

COUNT, CLEAR = "assets", "cache-clear"
LIMITS = {
    COUNT: "batch.asset_list_concurrency",
    CLEAR: "batch.asset_delete_concurrency",
}
VIEW = "accounts.view_account"
RUN = "accounts.run_jobs"
ASKABLE = ("active", "cooling")
PER_PAGE = 50
SAMPLES = 10
MOST_CHOSEN = 1000
LOOK_AGAIN_S = 5
LOOK_BACK = 50
ALL = "all"
ONLY = {
    ALL: Q(number__gt=0),
    "with_files": Q(result__count__gt=0),
    "failed": ~Q(error=""),
}
CHOICES = {
    ALL: _("All"),
    "with_files": _("With files"),
    "failed": _("Not answered"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One account of the last walk, which may be gone by now."""

    target: str
    name: str
    count: int
    size_bytes: int
    error: str


@dataclass(frozen=True, slots=True)
class Found:
    """The last walk that has ended; sums are over all of its accounts."""

    job: BatchJob
    at: datetime | None
    files: int
    size_bytes: int
    lines: Sequence[Line]
    page: Page[BatchItem]
    only: str
    choices: Sequence[tuple[str, Promise, int]]
    may_clear: bool


def latest(request: HttpRequest) -> tuple[BatchJob | None, BatchJob | None]:
    """The job that is at work, and the last walk that has ended."""
    if not request.user.has_perm(VIEW):
        return None, None
    jobs = list(BatchJob.objects.filter(kind__in=LIMITS)[:LOOK_BACK])
    running = (job for job in jobs if job.status in batches.OPEN)
    walks = (job for job in jobs if job.kind == COUNT)
    ended = (job for job in walks if job.status not in batches.OPEN)
    return next(running, None), next(ended, None)


def result(request: HttpRequest, job: BatchJob) -> Found:
    only = request.GET.get("only", "")
    asked = job.items.exclude(number=0)
    sums = asked.aggregate(
        files=summed("count"),
        size=summed("size_bytes"),
        **{name: Count("pk", filter=rule) for name, rule in ONLY.items()},
    )
    only = only if only in ONLY else ALL
    paginator = Paginator(asked.filter(ONLY[only]).order_by("number"), PER_PAGE)
    paginator.count = sums[only]
    page = paginator.get_page(request.GET.get("page"))
    return Found(
        job=job,
        at=job.finished_at,
        files=sums["files"] or 0,
        size_bytes=sums["size"] or 0,
        lines=lines_of(list(page)),
        page=page,
        only=only,
        choices=[(name, CHOICES[name], sums[name]) for name in ONLY],
        may_clear=request.user.has_perm(RUN),
    )


def summed(name: str) -> Sum:
    return Sum(Cast(KeyTextTransform(name, "result"), BigIntegerField()))


def lines_of(rows: Sequence[BatchItem]) -> list[Line]:
    return [
        Line(
            target=row.target,
            name=row.label or row.target,
            count=int(row.result.get("count", 0)),
            size_bytes=int(row.result.get("size_bytes", 0)),
            error=row.error,
        )
        for row in rows
    ]


@require_POST
@permission_required(RUN, raise_exception=True)
def walk(request: HttpRequest) -> HttpResponse:
    """Ask every account that can be asked; one walk at a time is enough."""
    running = BatchJob.objects.filter(kind=COUNT, status__in=batches.OPEN).first()
    if running is not None:
        told = gettext("The accounts are being asked already.")
        messages.warning(request, leading(told, running))
        return back()
    found = selectors.live((), ASKABLE)
    if not found.exists():
        messages.warning(request, gettext("There is no account that can be asked."))
        return back()
    return begun(request, COUNT, found)


@require_POST
@permission_required(RUN, raise_exception=True)
def clear(request: HttpRequest) -> HttpResponse:
    """Say what would go and ask; then a job deletes all files of these accounts."""
    chosen = request.POST.getlist("account")[:MOST_CHOSEN]
    accounts = Account.objects.filter(public_id__in=chosen, deleted_at=None)
    count = accounts.count()
    if not count:
        messages.warning(request, gettext("Choose at least one account."))
        return back()
    if request.POST.get("sure"):
        return begun(request, CLEAR, accounts)
    context = {
        **admin.site.each_context(request),
        "title": _("Delete files at upstream"),
        "count": count,
        "accounts": [one.public_id for one in accounts],
        "samples": [(one, masked(one)) for one in accounts[:SAMPLES]],
        "more": max(0, count - SAMPLES),
    }
    return TemplateResponse(request, "console/storage/clear.html", context)


def begun(request: HttpRequest, kind: str, found: QuerySet[Account]) -> HttpResponse:
    by = request.user.get_username()
    job = batches.create(
        kind,
        (Target(one.public_id, masked(one)) for one in found.iterator()),
        params={"by": by},
        by=by,
        concurrency=config.current().number(LIMITS[kind]),
    )
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(BatchJob),
        object_id=str(job.pk),
        object_repr=f"{kind}: {job.total}",
        action_flag=CHANGE,
        change_message=f"job {job.public_id}",
    )
    told = ngettext(
        "A job for %d account was started.",
        "A job for %d accounts was started.",
        job.total,
    )
    messages.success(request, leading(told % job.total, job))
    return back()


def leading(told: str, job: BatchJob) -> str:
    where = reverse("admin:jobs_batchjob_change", args=[job.pk])
    return format_html('{} <a href="{}">{}</a>', told, where, gettext("Follow it"))


def back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:cache") + "#online")
