"""What this process has in hand of a key's limits, where several processes share them.

Of requests at once and of those within a minute a process holds places, which are free
again in time; of a day it holds units, which are gone once they are spent and stored.
"""

from typing import NamedTuple

from gateway.errors import GatewayError
from gateway.keys.cards import Limits

OPEN = "open"
MINUTE = "minute"
REQUESTS = "requests"
TOKENS = "tokens"
DAILY = frozenset({REQUESTS, TOKENS})
NO_DAY = 0


class Want(NamedTuple):
    """What a process keeps of a limit, and how many more it could use at once."""

    kind: str
    limit: int
    day: int
    keep: int
    units: int


class Got(NamedTuple):
    """More units; what the others hold, and what is stored as used of the day."""

    units: int = 0
    others: int = 0
    used: int = 0


class Short(Exception):
    """Nothing free in hand; `refusal` is the answer if the store has nothing either."""

    def __init__(self, refusal: GatewayError, *, others: bool) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.others = others


class Hand:
    """Of one key; `lowest` is what was free all the time since the last settling."""

    __slots__ = ("_day", "_held", "_lowest", "_seen", "full")

    def __init__(self) -> None:
        self._day = NO_DAY
        self._held: dict[str, int] = {}
        self._lowest: dict[str, int] = {}
        self._seen: dict[str, Got] = {}
        self.full: tuple[Limits, int] | None = None  # all there was, and when

    def free(self, kind: str, busy: int) -> int:
        return self._held.get(kind, 0) - busy

    def seen(self, kind: str) -> Got:
        return self._seen.get(kind, Got())

    def turn_to(self, day: int) -> None:
        """Units of another day are worth nothing today."""
        if day != self._day:
            self._day = day
            for kind in DAILY:
                self._held.pop(kind, None)
                self._lowest.pop(kind, None)
                self._seen.pop(kind, None)

    def touched(self, kind: str, busy: int) -> None:
        free = self.free(kind, busy)
        self._lowest[kind] = min(self._lowest.get(kind, free), free)

    def settle(self, kind: str, busy: int, *, give: bool, give_all: bool) -> int:
        """Let go of what was idle, or of all that is free now; returns how much."""
        held = self._held.get(kind, 0)
        idle = max(0, held - busy)
        if not give_all:
            idle = max(0, min(idle, self._lowest.get(kind, 0))) if give else 0
        kept = max(held - idle, busy)
        self._held[kind] = kept
        self._lowest[kind] = kept - busy
        return idle

    def held(self, kind: str) -> int:
        return self._held.get(kind, 0)

    def take(self, kind: str, day: int, got: Got) -> None:
        if day in {NO_DAY, self._day}:
            self._held[kind] = self._held.get(kind, 0) + got.units
            self._seen[kind] = got

    def stored(self, kind: str, day: int, count: int) -> None:
        """That many units were spent, and the tables say so now."""
        if day == self._day and kind in self._held:
            self._held[kind] = max(0, self._held[kind] - count)
