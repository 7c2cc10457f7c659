"""The row of a video job in work: one step at a time, patient with the database."""

import asyncio
import logging
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.db import InterfaceError, OperationalError

from media import threads
from media.models import VideoJob

logger = logging.getLogger(__name__)
TRIES = 24
PAUSE_S = 5.0  # all tries together stay well within the lease of a claim

P = ParamSpec("P")
Step = Callable[Concatenate[VideoJob, P], None]


class Slate:
    def __init__(self, job: VideoJob) -> None:
        self.job = job
        self._writing = asyncio.Lock()

    async def write(self, step: Step[P], *args: P.args, **kwargs: P.kwargs) -> None:
        """One of the steps of `media.jobs`, which may be done twice without harm.

        Raises ClaimLost. While the database is away, what is paid for waits.
        """
        async with self._writing:
            for _ in range(TRIES - 1):
                try:
                    return await threads.disk(step, self.job, *args, **kwargs)
                except (OperationalError, InterfaceError) as error:
                    logger.warning("A video job cannot be written yet: %s", error)
                    await asyncio.sleep(PAUSE_S)
            return await threads.disk(step, self.job, *args, **kwargs)

    async def write_now(self, step: Step[P], *args: P.args, **kwargs: P.kwargs) -> None:
        """The same, tried once."""
        async with self._writing:
            await threads.disk(step, self.job, *args, **kwargs)
