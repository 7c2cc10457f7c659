"""One solve for all: calls of a process share a task, processes a lease.

Who waits takes what the winner got, or fails with it; nobody tries again at once.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

from django.db import Error

from gateway.egress import causes, home
from gateway.egress.bundles import Bundle, Place
from gateway.egress.counts import Counted, Measure
from gateway.egress.settings import Settings
from gateway.egress_tables import ClearanceBundle
from gateway.errors import UpstreamFailure
from gateway.exits import clearances
from gateway.exits.queries import apart
from gateway.exits.store import bundle_of
from gateway.upstream import failures, solver
from grokgateway.jobs import leadership
from grokgateway.jobs.leadership import Lease

logger = logging.getLogger(__name__)

LOOK_S = 0.25
LATER = timedelta(seconds=60)  # a lease outlives the longest call of its holder
SLOTS = ("solver 1", "solver 2")
DATABASE_S = 2.0  # before it is asked again
YOUNG_S = 30.0  # one that is refused at this age would be refused again


class SharedSolver:
    """Belongs to a process; its tasks belong to the loop they were begun on."""

    def __init__(self) -> None:
        self._running: dict[
            tuple[str, asyncio.AbstractEventLoop], asyncio.Task[Bundle]
        ] = {}

    async def renew(self, place: Place, seen: int, settings: Settings) -> Bundle:
        """A newer clearance than version `seen`. Raises UpstreamFailure."""
        known = home.current().rows.bundles.get(place.key)
        if known is not None and known.valid and known.version > seen:
            return known
        if known is not None and known.valid and time.time() - known.made_at < YOUNG_S:
            raise unsolved(YOUNG_S)
        loop = asyncio.get_running_loop()
        running = self._running.get((place.key, loop))
        if running is None or running.done():
            running = loop.create_task(self._shared(place, seen, settings))
            running.add_done_callback(self._done)
            self._running[place.key, loop] = running
        return await asyncio.shield(running)

    async def replaced(self, place: Place, seen: int, settings: Settings) -> Bundle:
        """The same for one that was refused: whatever comes, it is used no more.

        Unless it is so young that another would fare no better. Raises UpstreamFailure.
        """
        known = home.current().rows.bundles.get(place.key)
        old = known is not None and time.time() - known.made_at >= YOUNG_S
        if known is not None and known.valid and known.version == seen and old:
            with database_blamed(place):
                await apart(clearances.invalidate, place.key, seen)
        return await self.renew(place, seen, settings)

    def _done(self, task: asyncio.Task[Bundle]) -> None:
        """All that waited may have left; a failure is in the rows anyway."""
        if not task.cancelled():
            task.exception()
        for key in [key for key, one in self._running.items() if one is task]:
            del self._running[key]

    async def _shared(self, place: Place, seen: int, settings: Settings) -> Bundle:
        with database_blamed(place):
            return await self._agreed(place, seen, settings)

    async def _agreed(self, place: Place, seen: int, settings: Settings) -> Bundle:
        life = timedelta(seconds=settings.number("proxy.clearance.timeout_sec")) + LATER
        until = asyncio.get_running_loop().time() + life.total_seconds()
        while asyncio.get_running_loop().time() < until:
            bundle = await answered(place, seen)
            if bundle is not None:
                return bundle
            name = f"clearance:{place.key}"
            lease = await apart(leadership.claim, name, life=life)
            if lease is None:
                await asyncio.sleep(LOOK_S)
                continue
            async with given_back(lease):
                # who held it before may just have solved it
                return await answered(place, seen) or await solved(
                    place, seen, settings, life
                )
        raise unsolved(LOOK_S)


async def answered(place: Place, seen: int) -> Bundle | None:
    """What another process got meanwhile, or its failure."""
    row = await apart(clearances.found, place.key)
    if row is None:
        return None
    if row.valid and row.version > seen and (bundle := bundle_of(row)) is not None:
        clearances.remember(bundle)
        return bundle
    if row.retry_at is not None and row.retry_at > datetime.now(UTC):
        raise unsolved(remaining(row))
    return None


def remaining(row: ClearanceBundle) -> float:
    assert row.retry_at is not None  # noqa: S101 - asked only where it is set
    return (row.retry_at - datetime.now(UTC)).total_seconds()


async def solved(
    place: Place, seen: int, settings: Settings, life: timedelta
) -> Bundle:
    timeout_s = float(settings.number("proxy.clearance.timeout_sec"))
    browser = settings.text("proxy.clearance.browser")
    async with slot(life):
        if late := await answered(place, seen):
            return late  # so long was the wait that another took the lease over
        began = time.monotonic()
        try:
            got = await solver.solve(place, timeout_s)
        except solver.Unsolved as reason:
            count(place, "failed", began)
            retry_at = await apart(clearances.note_failure, place, str(reason))
            logger.warning("No clearance for node %s: %s", place.node.name, reason)
            wait = (retry_at - datetime.now(UTC)).total_seconds()
            raise unsolved(wait) from reason
        count(place, "ok", began)
        bundle = await apart(clearances.keep, place, got, browser)
    logger.info(
        "Clearance %d for node %s solved in %.1f s.",
        bundle.version,
        place.node.name,
        time.monotonic() - began,
    )
    return bundle


@contextmanager
def database_blamed(place: Place) -> Iterator[None]:
    """What the tables do not tell cannot be had; neither node nor account did it."""
    try:
        yield
    except Error as reason:
        name = place.node.name
        logger.warning("No clearance for node %s: the database fails.", name)
        raise unsolved(DATABASE_S) from reason


def count(place: Place, result: str, began: float) -> None:
    counted = Counted(Measure.SOLVE, place.node.name, detail=result)
    home.current().counts.add(counted, time.monotonic() - began)


@asynccontextmanager
async def slot(life: timedelta) -> AsyncIterator[None]:
    """Two solves at a time, whatever the number of processes."""
    while True:
        for name in SLOTS:
            lease = await apart(leadership.claim, name, life=life)
            if lease is not None:
                async with given_back(lease):
                    yield
                return
        await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def given_back(lease: Lease) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.shield(apart(leadership.release, lease))


def unsolved(wait_s: float) -> UpstreamFailure:
    failure = failures.failure(causes.NO_CLEARANCE)
    failure.retry_after_s = max(1, math.ceil(wait_s))
    failure.sent = False
    return failure
