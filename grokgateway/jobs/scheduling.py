"""Sends, over the Redis stream, word that it is time to look for work.

One process at a time sends, by lease; any process that takes jobs hears it. The word
says nothing but that: the tables are the truth, so one that is lost or comes twice
changes nothing, and whoever takes jobs looks now and then unasked.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections
from taskiq import AsyncBroker

from grokgateway.jobs import leadership, runner
from grokgateway.jobs.leadership import Lease

logger = logging.getLogger(__name__)
LEADER = "scheduler"
LIFE = timedelta(seconds=30)
RENEW_S = 5.0
EVERY_S: Mapping[str, int] = {"batches": 1, "videos": 1}
UNASKED_S = 15.0  # between two looks of a process that hears of work


def register(broker: AsyncBroker, wake: Mapping[str, Callable[[], None]]) -> None:
    """What hearing of each kind of work does here; nothing in a mere scheduler."""
    for name, every_s in EVERY_S.items():
        broker.register_task(
            hearing(wake.get(name)),
            task_name=f"jobs.{name}",
            schedule=[{"interval": every_s}],
        )


def hearing(wake: Callable[[], None] | None) -> Callable[[], object]:
    async def heard() -> None:
        if wake is not None:
            wake()

    return heard


class Bell:
    """Lets a loop sleep until there is word of work, or it looks unasked."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, limit_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._rung.wait()
        self._rung.clear()


async def lead(broker: AsyncBroker) -> None:
    """For ever: send while the lease is ours, stop as soon as it may be another's."""
    lease: Lease | None = None
    sending: asyncio.Task[None] | None = None
    try:
        while True:
            lease = await sync_to_async(kept)(lease)
            if lease is None and sending is not None:
                sending.cancel()
                sending = None
            elif lease is not None and sending is None:
                logger.info("This process sends word of work from now on.")
                sending = asyncio.create_task(runner.schedule(broker))
            await asyncio.sleep(RENEW_S)
    finally:
        if sending is not None:
            sending.cancel()
        if lease is not None:
            await asyncio.shield(sync_to_async(given_back)(lease))


def kept(lease: Lease | None) -> Lease | None:
    """The lease for another while, if it is still ours or has become free."""
    try:
        if lease is not None and leadership.renew(lease, life=LIFE):
            return lease
        return leadership.claim(LEADER, life=LIFE)
    except Error as error:
        logger.warning("The scheduler's lease is unknown: %s", type(error).__name__)
        return None
    finally:
        close_old_connections()


def given_back(lease: Lease) -> None:
    try:
        leadership.release(lease)
    except Error as error:
        logger.warning("The scheduler's lease runs out: %s", type(error).__name__)
    finally:
        close_old_connections()
