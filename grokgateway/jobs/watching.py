"""Progress of jobs for whoever watches: one look at the rows for a whole process.

The rows are the truth, whichever process does the work. A watcher is told a job's state
first and its changes after that, always the latest counters: one that reads slowly
misses numbers in between and costs no memory.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from grokgateway.jobs import batches, figures
from grokgateway.jobs.models import BatchItem, BatchJob, BatchState, ItemState

logger = logging.getLogger(__name__)

LOOK_S = 0.25  # while a job runs: four times a second at most
IDLE_S = 1.0
CLOSE_S = 2.0
FAILURES_TOLD = 20
LAST = {
    BatchState.DONE: "done",
    BatchState.CANCELLED: "cancelled",
    BatchState.ERROR: "error",
}
Frame = dict[str, object]


@dataclass(slots=True)
class Seen:
    """One job as the last look found it; `seq` counts its changes in this process."""

    job: BatchJob
    seq: int = 1
    failures: list[Frame] = field(default_factory=list)  # since the look before

    def differs(self, job: BatchJob) -> bool:
        return mark(self.job) != mark(job)


@dataclass(slots=True, eq=False)
class Watcher:
    """What one person watches and has yet to be told, the latest state of each job."""

    by: str
    ids: set[str] = field(default_factory=set)
    mine: bool = False
    told: dict[str, int] = field(default_factory=dict)  # job -> seq
    failures: dict[str, int] = field(default_factory=dict)  # job -> how many were told
    states: dict[str, Frame] = field(default_factory=dict)
    failed: list[Frame] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def wants(self, job: BatchJob) -> bool:
        own = self.mine and job.started_by == self.by
        return own or job.public_id in self.ids

    def take(self) -> list[Frame]:
        """All there is to tell, and forget it."""
        frames = [*self.failed, *self.states.values()]
        self.states, self.failed = {}, []
        self.news.clear()
        return frames


class Hub:
    """All watchers of a process, on one event loop."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self._seen: dict[str, Seen] = {}
        self._task: asyncio.Task[None] | None = None
        self._due = asyncio.Event()
        self._left = asyncio.Event()

    def join(self, by: str) -> Watcher:
        watcher = Watcher(by)
        self.watchers.add(watcher)
        if self._task is None or self._task.done():
            self._due = asyncio.Event()
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._look_on(), name="jobs watched")
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)
        self._left.set()
        if not self.watchers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._seen.clear()

    def ask(self, watcher: Watcher, ids: Iterable[str], *, mine: bool) -> None:
        """Watch these too; each is told from its state on, also when asked again."""
        asked = set(ids)
        watcher.ids |= asked
        watcher.mine = watcher.mine or mine
        for public_id in [*asked, *(watcher.told if mine else ())]:
            watcher.told.pop(public_id, None)
        self._due.set()

    async def close(self) -> None:
        """The process ends: every watcher is to look elsewhere, and has time to go."""
        for watcher in self.watchers:
            watcher.closed = True
            watcher.news.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                while self.watchers:
                    await self._left.wait()
                    self._left.clear()

    async def _look_on(self) -> None:
        while True:
            self._due.clear()
            try:
                await self.look()
            except DatabaseError as error:
                logger.warning("jobs cannot be looked at: %s", error)
            running = any(s.job.status in batches.OPEN for s in self._seen.values())
            if running:
                await asyncio.sleep(LOOK_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._due.wait()

    async def look(self) -> None:
        """See what has changed and tell those who watch."""
        ids = {public_id for watcher in self.watchers for public_id in watcher.ids}
        before = {public_id: seen.job for public_id, seen in self._seen.items()}
        found, failures = await sync_to_async(read)(ids, before)
        for job in found:
            self._note(job, failures.get(job.public_id, []))
        now = timezone.now()
        for seen in self._seen.values():
            state = figures.state(seen.job, now)
            for watcher in self.watchers:
                if watcher.wants(seen.job):
                    tell(watcher, seen, state)
            seen.failures = []
        watched = ids & {job.public_id for job in found}
        self._seen = {
            public_id: seen
            for public_id, seen in self._seen.items()
            if public_id in watched or seen.job.status in batches.OPEN
        }

    def _note(self, job: BatchJob, failures: list[Frame]) -> None:
        seen = self._seen.get(job.public_id)
        if seen is None:
            self._seen[job.public_id] = Seen(job)
            return
        seen.failures = failures
        if seen.differs(job):
            seen.seq += 1
        seen.job = job


@dataclass(slots=True)
class Home:
    hub: Hub


HOME = Home(Hub())


def current() -> Hub:
    return HOME.hub


def mark(job: BatchJob) -> tuple[object, ...]:
    counted = (job.total, job.processed, job.ok, job.fail)
    return (*counted, job.status, job.cancel_requested, job.warning)


def tell(watcher: Watcher, seen: Seen, state: Frame) -> None:
    public_id = seen.job.public_id
    last = watcher.told.get(public_id)
    if last == seen.seq:
        return
    if last is not None:
        tell_failures(watcher, seen)
    waiting = watcher.states.get(public_id)
    first = last is None or (waiting is not None and waiting["type"] == "snapshot")
    ended = LAST.get(BatchState(seen.job.status))
    kind = "snapshot" if first else ended or "progress"
    watcher.states[public_id] = {"type": kind, "seq": seen.seq, **state}
    watcher.told[public_id] = seen.seq
    watcher.news.set()


def tell_failures(watcher: Watcher, seen: Seen) -> None:
    public_id = seen.job.public_id
    told = watcher.failures.get(public_id, 0)
    new = seen.failures[: FAILURES_TOLD - told]
    watcher.failures[public_id] = told + len(new)
    watcher.failed += new


def read(
    ids: set[str], before: dict[str, BatchJob]
) -> tuple[list[BatchJob], dict[str, list[Frame]]]:
    """Open and asked-for jobs, with the first failures since they were looked at."""
    try:
        wanted = Q(status__in=batches.OPEN) | Q(public_id__in=ids | set(before))
        found = list(BatchJob.objects.filter(wanted).defer("params"))
        failures = {}
        for job in found:
            was = before.get(job.public_id)
            if was is not None and job.fail > was.fail:
                failures[job.public_id] = failed_since(job, was.processed)
        return found, failures
    finally:
        close_old_connections()


def failed_since(job: BatchJob, number: int) -> list[Frame]:
    items = BatchItem.objects.filter(
        job_id=job.pk, number__gt=number, state=ItemState.FAILED
    )
    return [
        {
            "type": "item_failed",
            "task_id": job.public_id,
            "item": item.label or item.target,
            "id": item.target,
            "error": item.error,
        }
        for item in items.order_by("number")[:FAILURES_TOLD]
    ]
