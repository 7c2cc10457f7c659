"""Runs tasks and their schedules inside this process until told to stop."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor

from taskiq import (
    AsyncBroker,
    InMemoryBroker,
    ScheduledTask,
    ScheduleSource,
    TaskiqScheduler,
)
from taskiq.api import run_scheduler_task
from taskiq.exceptions import SendTaskError
from taskiq.receiver import Receiver
from taskiq.schedule_sources import LabelScheduleSource

logger = logging.getLogger(__name__)
MAX_TASKS = 50
SYNC_THREADS = 4
RETRY_S = 5.0


async def run(
    broker: AsyncBroker,
    stopping: asyncio.Event,
    *,
    scheduling: bool = True,
    drain_s: float = 20.0,
) -> None:
    """Serve the broker; after `stopping`, running tasks get `drain_s` to finish.

    Every process that schedules sends every scheduled task: across processes only one
    may be started with `scheduling`.
    """
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(schedule(broker)) if scheduling else None
        if isinstance(broker, InMemoryBroker):
            await broker.startup()
            await stopping.wait()
        else:
            await receive(broker, stopping, drain_s)
        if ticking is not None:
            ticking.cancel()
    if isinstance(broker, InMemoryBroker):
        await drain(broker, drain_s)
    await broker.shutdown()


async def hear(broker: AsyncBroker, stopping: asyncio.Event) -> None:
    """Serve a broker whose tasks are short, until `stopping` or cancelled."""
    try:
        await run(broker, stopping, scheduling=False, drain_s=1.0)
    finally:
        await broker.shutdown()


class Sender(TaskiqScheduler):
    """Says once that a broker is away, not once a task."""

    away = False

    async def on_ready(self, source: ScheduleSource, task: ScheduledTask) -> None:
        try:
            await super().on_ready(source, task)
        except SendTaskError as error:
            if not self.away:
                cause = error.__cause__ or error
                logger.warning("Tasks cannot be sent: %s", type(cause).__name__)
            self.away = True
        else:
            self.away = False


async def schedule(broker: AsyncBroker) -> None:
    """Send tasks by the schedule in their labels; survive a broker that is away."""
    scheduler = Sender(broker, [LabelScheduleSource(broker)])
    while True:
        try:
            await run_scheduler_task(scheduler)
        except Exception:
            logger.exception("The scheduler failed and starts again.")
        await asyncio.sleep(RETRY_S)


async def receive(broker: AsyncBroker, stopping: asyncio.Event, drain_s: float) -> None:
    broker.is_worker_process = True
    with ThreadPoolExecutor(SYNC_THREADS, "jobs") as executor:
        while not stopping.is_set():
            try:
                await broker.startup()
                receiver = Receiver(
                    broker,
                    executor,
                    run_startup=False,
                    max_async_tasks=MAX_TASKS,
                    wait_tasks_timeout=drain_s,
                )
                await receiver.listen(stopping)
            except Exception:
                logger.exception("Jobs cannot be received; trying again.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), RETRY_S)


async def drain(broker: InMemoryBroker, drain_s: float) -> None:
    finishing = asyncio.ensure_future(broker.wait_all())
    await asyncio.wait({finishing}, timeout=drain_s)
    if not finishing.done():
        logger.warning("Jobs still ran after %g s; they were left.", drain_s)
