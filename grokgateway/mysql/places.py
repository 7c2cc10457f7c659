"""How many connections a process may have at once.

A connection gives its place back when it is closed or forgotten: a thread that ends
closes nothing.
"""

import functools
import os
import threading
import time
import weakref
from collections.abc import Callable

from grokgateway.dsn import Pool


class Full(Exception):
    """No place became free in time."""


class Places:
    """At most `kept` lie idle, so that there is always one for who comes."""

    def __init__(self, count: int, kept: int, timeout_s: float) -> None:
        self._free = count
        self._count = count
        self._kept = min(kept, count - 1)
        self._timeout_s = timeout_s
        self._waiting = 0
        self._changed = threading.Condition()

    @property
    def crowded(self) -> bool:
        """Whether a connection should be closed that lies idle from now on."""
        return self._waiting > 0 or self._count - self._free > self._kept

    def take(self) -> None:
        """Wait for a place; raises `Full`."""
        ends_at = time.monotonic() + self._timeout_s
        with self._changed:
            self._waiting += 1
            try:
                while not self._free:
                    left_s = ends_at - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        raise Full(
                            f"all {self._count} connections of this process are in use"
                        )
                self._free -= 1
            finally:
                self._waiting -= 1

    def give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify()

    def occupied_by(self, connection: object) -> Callable[[], object]:
        """The place taken is this connection's; what is returned gives it back once."""
        return weakref.finalize(connection, self.give_back)


def of_process(pool: Pool) -> Places:
    return kept((os.getpid(), pool))


@functools.lru_cache(maxsize=2)
def kept(_for: tuple[int, Pool]) -> Places:
    _, pool = _for
    return Places(pool.size + pool.overflow, pool.size, pool.timeout_s)
