"""Works batch jobs off: one job at a time per call, many of its items at once."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from grokgateway.jobs import batches
from grokgateway.jobs.batches import LeaseLost, Outcome
from grokgateway.jobs.leadership import new_owner
from grokgateway.jobs.models import BatchItem, BatchJob

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 0.3
RENEW_EVERY_S = 1.0  # which is also how soon a cancellation is seen
PAGE_ITEMS = 200

P = ParamSpec("P")
R = TypeVar("R")
Result = Mapping[str, object]
Params = Mapping[str, object]
Work = Callable[[str, Params], Awaitable[Result]]


class ItemFailed(Exception):
    """The item could not be done; the message is for people and holds no secret."""


@dataclass(slots=True)
class Progress:
    """What is known of a job under way and not yet written."""

    job: BatchJob
    owner: str
    finished: list[Outcome] = field(default_factory=list)
    stopping: bool = False


async def run_one(works: Mapping[str, Work]) -> bool:
    """Take a job that waits, if there is one, and work it off.

    When the process ends in between, the job goes back for another one.
    """
    owner = new_owner()
    job = await stored(batches.claim)(owner, works, timezone.now())
    if job is None:
        return False
    progress = Progress(job, owner, stopping=job.cancel_requested)
    try:
        await work_off(progress, works[job.kind])
        await stored(batches.finish)(job.pk, owner, timezone.now())
    except LeaseLost:
        logger.warning("Job %s was taken over by another worker.", job.public_id)
    except asyncio.CancelledError:
        await asyncio.shield(leave(progress))
        raise
    return True


async def work_off(progress: Progress, work: Work) -> None:
    """Raises `LeaseLost`; then items under way are cut."""
    ended = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(keep(progress, ended))
            await do_items(progress, work)
            ended.set()
    except ExceptionGroup as failures:
        if failures.subgroup(LeaseLost):
            raise LeaseLost from failures
        raise


async def do_items(progress: Progress, work: Work) -> None:
    job = progress.job
    limit = asyncio.Semaphore(max(1, job.concurrency))
    last = 0
    async with asyncio.TaskGroup() as items:
        while page := await stored(batches.waiting)(job.pk, last, PAGE_ITEMS):
            last = page[-1].pk
            for item in page:
                await limit.acquire()
                if progress.stopping:
                    return
                task = items.create_task(one(progress, item, work))
                task.add_done_callback(lambda _: limit.release())


async def one(progress: Progress, item: BatchItem, work: Work) -> None:
    try:
        result = await work(item.target, progress.job.params)
        outcome = Outcome(item.pk, result)
    except ItemFailed as failure:
        outcome = Outcome(item.pk, error=str(failure) or "failed")
    except Exception:
        logger.exception("An item of job %s failed.", progress.job.public_id)
        outcome = Outcome(item.pk, error="failed; see the gateway's log")
    progress.finished.append(outcome)


async def keep(progress: Progress, ended: asyncio.Event) -> None:
    """Write results in batches, hold the lease, notice that the end is asked for."""
    renewed = time.monotonic()
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), SAVE_EVERY_S)
        await write(progress)
        if time.monotonic() - renewed >= RENEW_EVERY_S:
            renewed = time.monotonic()
            progress.stopping = await stored(batches.renew)(
                progress.job.pk, progress.owner, timezone.now()
            )
    await write(progress)


async def write(progress: Progress) -> None:
    finished, progress.finished = progress.finished, []
    if finished:
        await stored(batches.save)(progress.job.pk, progress.owner, finished)


async def leave(progress: Progress) -> None:
    with contextlib.suppress(LeaseLost):
        await write(progress)
        await stored(batches.put_back)(progress.job.pk, progress.owner)


def stored(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a function of `batches` in a thread; no connection outlives the step."""

    def step(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return sync_to_async(step)
