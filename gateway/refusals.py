"""Which refused requests get a record: a flood of them must not fill the table."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

MINUTE_S = 60.0
EACH_PER_MIN = 6
ALL_PER_MIN = 30


class RefusalBudget:
    """At most a few a minute from one origin, and of all origins together.

    Holds no more origins than it lets through, whatever the flood.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._counts: dict[str, int] = {}
        self._let_through = 0
        self._unrecorded = 0

    def worth_recording(self, origin: str) -> bool:
        if self._clock() >= self._until:
            self._begin_minute()
        count = self._counts.get(origin, 0)
        if count >= EACH_PER_MIN or self._let_through >= ALL_PER_MIN:
            self._unrecorded += 1
            return False
        self._counts[origin] = count + 1
        self._let_through += 1
        return True

    def _begin_minute(self) -> None:
        if self._unrecorded:
            logger.warning("%d refused requests have no record.", self._unrecorded)
        self._until = self._clock() + MINUTE_S
        self._counts.clear()
        self._let_through = self._unrecorded = 0
