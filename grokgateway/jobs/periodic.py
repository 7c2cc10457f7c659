"""Small recurring work inside one process; what must run once a cluster is a task."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    name: str
    interval_s: float
    run: Callable[[], Awaitable[object]]

    def __post_init__(self) -> None:
        if self.interval_s <= 0:
            raise ValueError(f"{self.name}: the interval must be positive.")


async def run_all(periodics: Sequence[Periodic], stopping: asyncio.Event) -> None:
    """Run each at once and then by its interval; `stopping` cancels them all."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(repeat(periodic), name=f"periodic {periodic.name}")
            for periodic in periodics
        ]
        await stopping.wait()
        for task in tasks:
            task.cancel()


async def repeat(periodic: Periodic) -> None:
    """Keep the beat of the first run; a run that takes too long skips beats."""
    clock = asyncio.get_running_loop().time
    due = clock()
    while True:
        await run_guarded(periodic)
        due = max(due + periodic.interval_s, clock())
        await asyncio.sleep(due - clock())


async def run_guarded(periodic: Periodic) -> None:
    try:
        await periodic.run()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        logger.warning("Periodic work %s was cancelled from within.", periodic.name)
    except Exception:
        logger.exception("Periodic work %s failed; it goes on.", periodic.name)
