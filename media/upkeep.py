"""Media's housekeeping: in the background, and in one process of the cluster.

A change of a cap is seen within `WATCH_S`. Once an hour, and at every start, folders
are compared with the index and files past the age limit go.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.utils import timezone

from grokgateway.jobs import leadership
from media import index, pruning, removals, threads, truth
from media.incoming import cap_bytes
from media.models import Asset, Kind, State, VideoJob
from media.reconcile import Stopped, reconcile
from media.shelves import shelf

logger = logging.getLogger(__name__)
LEASE = "media upkeep"
LINGER = timedelta(seconds=30)  # processes that start together need not all look
WATCH_S = 15.0
TIDY_S = 3600.0
JOB_LIFE = timedelta(days=7)


async def watch() -> None:
    """Make room where a cap was lowered or an eviction was cut short; end removals."""
    await threads.run(threads.pools().upkeep, look)


async def tidy() -> None:
    """Reconcile and prune; stops between two steps when cancelled."""
    stop = threading.Event()
    try:
        await threads.run(threads.pools().upkeep, tidy_all, stop.is_set)
    finally:
        stop.set()


def look() -> None:
    removals.finish(timezone.now())
    enforce_caps()


def enforce_caps() -> int:
    return sum(index.enforce(shelf(kind), cap_bytes(kind)) for kind in Kind)


def tidy_all(stopped: Stopped = lambda: False) -> None:
    """Do nothing if another process is at it."""
    with leadership.held(LEASE, linger=LINGER) as lease:
        for kind in Kind if lease else ():
            mended = reconcile(shelf(kind), stopped)
            if mended.adopted or mended.lost or mended.parts:
                logger.info("Media index mended: %s", mended)
            if stopped():
                return
            if count := pruning.remove_outdated(shelf(kind), timezone.now()):
                logger.info("%d files of kind %s had outlived their use", count, kind)
            index.enforce(shelf(kind), cap_bytes(kind))


def purge(now: datetime) -> None:
    """Delete old jobs, temporary files at their end, and what is known of results."""
    truth.forget(now)
    VideoJob.objects.filter(
        status__in=[State.COMPLETED, State.FAILED], completed_at__lt=now - JOB_LIFE
    ).delete()
    for kind in Kind:
        over = Asset.objects.filter(kind=kind, expires_at__lte=now)
        index.remove_all(shelf(kind), over)
