"""The accounts of one process in memory: who is ready, who is chosen, what they spent.

No I/O. One process owns what it holds, and one thread at a
time: the event loop's. Claims shared between processes come behind the same `claim`
and `release`.
"""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import replace
from functools import partial

from accounts import standing
from accounts.breaker import Breaker, Breakers
from accounts.errors import NoAccountAvailable, PoolPaused
from accounts.ready import Entry, Shelf, Stock, refusal
from accounts.rows import AccountRow, StatusChange, WindowRow
from accounts.standing import FAULTS, Outcome
from accounts.wishes import Rules, Wanted

WAKES_AT_ONCE = 64


class Directory:
    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.loaded = False
        self.revision = 0
        self.breakers = Breakers()
        self._entries: dict[int, Entry] = {}
        self._shelves = defaultdict[tuple[str, str], Shelf](partial(Shelf, []))
        self._counts = dict.fromkeys(("active", "cooling", "expired", "disabled"), 0)

    def __len__(self) -> int:
        return sum(self._counts.values())

    def entry(self, account_id: int) -> Entry | None:
        return self._entries.get(account_id)

    def serveable(self) -> frozenset[tuple[str, str]]:
        """The (pool, mode) pairs with at least one usable account."""
        shelves = tuple(self._shelves.items())
        return frozenset(pair for pair, shelf in shelves if shelf.usable)

    def counts(self) -> dict[str, int]:
        """Accounts by stored status; one that has cooled down counts until used."""
        return dict(self._counts)

    def apply(self, rows: Iterable[AccountRow], now: float) -> None:
        """Merge rows as stored elsewhere; calls in flight keep their account."""
        for row in rows:
            entry = self._entries.get(row.id)
            if entry is None:
                if row.deleted:
                    continue
                entry = self._entries[row.id] = Entry(row)
            elif row.revision <= entry.row.revision:
                continue
            else:
                if row.status != entry.row.status:
                    self.breakers.forget(row.id)
                self._retire(entry)
                entry.adopt(row)
            entry.windows = self._windows(entry, row, now)
            self._enlist(entry, now)
            self._forget_idle(entry)

    def follow(self, rules: Rules, now: float) -> None:
        """Take over changed rules; every account finds its place anew."""
        if rules == self.rules:
            return
        self.rules = rules
        for entry in self._entries.values():
            self._place_all(entry, now)

    def claim(
        self,
        wanted: Wanted,
        now: float,
        excluded: Set[int] = frozenset(),
        prefer: int | None = None,
    ) -> tuple[Entry, str]:
        """Choose, and reserve a slot and a unit; raises `NoAccountAvailable`."""
        paused: Breaker | None = None
        for mode in wanted.modes:
            breaker = self.breakers.of(wanted.operation, mode)
            if not breaker.admits(now):
                paused = paused or breaker
                continue
            stock = self._preferred(prefer, wanted, mode, excluded)
            if stock is None:
                stock = self._pick(wanted, mode, now, excluded)
            if stock is not None:
                self._reserve(stock, now)
                breaker.begin(stock.entry.id, now)
                return stock.entry, mode
        if paused is not None:
            raise PoolPaused(paused.last_fault, paused.retry_after_s(now))
        raise self._refusal(wanted, now)

    def reserve_again(self, entry: Entry, mode: str, now: float) -> bool:
        """One more unit of an account in hand; its slot is held already."""
        stock = entry.window(mode)
        if stock is None or stock.blocked_until(now, by_quota=self.rules.by_quota):
            return False
        stock.reserve(now)
        stock.keep()
        return True

    def release(self, entry: Entry, mode: str, now: float, *, refund: bool) -> None:
        """Give the slot back, and the unit too where upstream was never asked."""
        entry.inflight = max(0, entry.inflight - 1)
        stock = entry.window(mode)
        if stock is not None:
            if refund:
                stock.refund()
            else:
                stock.keep()
        self._place_all(entry, now)
        self._forget_idle(entry)

    def settle(
        self,
        entry: Entry,
        mode: str,
        outcome: Outcome,
        now: float,
        *,
        retry_after_s: float | None = None,
        harmless: bool = False,
        request_id: str = "",
    ) -> StatusChange | None:
        """Write an outcome into the standing; returns a change of status.

        `harmless` notes a failure without lowering the standing. The account finds its
        new place at once where it may not be chosen, and otherwise with its release.
        """
        if outcome in FAULTS:
            entry.failed(now)
        stock = entry.window(mode)
        if outcome is Outcome.RATE_LIMITED and stock is not None:
            if harmless:
                stock.doubt(now, retry_after_s)
            else:
                stock.exhaust(now, retry_after_s)
            self._place_all(entry, now)
        if harmless:
            return None
        row, change = standing.judge(entry.row, outcome, now, request_id)
        self.restand(entry, row, now)
        return change

    def restand(self, entry: Entry, row: AccountRow, now: float) -> None:
        """Give an account another standing; it finds its new place at once."""
        if row is entry.row:
            return
        self._retire(entry)
        entry.row = row
        self._enlist(entry, now)

    def put_back(
        self, entry: Entry, mode: str, before: WindowRow, until: float, now: float
    ) -> Stock | None:
        """Undo a 429; returns the window if it was undone."""
        stock = entry.window(mode)
        if stock is None or not stock.put_back(before, until):
            return None
        self._place_all(entry, now)
        return stock

    def set_aside(self, entry: Entry, now: float) -> None:
        """Do not choose an account again in this process, until its row changes."""
        self.restand(entry, replace(entry.row, status="disabled"), now)

    def _preferred(
        self, account_id: int | None, wanted: Wanted, mode: str, excluded: Set[int]
    ) -> Stock | None:
        """The window of this account if it could be chosen now, in the first mode."""
        if account_id is None or account_id in excluded or mode != wanted.modes[0]:
            return None
        entry = self._entries.get(account_id)
        stock = entry.window(mode) if entry is not None else None
        if entry is None or stock is None or stock.place < 0:
            return None
        return stock if entry.row.pool in wanted.pools else None

    def _pick(
        self, wanted: Wanted, mode: str, now: float, excluded: Set[int]
    ) -> Stock | None:
        """The best that is ready in the first pool that has one."""
        for pool in wanted.pools:
            shelf = self._shelves.get((pool, mode))
            if shelf is None:
                continue
            if shelf.parked:
                self._wake(shelf, now, len(excluded))
            barred = shelf.places_of(map(self.entry, excluded))
            by_quota = self.rules.by_quota
            stock = shelf.pick(now, wanted.tags, barred, by_quota=by_quota)
            if stock is not None:
                return stock
        return None

    def _windows(self, entry: Entry, row: AccountRow, now: float) -> tuple[Stock, ...]:
        """Windows as in `row`, merged with those known; without units it is none."""
        known = {stock.shelf: stock for stock in entry.windows}
        windows = []
        for window in row.windows:
            if window.total <= 0:
                continue
            shelf = self._shelves[row.pool, window.mode]
            stock = known.get(shelf)
            if stock is None:
                stock = Stock(window, entry, shelf)
            else:
                stock.merge(window, now)
            windows.append(stock)
        return tuple(windows)

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
        else:
            stock.shelf.add(stock)

    def _refusal(self, wanted: Wanted, now: float) -> NoAccountAvailable:
        pairs = ((pool, mode) for mode in wanted.modes for pool in wanted.pools)
        shelves = [self._shelves[pair] for pair in pairs if pair in self._shelves]
        return refusal(shelves, now)
