"""The accounts of one process in memory: who is ready, who is chosen, what they spent.

No I/O. One process owns what it holds, and one thread at a
time: the event loop's. Claims shared between processes come behind the same `claim`
and `release`.
"""

from collections.abc import Iterable, Set
from dataclasses import replace

from accounts import standing
from accounts.absence import refusal
from accounts.breaker import Breaker, Breakers
from accounts.errors import PoolPaused
from accounts.ready import Dry, Entry, Shelf, Stock, windows_of
from accounts.rows import AccountRow, StatusChange, WindowRow
from accounts.shelving import Shelving
from accounts.standing import FAULTS, Outcome
from accounts.wishes import Rules, Wanted


class Directory(Shelving):
    def __init__(self, rules: Rules | None = None) -> None:
        super().__init__(rules)
        self.loaded = False
        self.revision = 0
        self.breakers = Breakers()
        self._unsaved: dict[int, float] = {}

    def apply(
        self, rows: Iterable[AccountRow], now: float, *, anew: bool = False
    ) -> None:
        """Merge rows as stored elsewhere; calls in flight keep their account.

        `anew`: whatever was known, as history has gone another way.
        """
        for row in rows:
            entry = self._entries.get(row.id)
            if row.id in self._unsaved:
                continue  # it comes again with what is to be saved
            if entry is None:
                if row.deleted:
                    continue
                entry = self._entries[row.id] = Entry(row)
            elif row.revision <= entry.row.revision and not anew:
                continue
            else:
                if row.status != entry.row.status:
                    self.breakers.forget(row.id)
                self._retire(entry)
                entry.adopt(row)
            entry.windows = windows_of(entry, row, self._shelves, now)
            if self.purse is not None:
                self.purse.adjust(entry, row)
            self._enlist(entry, now)
            self._forget_idle(entry)

    def keep_only(self, ids: Set[int], now: float) -> None:
        """All others are stored no more."""
        gone = [one.row for one in self._entries.values() if one.id not in ids]
        self.apply([replace(row, deleted=True) for row in gone], now, anew=True)

    def digest(self) -> tuple[int, int] | None:
        """To compare with the stored one; None while there is something to save."""
        if self._unsaved:
            return None
        live = [e.row.revision for e in self._entries.values() if not e.row.deleted]
        return len(live), sum(live)

    def take_over(self, rows: Iterable[AccountRow], now: float) -> None:
        """What is left of windows as stored; no more is known of them than that."""
        for row in rows:
            entry = self._entries.get(row.id)
            if entry is None:
                continue
            stored = {window.mode: window for window in row.windows}
            for stock in entry.windows:
                if stock.plan.mode in stored:
                    stock.take_over(stored[stock.plan.mode])
            self._place_all(entry, now)

    def unsaved(self, entry: Entry, now: float) -> None:
        """What is stored of it lacks something that other processes wait for."""
        if self.purse is not None:
            self._unsaved[entry.id] = now

    def saved(self, before: float) -> None:
        """All that came before then is stored."""
        kept = {one: at for one, at in self._unsaved.items() if at >= before}
        self._unsaved = kept

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
        """Choose, reserve a slot and a unit; raises `NoAccountAvailable` or `Dry`."""
        paused: Breaker | None = None
        for mode in wanted.modes:
            breaker = self.breakers.of(wanted.operation, mode)
            if not breaker.admits(now):
                paused = paused or breaker
                continue
            stock = self._preferred(prefer, wanted, mode, excluded, now)
            if stock is None:
                stock = self._pick(wanted, mode, now, excluded)
            if stock is not None:
                self._reserve(stock, now)
                breaker.begin(stock.entry.id, now)
                return stock.entry, mode
        if paused is not None:
            raise PoolPaused(paused.last_fault, paused.retry_after_s(now))
        pairs = ((pool, mode) for mode in wanted.modes for pool in wanted.pools)
        shelves = [self._shelves[pair] for pair in pairs if pair in self._shelves]
        raise refusal(shelves, now, wanted.media)

    def reserve_again(self, entry: Entry, mode: str, now: float) -> bool:
        """One more unit of an account in hand; its slot is held already."""
        stock = entry.window(mode)
        if stock is None or stock.blocked_until(now, by_quota=self.rules.by_quota):
            return False
        if self.purse is not None and self.rules.by_quota:
            if not self.purse.in_hand(stock):
                return False
            self.purse.spend(stock)
        stock.reserve(now)
        stock.keep()
        return True

    def release(self, entry: Entry, mode: str, now: float, *, refund: bool) -> None:
        """Give the slot back, and the unit too where upstream was never asked."""
        entry.inflight = max(0, entry.inflight - 1)
        if self.purse is not None:
            self.purse.freed(entry)
        stock = entry.window(mode)
        if stock is not None:
            if not refund:
                stock.keep()
            elif stock.refund() and self.purse is not None:
                self.purse.refund(stock)
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
        self,
        account_id: int | None,
        wanted: Wanted,
        mode: str,
        excluded: Set[int],
        now: float,
    ) -> Stock | None:
        """The window of this account if it could be chosen now, in the first mode."""
        if account_id is None or account_id in excluded or mode != wanted.modes[0]:
            return None
        entry = self._entries.get(account_id)
        stock = entry.window(mode) if entry is not None else None
        if entry is None or stock is None or stock.place < 0:
            return None
        if not self._in_hand(stock) or is_out_of(wanted.media, stock, now):
            return None
        return stock if entry.row.pool in wanted.pools else None

    def _pick(
        self, wanted: Wanted, mode: str, now: float, excluded: Set[int]
    ) -> Stock | None:
        """The best that is ready in the first pool that has one; raises `Dry`."""
        for pool in wanted.pools:
            shelf = self._shelves.get((pool, mode))
            if shelf is None:
                continue
            if shelf.parked:
                self._wake(shelf, now, len(excluded))
            stock = self._best(shelf, wanted, now, excluded)
            if stock is not None:
                return stock
            if any(
                stock.entry.id not in excluded
                and not is_out_of(wanted.media, stock, now)
                for stock in shelf.fallow
            ):
                raise Dry(shelf)
        return None

    def _best(
        self, shelf: Shelf, wanted: Wanted, now: float, excluded: Set[int]
    ) -> Stock | None:
        by_quota = self.rules.by_quota
        while True:
            barred = shelf.places_of(map(self.entry, excluded))
            stock = shelf.pick(
                now, wanted.tags, barred, by_quota=by_quota, media=wanted.media
            )
            if stock is None or self._in_hand(stock):
                return stock
            self._place(stock, now)  # its period ended meanwhile


def is_out_of(media: str, stock: Stock, now: float) -> bool:
    """Whether the account has none left of this kind of media."""
    return bool(media) and stock.entry.row.media_until(media) > now
