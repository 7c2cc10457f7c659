"""How the interpreter behaves in a serving process: short pauses, memory given back."""

import ctypes
import gc
import sys
from collections.abc import Callable

SWITCH_INTERVAL_S = 0.0001
GC_THRESHOLDS = (10_000, 20, 50)


def settle() -> None:
    """Call once all is loaded: what is loaded stays, and threads yield within 0.1 ms.

    Without this a full collection walks every account, and a thread that writes records
    holds the interpreter for 5 ms at a time while a first token waits.
    """
    give_back()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_INTERVAL_S)


class Tide:
    """Gives memory back to the system once a flood of requests is over."""

    def __init__(self, open_requests: Callable[[], int], flood: int = 100) -> None:
        self._open_requests = open_requests
        self._flood = flood
        self._high = 0

    async def ebb(self) -> None:
        """Called now and then; acts when a high tide has become a low one."""
        now_open = self._open_requests()
        self._high = max(self._high, now_open)
        if self._high >= self._flood and now_open <= self._high // 10:
            self._high = now_open
            give_back()


def give_back() -> None:
    """Free cycles, then let the C allocator return whole pages where it can (glibc)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
