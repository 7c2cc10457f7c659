"""Write-behind: rows wait in memory and reach the database in batches, off the request.

Rows of one sink are written in order. A sink that fails keeps its rows for the next
flush, so it must itself drop a row that can never be stored.
"""

import asyncio
import functools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections

logger = logging.getLogger(__name__)
LIMIT_ROWS = 20_000
BATCH_ROWS = 500
COMPLAINT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Sink:
    """Where rows of one kind go; `write` runs in a thread and may be called again.

    Rows that weigh much have a limit of their own below that of the outbox.
    """

    name: str
    write: Callable[[Sequence[Any]], None]  # Any: each app knows its own row type
    limit_rows: int | None = None


@dataclass(slots=True)
class Queue:
    """The rows of one sink; only one flush at a time takes from it."""

    limit_rows: int
    rows: deque[object] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)
    dropped: int = 0
    reported: int = 0
    complained_at: float = float("-inf")

    def put(self, row: object) -> None:
        with self.lock:
            self.rows.append(row)
            self.trim()

    def take(self, count: int) -> list[object]:
        with self.lock:
            return [self.rows.popleft() for _ in range(min(count, len(self.rows)))]

    def put_back(self, batch: list[object]) -> None:
        with self.lock:
            self.rows.extendleft(reversed(batch))
            self.trim()

    def trim(self) -> None:
        while len(self.rows) > self.limit_rows:
            self.rows.popleft()
            self.dropped += 1


class Outbox:
    def __init__(
        self,
        limit_rows: int = LIMIT_ROWS,
        batch_rows: int = BATCH_ROWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit_rows = limit_rows
        self._batch_rows = batch_rows
        self._clock = clock
        self._queues: dict[Sink, Queue] = {}
        self._writing = threading.Lock()
        self._executor = ThreadPoolExecutor(1, "outbox")

    def put(self, sink: Sink, row: object) -> None:
        """Take the row at once; a full queue loses its oldest row, which is counted."""
        queue = self._queues.get(sink)
        if queue is None:
            limit_rows = sink.limit_rows or self._limit_rows
            queue = self._queues.setdefault(sink, Queue(limit_rows))
        queue.put(row)

    @property
    def waiting(self) -> int:
        return sum(len(queue.rows) for queue in tuple(self._queues.values()))

    @property
    def dropped(self) -> int:
        return sum(queue.dropped for queue in tuple(self._queues.values()))

    async def flush(self) -> bool:
        """Write what was put so far, in the one thread that belongs to this outbox.

        Tells whether all of it is stored.
        """
        if self.waiting or self._writing.locked():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._flush_and_close)
        return True

    def flush_sync(self) -> bool:
        """Write what was put so far, in the calling thread."""
        with self._writing:
            queues = tuple(self._queues.items())
            stored = [self._drain(sink, queue) for sink, queue in queues]
        return all(stored)

    def _flush_and_close(self) -> bool:
        close_old_connections()
        try:
            return self.flush_sync()
        finally:
            close_old_connections()

    def _drain(self, sink: Sink, queue: Queue) -> bool:
        left = len(queue.rows)
        while left > 0:
            batch = queue.take(min(left, self._batch_rows))
            if not batch:
                break
            left -= len(batch)
            try:
                sink.write(batch)
            except Exception:  # noqa: BLE001 - the outermost edge: rows are kept
                queue.put_back(batch)
                self._complain(sink, queue, failed=True)
                return False
        if queue.dropped > queue.reported:
            self._complain(sink, queue, failed=False)
        return True

    def _complain(self, sink: Sink, queue: Queue, *, failed: bool) -> None:
        """Log once a minute a sink, with the error being handled if there is one."""
        if self._clock() - queue.complained_at < COMPLAINT_EVERY_S:
            return
        queue.complained_at = self._clock()
        lost, queue.reported = queue.dropped - queue.reported, queue.dropped
        logger.error(
            "Outbox %s: %s; %d rows wait, %d lost since the last such line.",
            sink.name,
            "writing failed and will be tried again" if failed else "rows were lost",
            len(queue.rows),
            lost,
            exc_info=failed,
        )


def current() -> Outbox:
    """Return this process's outbox; a forked child starts with an empty one."""
    return of_process(os.getpid())


@functools.lru_cache(maxsize=1)
def of_process(_pid: int) -> Outbox:
    return Outbox()
