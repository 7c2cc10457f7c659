"""The ready index: per (pool, mode) an array of accounts that can be chosen now.

Adding, removing and drawing cost the same whatever the size. An account that cannot be
chosen for a known time is parked in a heap and comes back when that time has passed.
What a draw compares lies in packed columns beside the array, so that looking at sixteen
accounts out of 100,000 does not touch sixteen objects all over the memory.
"""

import heapq
import math
import random
from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import count

from accounts.entries import AWAY, Entry, Stock
from accounts.rows import AccountRow

__all__ = ["Dry", "Entry", "Shelf", "Stock", "windows_of"]

DRAWS = 16
NEVER = math.inf
COMPARE_ALL_UP_TO = 64
EMPTY_DRAWS = 4
LAID = -2
SPARE_HEAP_ITEMS = 64
TICKET = count()
Parking = tuple[float, int, Stock]  # until when, tie-breaker, who


class Shelf:
    """The accounts of one (pool, mode): ready ones in an array, parked ones by time.

    `usable` counts them all; who is neither ready nor parked nor fallow is busy. Fallow
    are those that must be asked of the shared store first. `numbers` holds the int of
    each place, so that shelves of one directory need not make their own.
    """

    __slots__ = (
        "_heap",
        "_loads",
        "_numbers",
        "_parkings",
        "_ranks",
        "_resets",
        "_since",
        "fallow",
        "ready",
        "usable",
    )

    def __init__(self, numbers: list[int] | None = None) -> None:
        self.ready: list[Stock] = []
        self.fallow: list[Stock] = []  # a stock's place in it is LAID - index
        self.usable = 0
        self._numbers = [] if numbers is None else numbers
        self._parkings: dict[Stock, Parking] = {}
        self._loads = array("f")
        self._ranks = array("d")
        self._resets = array("f")  # from _since on, exact to a second for years
        self._since = 0.0
        self._heap: list[Parking] = []

    @property
    def parked(self) -> int:
        return len(self._parkings)

    @property
    def busy(self) -> int:
        return self.usable - len(self.ready) - len(self.fallow) - self.parked

    def add(self, stock: Stock) -> None:
        """Make ready, or bring up to date what is compared of a ready one."""
        if not self._since:
            self._since = stock.reset_at
        entry, reset_at = stock.entry, stock.reset_at
        # A call in flight outweighs any fraction of quota: half a point at the most.
        load, rank = entry.inflight + stock.used() / 2, entry.rank()
        reset = reset_at - self._since if reset_at else NEVER
        place = stock.place
        if place >= 0:
            self._loads[place], self._ranks[place] = load, rank
            self._resets[place] = reset
            return
        self._leave(stock)
        stock.place = self._number(len(self.ready))
        self.ready.append(stock)
        self._loads.append(load)
        self._ranks.append(rank)
        self._resets.append(reset)

    def remove(self, stock: Stock) -> None:
        """Nowhere, which is busy; the last ready one moves into its place."""
        place = stock.place
        if place < 0:
            self._leave(stock)
            return
        stock.place = AWAY
        last = self.ready.pop()
        columns = (self._loads, self._ranks, self._resets)
        values = [column.pop() for column in columns]
        if last is stock:
            return
        self.ready[place] = last
        last.place = place
        for column, value in zip(columns, values, strict=True):
            column[place] = value

    def lay(self, stock: Stock) -> None:
        """Make fallow."""
        if stock.place <= LAID:
            return
        self.remove(stock)
        stock.place = LAID - len(self.fallow)
        self.fallow.append(stock)

    def lay_all(self) -> None:
        """Make every ready one fallow."""
        for stock in self.ready:
            stock.place = LAID - len(self.fallow)
            self.fallow.append(stock)
        self.ready.clear()
        for column in (self._loads, self._ranks, self._resets):
            del column[:]

    def _leave(self, stock: Stock) -> None:
        """Out of the fallow or the parked."""
        if stock.place == AWAY:
            self._parkings.pop(stock, None)
            return
        place, stock.place = LAID - stock.place, AWAY
        last = self.fallow.pop()
        if last is not stock:
            self.fallow[place] = last
            last.place = LAID - place

    def park(self, stock: Stock, until: float) -> None:
        parking = self._parkings.get(stock)
        if parking and parking[0] == until:
            return
        self.remove(stock)
        parking = self._parkings[stock] = (until, next(TICKET), stock)
        heapq.heappush(self._heap, parking)
        if len(self._heap) > 2 * self.parked + SPARE_HEAP_ITEMS:
            self._heap = list(self._parkings.values())
            heapq.heapify(self._heap)

    def wake(self, now: float) -> Stock | None:
        """Take one whose time has come off the heap; its place is yours to settle."""
        first = self.earliest()
        if first is None or first[0] > now:
            return None
        heapq.heappop(self._heap)
        self.remove(first[2])
        return first[2]

    def earliest(self) -> Parking | None:
        """The parked one that comes back first; what was left over is dropped."""
        heap = self._heap
        while heap:
            if self._parkings.get(heap[0][2]) is heap[0]:
                return heap[0]
            heapq.heappop(heap)
        return None

    def places_of(self, entries: Iterable[Entry | None]) -> set[int]:
        stocks = (stock for entry in entries if entry for stock in entry.windows)
        return {stock.place for stock in stocks if stock.shelf is self}

    def pick(
        self,
        now: float,
        tags: frozenset[str],
        barred: Set[int],
        *,
        by_quota: bool,
        media: str = "",
    ) -> Stock | None:
        """The best of a few drawn at random, of all where there are few.

        `barred` are places not to be taken; nor is who has none left of `media`.
        """
        size = len(self.ready)
        if size > COMPARE_ALL_UP_TO:
            draw = random.random
            for _ in range(EMPTY_DRAWS):
                drawn = [int(draw() * size) for _ in range(DRAWS)]
                supplied = self._supplied(drawn, media, now)
                places = self._admitted(supplied, tags, barred)
                if places:
                    return self._best(places, now, by_quota=by_quota)
        places = self._supplied(range(size), media, now)
        places = self._admitted(places, tags, barred)
        return self._best(places, now, by_quota=by_quota) if places else None

    def _supplied(self, places: Sequence[int], media: str, now: float) -> Sequence[int]:
        """Without those that have none left of this kind of media."""
        if not media:
            return places
        ready = self.ready
        return [p for p in places if ready[p].entry.row.media_until(media) <= now]

    def _admitted(
        self, places: Sequence[int], tags: frozenset[str], barred: Set[int]
    ) -> Sequence[int]:
        """Without the barred; with tags wanted, those that have the most of them."""
        if barred:
            places = [place for place in places if place not in barred]
        if tags and places:
            ready = self.ready
            matches = [len(ready[place].entry.row.tags & tags) for place in places]
            most = max(matches)
            found = zip(places, matches, strict=True)
            places = [place for place, match in found if match == most]
        return places

    def _best(self, places: Sequence[int], now: float, *, by_quota: bool) -> Stock:
        """Free slots, share of quota left, failures, least recently used, lowest id."""
        if not by_quota:
            return self.ready[places[int(random.random() * len(places))]]
        self._renew(places, now)
        loads, ranks = self._loads, self._ranks
        best = places[0]
        least = loads[best]
        for place in places:
            load = loads[place]
            if load < least or (load == least and ranks[place] <= ranks[best]):
                if load == least and ranks[place] == ranks[best]:
                    place = self._lower_id(place, best)
                best, least = place, load
        return self.ready[best]

    def _number(self, place: int) -> int:
        numbers = self._numbers
        while place >= len(numbers):
            numbers.append(len(numbers))
        return numbers[place]

    def _lower_id(self, one: int, other: int) -> int:
        ready = self.ready
        return one if ready[one].entry.id < ready[other].entry.id else other

    def _renew(self, places: Iterable[int], now: float) -> None:
        resets, due = self._resets, now - self._since
        for place in places:
            if resets[place] <= due:
                stock = self.ready[place]
                stock.renew(now)
                self.add(stock)


class Dry(Exception):
    """Nothing in hand, while the shared store may have something on this shelf."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf


def windows_of(
    entry: Entry, row: AccountRow, shelves: Mapping[tuple[str, str], Shelf], now: float
) -> tuple[Stock, ...]:
    """Windows as in `row`, merged with those known; without units it is none."""
    known = {stock.shelf: stock for stock in entry.windows}
    windows = []
    for window in row.windows:
        if window.total <= 0:
            continue
        shelf = shelves[row.pool, window.mode]
        stock = known.get(shelf)
        if stock is None:
            stock = Stock(window, entry, shelf)
        else:
            stock.merge(window, now)
        windows.append(stock)
    return tuple(windows)
