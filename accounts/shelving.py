"""Where every account of a process stands: on which shelves, ready or not; no I/O."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from accounts import standing
from accounts.claims.purse import Purse
from accounts.ready import Entry, Shelf, Stock
from accounts.rows import AccountRow
from accounts.wishes import Rules

WAKES_AT_ONCE = 64


class Shelving:
    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.purse: Purse | None = None  # none: everything is this process's own
        self._entries: dict[int, Entry] = {}
        self._shelves = defaultdict[tuple[str, str], Shelf](partial(Shelf, []))
        self._counts = dict.fromkeys(("active", "cooling", "expired", "disabled"), 0)

    def __len__(self) -> int:
        return sum(self._counts.values())

    def entry(self, account_id: int) -> Entry | None:
        return self._entries.get(account_id)

    def entries(self) -> Iterable[Entry]:
        return self._entries.values()

    def shelves(self) -> Iterable[Shelf]:
        return self._shelves.values()

    def place(self, stocks: Iterable[Stock], now: float) -> None:
        """Let each find its place anew."""
        for stock in stocks:
            if stock in stock.entry.windows and standing.usable(stock.entry.row):
                self._place(stock, now)

    def serveable(self) -> frozenset[tuple[str, str]]:
        """The (pool, mode) pairs with at least one usable account."""
        shelves = tuple(self._shelves.items())
        return frozenset(pair for pair, shelf in shelves if shelf.usable)

    def counts(self) -> dict[str, int]:
        """Accounts by stored status; one that has cooled down counts until used."""
        return dict(self._counts)

    def _wake(self, shelf: Shelf, now: float, excluded: int) -> None:
        """Bring back who is due: a few, but go on while all ready may be excluded."""
        woken = 0
        while woken < WAKES_AT_ONCE or len(shelf.ready) <= excluded:
            stock = shelf.wake(now)
            if stock is None:
                return
            self._place(stock, now)
            woken += 1

    def _reserve(self, stock: Stock, now: float) -> None:
        entry = stock.entry
        entry.inflight += 1
        entry.used(now)
        stock.reserve(now)
        if self.purse is not None:
            self.purse.occupy(stock)
        self._place_all(entry, now)

    def _enlist(self, entry: Entry, now: float) -> None:
        if not entry.row.deleted:
            self._counts[entry.row.status] += 1
        if standing.usable(entry.row):
            for stock in entry.windows:
                stock.shelf.usable += 1
            self._place_all(entry, now)

    def _retire(self, entry: Entry) -> None:
        if not entry.row.deleted:
            self._counts[entry.row.status] -= 1
        if standing.usable(entry.row):
            for stock in entry.windows:
                stock.shelf.usable -= 1
                stock.shelf.remove(stock)

    def _forget_idle(self, entry: Entry) -> None:
        """A deleted account stays until its last call has ended."""
        if entry.row.deleted and not entry.inflight:
            self._entries.pop(entry.id, None)

    def _place_all(self, entry: Entry, now: float) -> None:
        if standing.usable(entry.row):
            for stock in entry.windows:
                self._place(stock, now)

    def _place(self, stock: Stock, now: float) -> None:
        """Put a usable account where it belongs: ready, parked, or nowhere if busy."""
        entry, rules = stock.entry, self.rules
        until = stock.blocked_until(now, by_quota=rules.by_quota)
        if entry.row.cooling_until > now:
            until = max(until, entry.row.cooling_until)
        if until:
            stock.shelf.park(stock, until)
        elif entry.inflight >= rules.max_inflight:
            stock.shelf.remove(stock)
        elif self._in_hand(stock):
            stock.shelf.add(stock)
        elif self.purse is not None and stock in self.purse.busy:
            stock.shelf.remove(stock)
        else:
            stock.shelf.lay(stock)

    def _in_hand(self, stock: Stock) -> bool:
        purse = self.purse
        return purse is None or purse.ready(stock, by_quota=self.rules.by_quota)

    def restand(self, entry: Entry, row: AccountRow, now: float) -> None:
        """Give an account another standing; it finds its new place at once."""
        if row is entry.row:
            return
        self._retire(entry)
        entry.row = row
        self._enlist(entry, now)
