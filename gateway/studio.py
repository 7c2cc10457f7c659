"""Where this process works video jobs off: several at once, the next as soon as told.

Jobs are claimed from the table, so that any process may have made them, and those of a
process that has died are found too: at once where it shares our data directory, else
when its lease runs out.
"""

import asyncio
import contextlib
import logging
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from gateway.shooting import perform
from grokgateway import config
from grokgateway.jobs.presence import Presence
from media import jobs, threads
from media.models import VideoJob

logger = logging.getLogger(__name__)
POLL_S = 1.0
FOLDER = "workers"


class Studio:
    def __init__(self) -> None:
        self._due: asyncio.Event | None = None
        self.busy = 0  # jobs in work
        self.poll_s = POLL_S

    def wake(self) -> None:
        """A job waits: take it at once, if this process takes jobs at all."""
        if self._due is not None:
            self._due.set()

    async def work(self) -> None:
        """Take jobs for ever; those under way are left to others when cancelled."""
        self._due = due = asyncio.Event()
        self.busy = 0
        presence = Presence(Path(settings.DATA_DIR) / FOLDER)
        await threads.disk(presence.begin)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._take_some(group, presence)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self.poll_s):
                            await due.wait()
                    due.clear()
        finally:
            self._due = None
            presence.end()

    async def _take_some(self, group: asyncio.TaskGroup, presence: Presence) -> None:
        """As many as there is room for; a table that cannot be read is read later."""
        try:
            while self.busy < config.current().number("video.max_concurrent"):
                now = timezone.now()
                job = await threads.disk(jobs.claim, now, presence.name, presence.gone)
                if job is None:
                    return
                self.busy += 1
                group.create_task(self._perform(job))
        except DatabaseError:
            logger.exception("No video job could be claimed; trying again.")

    async def _perform(self, job: VideoJob) -> None:
        try:
            await perform(job)
        except Exception:
            logger.exception("Video job %s was left where it was.", job.public_id)
        finally:
            self.busy -= 1
            self.wake()


class Home:
    """Where the process keeps its studio, for whoever makes jobs."""

    def __init__(self) -> None:
        self.studio = Studio()


HOME = Home()


def current() -> Studio:
    return HOME.studio
