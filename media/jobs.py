"""Video jobs as rows: claimed, renewed, ended; every step is one conditional update.

The row is the truth: a worker acts on a job only while the row bears its claim. What
a job does upstream is its worker's affair. All functions query the database.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from media.models import Asset, State, VideoJob

LEASE = timedelta(seconds=90)  # renewed every few seconds
NEGLECTED = timedelta(seconds=60)
WORKER_CHARS = 12
TOKEN_CHARS = 32
ERROR_MAX_CHARS = 500
CANCELLED = "cancelled"
OPEN = (State.QUEUED, State.IN_PROGRESS)
FREE: Mapping[str, object] = {"claim_token": "", "lease_until": None}


class ClaimLost(Exception):
    """The job was cancelled, deleted, or taken over; its worker must let it be."""


def nobody(_worker: str) -> bool:
    return False


def claim(
    now: datetime, worker: str = "", gone: Callable[[str], bool] = nobody
) -> VideoJob | None:
    """The oldest job that waits, or whose worker has died, now this worker's.

    A job that comes from a dead worker has `sent_at` set if upstream was asked: then
    it may only go on from its `posts`, or fail as interrupted. `gone` knows of workers
    that have died before their lease is over; names have `WORKER_CHARS`.
    """
    ready = Q(lease_until=None) | Q(lease_until__lte=now)
    free = Q(status=State.QUEUED) & ready
    free |= Q(status=State.IN_PROGRESS, lease_until__lte=now)
    if left := orphaned(gone):
        free |= Q(status=State.IN_PROGRESS, claim_token__in=left)
    waiting = VideoJob.objects.filter(free).order_by("id")
    token = (worker + secrets.token_hex(16))[:TOKEN_CHARS]
    for job_id in waiting.values_list("pk", flat=True)[:8]:
        taken = VideoJob.objects.filter(free, pk=job_id).update(
            status=State.IN_PROGRESS,
            claim_token=token,
            lease_until=now + LEASE,
            attempt=F("attempt") + 1,
            progress=Greatest("progress", 1),
        )
        if taken:
            VideoJob.objects.filter(pk=job_id, started_at=None).update(started_at=now)
            return VideoJob.objects.get(pk=job_id)
    return None


def neglected(now: datetime) -> bool:
    """Whether a job waits that any worker would have taken long ago."""
    waiting = VideoJob.objects.filter(status=State.QUEUED, lease_until=None)
    return waiting.filter(created_at__lt=now - NEGLECTED).exists()


def orphaned(gone: Callable[[str], bool]) -> list[str]:
    """The claims of workers that have died."""
    running = VideoJob.objects.filter(status=State.IN_PROGRESS)
    tokens = running.values_list("claim_token", flat=True)
    return [token for token in tokens if gone(token[:WORKER_CHARS])]


def claimed(job: VideoJob) -> QuerySet[VideoJob]:
    return VideoJob.objects.filter(
        pk=job.pk, claim_token=job.claim_token, status=State.IN_PROGRESS
    )


def change(job: VideoJob, **values: object) -> None:
    """Write to the row of a claim and to the object; raises ClaimLost."""
    if not claimed(job).update(**values):
        raise ClaimLost(job.public_id)
    job.refresh_from_db()


def renew(job: VideoJob, now: datetime, progress: int = 0) -> None:
    """Lengthen the claim and tell how far it is; progress never falls."""
    change(
        job,
        lease_until=now + LEASE,
        progress=Greatest("progress", min(max(progress, 0), 99)),
    )


def mark_sent(job: VideoJob, account: str, now: datetime) -> None:
    """Note that upstream is about to be asked; from here on nothing is repeated."""
    change(job, account=account, sent_at=now)


def add_post(job: VideoJob, post: Mapping[str, object]) -> None:
    """Note a finished segment, from which another worker could go on.

    It bears the time of its call, so that one under way can be told from it.
    """
    sent_at = job.sent_at.isoformat() if job.sent_at else ""
    change(job, posts=[*job.posts, {**post, "sent_at": sent_at}])


def is_in_flight(job: VideoJob) -> bool:
    """Whether upstream was asked for a segment that is not among the posts."""
    if job.sent_at is None:
        return False
    return not job.posts or job.posts[-1].get("sent_at") != job.sent_at.isoformat()


def unmark_sent(job: VideoJob) -> None:
    """Upstream provably began nothing: another account may be asked."""
    change(job, sent_at=None)


def let_go(job: VideoJob, now: datetime) -> None:
    """A worker that stops early: the next one need not wait for the lease to end."""
    if not claimed(job).filter(sent_at=None).update(status=State.QUEUED, **FREE):
        claimed(job).update(lease_until=now)


def postpone(job: VideoJob, until: datetime) -> None:
    """Let it wait until then, as if never claimed; only before it was sent."""
    unsent = claimed(job).filter(sent_at=None)
    if not unsent.update(
        status=State.QUEUED,
        claim_token="",
        lease_until=until,
        attempt=F("attempt") - 1,
    ):
        raise ClaimLost(job.public_id)


def give_back(job: VideoJob) -> None:
    """Let it wait again, for another account or worker; only before it was sent."""
    if not claimed(job).filter(sent_at=None).update(status=State.QUEUED, **FREE):
        raise ClaimLost(job.public_id)


def complete(
    job: VideoJob,
    asset: Asset,
    now: datetime,
    expires_at: datetime,
    thumbnail: Asset | None = None,
) -> None:
    change(
        job,
        status=State.COMPLETED,
        progress=100,
        asset=asset,
        thumbnail=thumbnail,
        completed_at=now,
        expires_at=expires_at,
        **FREE,
    )


def names(asset: Asset) -> bool:
    """Whether some job has this file."""
    return VideoJob.objects.filter(asset=asset).exists()


def fail(job: VideoJob, code: str, message: str, now: datetime) -> None:
    change(
        job,
        status=State.FAILED,
        error_code=code,
        error_message=message[:ERROR_MAX_CHARS],
        completed_at=now,
        **FREE,
    )


def cancel(jobs: QuerySet[VideoJob], now: datetime) -> int:
    """End jobs that are still open; their workers find their claims lost."""
    return jobs.filter(status__in=OPEN).update(
        status=State.FAILED,
        error_code=CANCELLED,
        error_message="The job was cancelled.",
        completed_at=now,
        **FREE,
    )


def retry(jobs: QuerySet[VideoJob]) -> int:
    """Let failed jobs begin anew, which upstream may count anew."""
    return jobs.filter(status=State.FAILED).update(
        status=State.QUEUED,
        progress=0,
        error_code="",
        error_message="",
        account="",
        attempt=0,
        sent_at=None,
        posts=[],
        started_at=None,
        completed_at=None,
        **FREE,
    )


def queued_count() -> int:
    """Jobs that wait for a worker; compare with `video.queue_limit`."""
    return VideoJob.objects.filter(status=State.QUEUED).count()
