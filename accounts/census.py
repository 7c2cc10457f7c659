"""How many accounts there are in which state, and what quota is left: for the console.

Counting 100,000 accounts takes longer than a page may, so each process keeps its last
census: it counts anew at once where that is quick, else beside the request that asked.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import close_old_connections
from django.db.models import Case, Count, F, Min, Sum, When

from accounts import selectors
from accounts.models import Pool, QuotaWindow, Status

FRESH = timedelta(seconds=15)
QUICK_S = 0.05
CHOICES_MAX = 50


class Group(NamedTuple):
    """Accounts that have all this in common; `until` is the first end of a cooling."""

    pool: str
    status: str
    reason: str
    number: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ModeLeft:
    """Units of one mode over all active accounts of a pool."""

    mode: str
    remaining: int
    total: int

    @property
    def share(self) -> float:
        return self.remaining / self.total if self.total else 0.0

    @property
    def low(self) -> int:
        """Below this a meter warns: a tenth."""
        return self.total // 10


@dataclass(frozen=True, slots=True)
class PoolCensus:
    """`recovers_at` is when the first cooling account comes back by itself.

    `struck` of the disabled ones were disabled by the gateway, not by an operator.
    """

    pool: str
    counts: Mapping[str, int]
    recovers_at: datetime | None
    modes: tuple[ModeLeft, ...]
    struck: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Census:
    taken_at: datetime
    pools: tuple[PoolCensus, ...]
    reasons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(pool.total for pool in self.pools)

    def count(self, status: str) -> int:
        return sum(pool.counts[status] for pool in self.pools)


def take(now: datetime) -> Census:
    """Count in three queries; accounts in the recycle list are left out."""
    groups = grouped()
    left = units_left(now)
    reasons = {group.reason for group in groups if group.reason}
    return Census(
        now,
        tuple(pool_of(name, groups, left.get(name, ())) for name in Pool.values),
        tuple(sorted(reasons)[:CHOICES_MAX]),
        tags_in_use(),
    )


def grouped() -> list[Group]:
    live = selectors.live().order_by().values_list("pool", "status", "state_reason")
    return [Group(*row) for row in live.annotate(Count("id"), Min("cooling_until"))]


def pool_of(
    name: str, groups: Sequence[Group], modes: tuple[ModeLeft, ...]
) -> PoolCensus:
    own = [group for group in groups if group.pool == name]
    counts = dict.fromkeys(Status.values, 0)
    for group in own:
        counts[group.status] += group.number
    recoveries = [one.until for one in own if one.status == Status.COOLING]
    struck = sum(
        one.number
        for one in own
        if one.status == Status.DISABLED and one.reason != selectors.BY_OPERATOR
    )
    known = [until for until in recoveries if until is not None]
    return PoolCensus(name, counts, min(known, default=None), modes, struck)


def tags_in_use() -> tuple[str, ...]:
    sets = selectors.live().order_by().values_list("tags", flat=True).distinct()
    found = {tag for tags in sets[:CHOICES_MAX] for tag in tags}
    return tuple(sorted(found)[:CHOICES_MAX])


def units_left(now: datetime) -> dict[str, tuple[ModeLeft, ...]]:
    """By pool; a window whose reset has passed is full again."""
    full = Case(When(reset_at__lte=now, then=F("total")), default=F("remaining"))
    windows = QuotaWindow.objects.filter(
        account__deleted_at=None, account__status=Status.ACTIVE, total__gt=0
    )
    grouped = windows.order_by().values_list("account__pool", "mode")
    left: dict[str, tuple[ModeLeft, ...]] = {}
    for pool, mode, remaining, total in grouped.annotate(
        left=Sum(full), of=Sum("total")
    ):
        left[pool] = (*left.get(pool, ()), ModeLeft(mode, remaining, total))
    return left


class Kept:
    """The last census of this process; safe to ask from any thread."""

    def __init__(
        self,
        count: Callable[[datetime], Census] = take,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._census: Census | None = None
        self._took_s = 0.0

    def census(self, now: datetime) -> Census:
        """At most a few seconds old, or somewhat older while it is counted anew."""
        kept = self._census
        if kept is not None and now - kept.taken_at < FRESH:
            return kept
        if kept is None or self._took_s < QUICK_S:
            return self._anew(now)
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._beside, args=(now,), daemon=True).start()
        return kept

    def _anew(self, now: datetime) -> Census:
        began = self._clock()
        census = self._count(now)
        self._census, self._took_s = census, self._clock() - began
        return census

    def _beside(self, now: datetime) -> None:
        try:
            self._anew(now)
        finally:
            close_old_connections()
            self._lock.release()


HOME = Kept()


def kept() -> Census:
    return HOME.census(datetime.now(UTC))
