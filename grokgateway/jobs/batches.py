"""Batch jobs as rows: made, claimed, worked off, cancelled; all synchronous.

The rows are the truth. A worker owns a job while its lease runs; whoever finds a lease
that has run out goes on with the items that are still waiting.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from grokgateway.jobs.models import BatchItem, BatchJob, BatchState, ItemState

LEASE = timedelta(seconds=30)
NEGLECTED = timedelta(seconds=60)
INSERT_ROWS = 1000
OPEN = (BatchState.WAITING, BatchState.RUNNING)
ENDED = (BatchState.DONE, BatchState.CANCELLED, BatchState.ERROR)
TEXT_MAX_CHARS = 500
SCOPE_MAX_CHARS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """`label` is what people may see of it."""

    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item; an `error` means that it failed."""

    item_id: int
    result: Mapping[str, object] = field(default_factory=dict)
    error: str = ""


class LeaseLost(Exception):
    """Another worker has taken the job over; what was not saved is its affair."""


def create(
    kind: str,
    targets: Iterable[Target],
    *,
    params: Mapping[str, object] | None = None,
    by: str = "",
    concurrency: int = 50,
    scope: str = "",
    retry_of: BatchJob | None = None,
) -> BatchJob:
    """A job that waits for a worker; each target is taken once.

    `scope` says in words which things these are.
    """
    unique = {target.id: target for target in targets}
    with transaction.atomic():
        job = BatchJob.objects.create(
            public_id=secrets.token_hex(16),
            kind=kind,
            params=dict(params or {}),
            scope=scope[:SCOPE_MAX_CHARS],
            started_by=by[:150],
            retry_of=retry_of,
            total=len(unique),
            concurrency=concurrency,
            created_at=timezone.now(),
        )
        rows = (BatchItem(job=job, target=t.id, label=t.label) for t in unique.values())
        while chunk := list(islice(rows, INSERT_ROWS)):
            BatchItem.objects.bulk_create(chunk)
    return job


def claim(owner: str, kinds: Iterable[str], now: datetime) -> BatchJob | None:
    """The oldest job nobody is at, if there is one."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    found = BatchJob.objects.filter(free, status__in=OPEN, kind__in=list(kinds))
    for job_id in found.order_by("id").values_list("pk", flat=True)[:8]:
        taken = BatchJob.objects.filter(free, pk=job_id, status__in=OPEN).update(
            owner=owner,
            lease_until=now + LEASE,
            status=BatchState.RUNNING,
            started_at=Coalesce("started_at", Value(now, DateTimeField())),
        )
        if taken:
            return BatchJob.objects.get(pk=job_id)
    return None


def neglected(now: datetime) -> bool:
    """Whether a job waits that any worker would have taken long ago."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    waiting = BatchJob.objects.filter(free, status__in=OPEN)
    return waiting.filter(created_at__lt=now - NEGLECTED).exists()


def renew(job_id: int, owner: str, now: datetime) -> bool:
    """Lengthen the lease; returns whether cancelling is asked for. `LeaseLost`."""
    held = BatchJob.objects.filter(pk=job_id, owner=owner, status=BatchState.RUNNING)
    if not held.update(lease_until=now + LEASE):
        raise LeaseLost
    return held.filter(cancel_requested=True).exists()


def waiting(job_id: int, after_id: int, limit: int) -> list[BatchItem]:
    items = BatchItem.objects.filter(
        job_id=job_id, state=ItemState.WAITING, pk__gt=after_id
    )
    return list(items.order_by("pk")[:limit])


@transaction.atomic
def save(job_id: int, owner: str, outcomes: Sequence[Outcome]) -> None:
    """Write results and counters together; raises `LeaseLost` and writes nothing."""
    job = BatchJob.objects.select_for_update().get(pk=job_id)
    if job.owner != owner or job.status != BatchState.RUNNING:
        raise LeaseLost
    items = BatchItem.objects.in_bulk([outcome.item_id for outcome in outcomes])
    changed = []
    for outcome in outcomes:
        item = items[outcome.item_id]
        if item.state != ItemState.WAITING:
            continue
        job.processed += 1
        item.number = job.processed
        item.result = dict(outcome.result)
        item.error = outcome.error[:TEXT_MAX_CHARS]
        item.state = ItemState.FAILED if outcome.error else ItemState.OK
        job.ok += not outcome.error
        job.fail += bool(outcome.error)
        changed.append(item)
    BatchItem.objects.bulk_update(changed, ["number", "result", "error", "state"])
    job.save(update_fields=["processed", "ok", "fail"])


@transaction.atomic
def finish(job_id: int, owner: str, now: datetime, error: str = "") -> None:
    """The worker is through, was told to stop, or cannot go on."""
    job = BatchJob.objects.select_for_update().get(pk=job_id)
    if job.owner != owner:
        raise LeaseLost
    left = job.items.filter(state=ItemState.WAITING)
    if error:
        job.status, job.error = BatchState.ERROR, error[:TEXT_MAX_CHARS]
    elif left.exists():
        job.status = BatchState.CANCELLED
    else:
        job.status = BatchState.DONE
    left.update(state=ItemState.SKIPPED)
    job.owner, job.lease_until, job.finished_at = "", None, now
    job.save()


def put_back(job_id: int, owner: str) -> None:
    """A worker that stops early: the next one need not wait for the lease to end."""
    BatchJob.objects.filter(pk=job_id, owner=owner).update(owner="", lease_until=None)


def cancel(public_id: str, now: datetime) -> bool:
    """Ask for the end; items under way finish. False if it has ended already."""
    with transaction.atomic():
        asked = BatchJob.objects.filter(public_id=public_id, status__in=OPEN)
        if not asked.update(cancel_requested=True):
            return False
        idle = asked.filter(status=BatchState.WAITING)
        for job in idle.select_for_update():
            job.items.update(state=ItemState.SKIPPED)
            job.status, job.finished_at = BatchState.CANCELLED, now
            job.save()
    return True


def purge(before: datetime) -> int:
    """Delete jobs that ended before this, with their items; returns how many jobs."""
    old = BatchJob.objects.exclude(status__in=OPEN).filter(finished_at__lt=before)
    ids = list(old.values_list("pk", flat=True)[:100])
    BatchItem.objects.filter(job_id__in=ids).delete()
    return BatchJob.objects.filter(pk__in=ids).delete()[0]


def warn(job_id: int, warning: str) -> None:
    BatchJob.objects.filter(pk=job_id, warning="").update(warning=warning[:500])


def counters(public_id: str) -> BatchJob | None:
    return BatchJob.objects.filter(public_id=public_id).first()


def processed_since(job_id: int, number: int, limit: int = 500) -> list[BatchItem]:
    """Items in the order in which they were processed."""
    items = BatchItem.objects.filter(job_id=job_id, number__gt=number)
    return list(items.order_by("number")[:limit])
