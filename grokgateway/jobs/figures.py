"""What a job's row tells beside its columns: what is left, how fast, until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchItem, BatchJob, ItemState

SETTLING = timedelta(seconds=1)  # before that a rate would be a guess
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Figures:
    """`rate` is items a second, `eta_s` seconds to go; None where nobody can know."""

    left: int
    skipped: int
    rate: float | None
    eta_s: int | None


def figures(job: BatchJob, now: datetime) -> Figures:
    rest = max(0, job.total - job.processed)
    rate = rate_of(job, now)
    if job.status in batches.ENDED:
        return Figures(0, rest, rate, None)
    return Figures(rest, 0, rate, round(rest / rate) if rate else None)


def rate_of(job: BatchJob, now: datetime) -> float | None:
    if job.started_at is None or not job.processed:
        return None
    took = (job.finished_at or now) - job.started_at
    if took < SETTLING and job.finished_at is None:
        return None
    return round(job.processed / max(took.total_seconds(), 0.001), 2)


def state(job: BatchJob, now: datetime) -> Json:
    """The counters under the names of the batch stream (accounts.md 9.1), and ours."""
    found = figures(job, now)
    return {
        "task_id": job.public_id,
        "kind": job.kind,
        "started_by": job.started_by,
        "status": job.status,
        "total": job.total,
        "processed": job.processed,
        "ok": job.ok,
        "fail": job.fail,
        "skipped": found.skipped,
        "left": found.left,
        "rate": found.rate,
        "eta_s": found.eta_s,
        "stopping": job.cancel_requested and job.status in batches.OPEN,
        "warning": job.warning or None,
        "error": job.error or None,
    }


def errors(job: BatchJob, limit: int = 20) -> list[tuple[str, int]]:
    """What items failed of and how many each time, the most frequent first."""
    failed = BatchItem.objects.filter(job=job, state=ItemState.FAILED)
    grouped = failed.values_list("error").annotate(count=Count("pk"))
    return list(grouped.order_by("-count", "error")[:limit])
