"""What one process has in hand of accounts that it shares with others; no I/O.

Slots are per account, units per window. Both were taken from the store before they are
used, so spending them needs no word with anybody.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from accounts.claims.base import SLOTS, Back, Grant, Key
from accounts.quotas import SAME_PERIOD_S
from accounts.ready import Entry, Stock
from accounts.rows import AccountRow

LOW_UNITS = 2
ASK_AGAIN_S = 5.0


@dataclass(slots=True)
class Slots:
    """Slots in hand of one account; `peak` is how many were in use at once lately.

    `owed` may be others' by now, and are not used again.
    """

    entry: Entry
    count: int = 0
    peak: int = 0
    owed: int = 0


@dataclass(slots=True)
class Units:
    """Units in hand of one window; they are worth something in its period only."""

    count: int
    reset_at: float


class Purse:
    def __init__(self) -> None:
        self.slots: dict[int, Slots] = {}
        self.units: dict[Stock, Units] = {}
        self.low: set[Stock] = set()  # worth refilling before they are empty
        self.busy: set[Stock] = set()  # all slots in use, somewhere
        self.unsure: set[Stock] = set()  # whose last move may or may not have happened
        self._denied: dict[Stock, float] = {}  # spent or held by others; ask again at

    def ready(self, stock: Stock, *, by_quota: bool) -> bool:
        """Whether it may be chosen without asking."""
        slots = self.slots.get(stock.entry.id)
        if slots is None or slots.count <= stock.entry.inflight:
            return False
        return not by_quota or self.in_hand(stock) > 0

    def in_hand(self, stock: Stock) -> int:
        units = self.units.get(stock)
        if units is None or abs(units.reset_at - stock.reset_at) >= SAME_PERIOD_S:
            return 0
        return units.count

    def free_slots(self, entry: Entry) -> int:
        slots = self.slots.get(entry.id)
        return max(0, slots.count - entry.inflight) if slots else 0

    def held_slots(self, entry: Entry) -> int:
        slots = self.slots.get(entry.id)
        return slots.count if slots else 0

    def spend(self, stock: Stock) -> None:
        """A unit was reserved."""
        units = self.units.get(stock)
        if units is not None and units.count > 0:
            units.count -= 1
            if units.count <= LOW_UNITS:
                self.low.add(stock)

    def occupy(self, stock: Stock) -> None:
        """A slot was taken, which its entry counts already, and a unit."""
        self.spend(stock)
        slots = self.slots.get(stock.entry.id)
        if slots is not None:
            slots.peak = max(slots.peak, stock.entry.inflight)

    def refund(self, stock: Stock) -> None:
        units = self.units.get(stock)
        if units is not None:
            units.count += 1

    def freed(self, entry: Entry) -> None:
        """A call has ended."""
        slots = self.slots.get(entry.id)
        if slots is not None and slots.owed:
            slots.owed -= 1
            slots.count -= 1
            self.unsure.update(entry.windows)

    def occupied(
        self, entries: Iterable[Entry], *, owed: bool = False
    ) -> dict[int, int]:
        """Begin with the slots that calls in flight use; returns them by account."""
        for entry in entries:
            if count := entry.inflight:
                self.slots[entry.id] = Slots(entry, count, count, count if owed else 0)
        return {account: slots.count for account, slots in self.slots.items()}

    def held(self) -> dict[Key, int]:
        """All that is in hand, calls under way included."""
        slots = {(one, SLOTS): slots.count for one, slots in self.slots.items()}
        units = {
            (stock.entry.id, stock.plan.mode): units.count + stock.held
            for stock, units in self.units.items()
        }
        return slots | units

    def adjust(self, entry: Entry, row: AccountRow) -> None:
        """Windows were stored anew; real figures have what is in hand subtracted."""
        stored = {window.mode: window for window in row.windows}
        for stock in entry.windows:
            window = stored[stock.plan.mode]
            units = self.units.get(stock)
            if units is not None and window.source == "real":
                units.reset_at = stock.reset_at
            stock.remaining = window.remaining + self.in_hand(stock)

    def receive(self, stock: Stock, grant: Grant, now: float) -> None:
        """Take what was granted, and the window as the store has it."""
        window = grant.window
        self.low.discard(stock)
        stock.take_over(window)
        if grant.units:
            left = self.in_hand(stock)
            self.units[stock] = Units(left + grant.units, window.reset_at)
        if grant.slots:
            slots = self.slots.setdefault(stock.entry.id, Slots(stock.entry))
            slots.count += grant.slots
        stock.remaining = window.remaining + self.in_hand(stock)
        if not window.remaining and not self.in_hand(stock):
            self._denied[stock] = now + ASK_AGAIN_S
        if grant.busy and not self.free_slots(stock.entry):
            self.busy.add(stock)

    def surplus(
        self, keep: Set[int], now: float, *, final: bool = False, most: int = 0
    ) -> tuple[list[Back], set[Stock]]:
        """What was not needed since the last time, with the stocks that lose it.

        `keep` are accounts that stay in hand though they were idle; `most` units of a
        window stay. In the end only what calls in flight use is kept.
        """
        backs: list[Back] = self._as_it_is()
        touched: set[Stock] = set()
        for account, slots in list(self.slots.items()):
            peak, slots.peak = slots.peak, slots.entry.inflight
            wanted = slots.peak if final else max(peak, int(account in keep))
            if slots.count > wanted:
                backs.append(Back(account, SLOTS, slots.count - wanted, wanted))
                slots.count = wanted
                touched.update(slots.entry.windows)
            if not slots.count:
                del self.slots[account]
        for stock, units in list(self.units.items()):
            if final or self._unneeded(stock, units, now):
                backs.append(self._given_up(stock, units, now))
                touched.add(stock)
            elif units.count > most > 0:
                backs.append(self._part_of(stock, units, units.count - most))
        return backs, touched

    def ask_again(self, now: float) -> Iterator[Stock]:
        """Those of whom the store may have something by now."""
        due = [stock for stock, at in self._denied.items() if at <= now]
        for stock in due:
            del self._denied[stock]
        yield from due

    def no_longer_busy(self) -> list[Stock]:
        found = list(self.busy)
        self.busy.clear()
        return found

    def _as_it_is(self) -> list[Back]:
        """Tells the store what is in hand, where it may believe otherwise."""
        backs = []
        for stock in self.unsure:
            entry, units = stock.entry, self.units.get(stock)
            count = units.count + stock.held if units else 0
            reset_at = units.reset_at if units else 0.0
            backs.append(Back(entry.id, SLOTS, 0, self.held_slots(entry)))
            backs.append(Back(entry.id, stock.plan.mode, 0, count, reset_at))
        self.unsure.clear()
        return backs

    def _unneeded(self, stock: Stock, units: Units, now: float) -> bool:
        """Of a past period, of an account whose slots have gone back, or none left."""
        if self._past(stock, units, now):
            return True
        if units.count:
            return stock.entry.id not in self.slots
        return not stock.held

    def _past(self, stock: Stock, units: Units, now: float) -> bool:
        changed = abs(units.reset_at - stock.reset_at) >= SAME_PERIOD_S
        return changed or units.reset_at <= now

    def _part_of(self, stock: Stock, units: Units, count: int) -> Back:
        units.count -= count
        kept = units.count + stock.held
        return Back(stock.entry.id, stock.plan.mode, count, kept, units.reset_at)

    def past(self, now: float) -> tuple[list[Back], set[Stock]]:
        """What a single member gives up: units that are worth nothing any more."""
        backs, touched = self._as_it_is(), set()
        for slots in self.slots.values():
            slots.peak = slots.entry.inflight
        for stock, units in list(self.units.items()):
            if self._past(stock, units, now):
                backs.append(self._given_up(stock, units, now))
                touched.add(stock)
        return backs, touched

    def _given_up(self, stock: Stock, units: Units, now: float) -> Back:
        del self.units[stock]
        self.low.discard(stock)
        kept = 0 if self._past(stock, units, now) else stock.held
        mode = stock.plan.mode
        return Back(stock.entry.id, mode, units.count, kept, units.reset_at)
