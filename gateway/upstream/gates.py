"""So many at once and no more, by a limit that may change while some wait."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """First come, first served. Belongs to one event loop.

    Each entry brings the limit that holds from then on, so that a changed setting
    counts at once.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._limit = 1
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def entered(self, limit: int) -> AsyncIterator[None]:
        await self._enter(limit)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, limit: int) -> None:
        self._limit = limit
        self._admit()
        if self._inside < limit:  # then nobody waits
            self._inside += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # let in at the moment of leaving
                self._leave()
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < self._limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._inside += 1
                waiter.set_result(None)
