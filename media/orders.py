"""Video jobs as their callers know them: made, found, listed, removed.

A job belongs to the key that made it; to others it does not exist. All functions query
the database.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from media import jobs
from media.models import Asset, VideoJob

PUBLIC_ID = re.compile(r"video_[0-9A-Za-z_-]{1,34}")
KEY_LIFE = timedelta(hours=24)


class QueueFull(Exception):
    """As many jobs wait as may."""


class KeyReused(Exception):
    """The idempotency key has made another job than the one that is asked for."""


class UnknownJob(Exception):
    """There is no such job for this owner."""


@dataclass(frozen=True, slots=True)
class Page:
    jobs: Sequence[VideoJob]
    has_more: bool


def repeated(owner: str, key: str, request_hash: str, now: datetime) -> VideoJob | None:
    """The job that the idempotency key has made; raises KeyReused.

    A key is forgotten after `KEY_LIFE`.
    """
    known = VideoJob.objects.filter(owner=owner, idempotency_key=key)
    known.filter(created_at__lt=now - KEY_LIFE).update(idempotency_key=None)
    job = known.first()
    if job is not None and job.request_hash != request_hash:
        raise KeyReused
    return job


def add(job: VideoJob, queue_limit: int, now: datetime) -> VideoJob:
    """Store it, or return the one that its key has made meanwhile.

    Raises QueueFull, KeyReused.
    """
    refuse_when_full(queue_limit)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        key = job.idempotency_key
        known = key and repeated(job.owner, key, job.request_hash, now)
        if not known:
            raise
        return known
    return job


def refuse_when_full(queue_limit: int) -> None:
    if jobs.queued_count() >= queue_limit:
        raise QueueFull


def visible(owner: str, now: datetime) -> QuerySet[VideoJob]:
    kept = Q(expires_at=None) | Q(expires_at__gt=now)
    return VideoJob.objects.filter(kept, owner=owner)


def find(owner: str, public_id: str, now: datetime) -> VideoJob:
    """With its files. Raises UnknownJob."""
    found = visible(owner, now).filter(public_id=public_id)
    job = found.select_related("asset", "thumbnail").first()
    if job is None:
        raise UnknownJob
    return job


def page(
    owner: str, after: str, limit: int, now: datetime, *, newest_first: bool
) -> Page:
    """Those behind `after`, in the order in which they were made; raises UnknownJob."""
    rows = visible(owner, now)
    if after:
        last = find(owner, after, now)
        rows = (
            rows.filter(pk__lt=last.pk) if newest_first else rows.filter(pk__gt=last.pk)
        )
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    return Page(found[:limit], has_more=len(found) > limit)


def remove(owner: str, public_id: str, now: datetime) -> list[Asset]:
    """Delete it, which ends its work; returns its files, which go next.

    Raises UnknownJob.
    """
    job = find(owner, public_id, now)
    inputs = Asset.objects.filter(public_id__in=job.inputs)
    files = [one for one in (job.asset, job.thumbnail, *inputs) if one is not None]
    job.delete()
    return files
