"""One account in memory, and its windows with their places on shelves."""

import math
from dataclasses import replace
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from accounts.quotas import Window
from accounts.rows import AccountRow, WindowRow

if TYPE_CHECKING:
    from accounts.ready import Shelf

HALF_LIFE_S = 600.0
FORGOTTEN_RATE = 1 / 64
NEVER_FAILED = -math.inf
FAILED_RANK = 1e11
UNUSED_RANK = 1e-6
AWAY = -1


@lru_cache(maxsize=1024)
def shared(tags: frozenset[str]) -> frozenset[str]:
    """One object for all accounts with the same tags."""
    return tags


class Stock(Window):
    """A window that knows its account and its place on the shelf."""

    __slots__ = ("entry", "place", "shelf")

    def __init__(self, row: WindowRow, entry: "Entry", shelf: "Shelf") -> None:
        super().__init__(row)
        self.entry = entry
        self.shelf = shelf
        self.place = AWAY


class Entry:
    """One account in memory; `row` is its standing, the rest changes with each use."""

    __slots__ = ("_fault", "id", "inflight", "last_use_at", "row", "windows")

    def __init__(self, row: AccountRow) -> None:
        self.id = row.id
        self.windows: tuple[Stock, ...] = ()
        self.inflight = 0
        self.last_use_at = row.last_use_at
        self._fault = NEVER_FAILED
        self.adopt(row)

    def adopt(self, row: AccountRow) -> None:
        """Take a standing as stored; windows are merged apart from it."""
        self.last_use_at = max(self.last_use_at, row.last_use_at)
        self.row = replace(
            row,
            windows=(),
            tags=shared(row.tags),
            pool=intern(row.pool),
            node=intern(row.node),
            status=intern(row.status),
        )

    def window(self, mode: str) -> Stock | None:
        for stock in self.windows:
            if stock.plan.mode == mode:
                return stock
        return None

    def stored_form(self) -> AccountRow:
        windows = tuple(stock.row() for stock in self.windows)
        return replace(self.row, windows=windows, last_use_at=self.last_use_at)

    def fail_rate(self, now: float) -> float:
        """Recent failures, halved every ten minutes."""
        return math.exp2(self._fault - now / HALF_LIFE_S)

    def failed(self, now: float) -> None:
        """Add a failure; its logarithm is kept, whose order time does not change."""
        self._fault = math.log2(self.fail_rate(now) + 1.0) + now / HALF_LIFE_S

    def used(self, now: float) -> None:
        self.last_use_at = now
        if self._fault != NEVER_FAILED and self.fail_rate(now) < FORGOTTEN_RATE:
            self._fault = NEVER_FAILED

    def rank(self) -> float:
        """Smaller is better: recent failures, then last use, then (unused) the id."""
        if self._fault != NEVER_FAILED:
            return FAILED_RANK + self._fault
        return self.last_use_at or self.id * UNUSED_RANK
