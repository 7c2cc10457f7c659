"""Accounts for requests: from the purse, or from the store where that has none.

Only a request that finds nothing in the purse waits, and all that wait at one time wait
for one and the same step.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence, Set

from accounts.claims import hands, planning
from accounts.claims.base import Back, Gone, Rates, Store, Turned, Unreachable, Want
from accounts.claims.circle import Circle
from accounts.errors import NoAccountAvailable
from accounts.ready import Dry, Entry, Shelf, Stock
from accounts.roster import Directory
from accounts.wishes import Wanted

logger = logging.getLogger(__name__)
WAIT_S = 1.5  # the longest a request waits for an account
RELIEF_S = 0.2
LOOK_S = 0.1
AWAY_S = 5  # how long callers are told to stay away when the store is
QUIET_S = 1.0  # no asking in advance after the store had little to spare
WAITS_KEPT = 1000
Move = Coroutine[None, None, None]
Taken = tuple[Entry, str, float]


class Trade:
    """`directory` gives the one in use; `revive` brings a lapsed process back."""

    def __init__(
        self,
        store: Store,
        circle: Circle,
        directory: Callable[[], Directory],
        revive: Callable[[], Awaitable[None]],
    ) -> None:
        self.requests = 0  # all that were served
        self.waited = 0  # those that waited for the store
        self.moves = 0
        self.waits_s = deque[float](maxlen=WAITS_KEPT)
        self._store = store
        self._circle = circle
        self._directory = directory
        self._revive = revive
        self._moving: asyncio.Task[None] | None = None
        self._waiting: dict[Shelf, int] = {}
        self._goals: dict[Shelf, int] = {}
        self._quiet_until = 0.0
        self._peak = 0.0  # calls at once, of late

    async def claim(
        self, wanted: Wanted, excluded: Set[int], prefer: int | None
    ) -> Taken:
        """An account, its mode and the time it was taken; waits shortly if it must.

        Raises `NoAccountAvailable`.
        """
        self.requests += 1
        if not self._circle.lapsed:
            try:
                return self._take(wanted, excluded, prefer)
            except Dry:
                pass
            except NoAccountAvailable as absence:
                if not self._idle_elsewhere(absence):
                    raise
        self.waited += 1
        began = self._circle.clock()
        try:
            return await self._patiently(wanted, excluded, prefer)
        finally:
            self.waits_s.append(self._circle.clock() - began)

    def wait_p99_s(self) -> float:
        """Of the latest requests that waited."""
        waits = sorted(self.waits_s)
        return waits[int(0.99 * len(waits))] if waits else 0.0

    async def sweep(self) -> None:
        """Give back what was idle since the last time, take what will be needed."""
        await self.settled()
        directory = self._directory()
        purse = directory.purse
        if purse is None:
            return
        now = time.time()
        self._peak = max(sum(s.peak for s in purse.slots.values()), self._peak * 0.8)
        goals = {shelf: self._goal(shelf) for shelf in directory.shelves()}
        self._goals = {shelf: goal for shelf, goal in goals.items() if goal}
        if self._circle.size > 1:
            keep = {
                stock.entry.id
                for shelf, goal in self._goals.items()
                for stock in shelf.ready[:goal]
            }
            backs, touched = purse.surplus(keep, now, most=planning.UNITS_AT_ONCE)
        else:
            backs, touched = purse.past(now)
        directory.place(touched, now)
        hands.ask_again(directory, now)
        asked = self._in_advance(directory)
        if backs or asked:
            await asyncio.shield(self._begin(self._trade(backs, asked, touched)))

    async def settled(self) -> None:
        """Wait for the step that is under way, if one is."""
        while (moving := self._under_way()) is not None:
            await asyncio.wait({moving})

    def _in_advance(self, directory: Directory) -> list[tuple[Stock, Want]]:
        """What to hold before anybody asks, where less than half of it is left."""
        purse, goals = directory.purse, self._goals.items()
        low = {shelf: goal for shelf, goal in goals if 2 * len(shelf.ready) < goal}
        if purse is None or not low or self._circle.clock() < self._quiet_until:
            return []
        return planning.wants(purse, {}, low, self._rates(directory))

    async def _patiently(
        self, wanted: Wanted, excluded: Set[int], prefer: int | None
    ) -> Taken:
        absence = NoAccountAvailable("saturated")
        try:
            async with asyncio.timeout(WAIT_S):
                if self._circle.lapsed:
                    await self._revive()
                while True:
                    try:
                        return self._take(wanted, excluded, prefer)
                    except Dry as dry:
                        await self._fetch(dry.shelf)
                    except NoAccountAvailable as found:
                        absence = found
                        await self._relief(found)
        except TimeoutError:
            raise absence from None
        except Unreachable:
            raise NoAccountAvailable("unreachable", AWAY_S) from None

    def _take(self, wanted: Wanted, excluded: Set[int], prefer: int | None) -> Taken:
        directory, now = self._directory(), time.time()
        entry, mode = directory.claim(wanted, now, excluded, prefer)
        if directory.purse is not None:
            self._top_up(directory, entry.window(mode))
        return entry, mode, now

    def _idle_elsewhere(self, absence: NoAccountAvailable) -> bool:
        """Whether it is worth looking again: a slot in another's hands may be idle."""
        purse = self._directory().purse
        return bool(purse and purse.busy) and absence.reason == "saturated"

    async def _relief(self, absence: NoAccountAvailable) -> None:
        """Wait a moment for idle slots to come back; raises where none can."""
        directory = self._directory()
        if directory.purse is None or not self._idle_elsewhere(absence):
            raise absence
        await asyncio.sleep(RELIEF_S)
        directory.place(directory.purse.no_longer_busy(), time.time())

    async def _fetch(self, shelf: Shelf) -> None:
        """Wait until the store has been asked for this shelf; raises `Unreachable`."""
        self._waiting[shelf] = self._waiting.get(shelf, 0) + 1
        try:
            await asyncio.shield(self._under_way() or self._begin(self._ask()))
        finally:
            self._waiting[shelf] -= 1
            if not self._waiting[shelf]:
                del self._waiting[shelf]

    def _top_up(self, directory: Directory, stock: Stock | None) -> None:
        """Ask in advance, behind the request, where the purse runs low."""
        purse = directory.purse
        if purse is None or stock is None or self._under_way() is not None:
            return
        low = 2 * len(stock.shelf.ready) < self._goals.get(stock.shelf, 0)
        if (low or purse.low) and self._circle.clock() >= self._quiet_until:
            self._begin(self._ask())

    def _under_way(self) -> "asyncio.Task[None] | None":
        """The step that is not over yet; to await one that is would not yield."""
        moving = self._moving
        return moving if moving is not None and not moving.done() else None

    def _begin(self, move: Move) -> "asyncio.Task[None]":
        """One move at a time; a request that leaves must not lose what it brings."""
        self._moving = asyncio.get_running_loop().create_task(move)
        self._moving.add_done_callback(self._moved)
        return self._moving

    def _moved(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.warning("Accounts could not be asked for: %r", error)

    async def _ask(self) -> None:
        directory, circle = self._directory(), self._circle
        if directory.purse is None:
            return
        ends_at = circle.clock() + WAIT_S
        while circle.alone or not circle.admitted:  # accounts are being opened
            if circle.clock() >= ends_at:
                raise Unreachable("a process has not opened its accounts yet")
            await asyncio.sleep(LOOK_S)
            if not circle.alone:
                circle.peers = await self._store.peers(circle.me)
        for shelf in self._waiting:
            self._goals[shelf] = self._goal(shelf)
        rates = self._rates(directory)
        asked = planning.wants(directory.purse, self._waiting, self._goals, rates)
        if asked:
            await self._trade([], asked)

    async def _trade(
        self,
        backs: Sequence[Back],
        asked: Sequence[tuple[Stock, Want]],
        touched: Collection[Stock] = (),
    ) -> None:
        directory, circle = self._directory(), self._circle
        rates = self._rates(directory)
        stocks = [stock for stock, _ in asked]
        wants = [want for _, want in asked]
        self.moves += 1
        try:
            grants = await self._store.move(circle.me, backs, wants, rates)
        except Unreachable as error:
            if directory.purse is not None:
                directory.purse.unsure.update(stocks, touched)
            if not isinstance(error, Turned):
                raise
            await self._revive()
            return
        except Gone:
            await self._revive()
            return
        hands.receive(directory, zip(stocks, grants, strict=True), time.time())
        if grants and not any(grant.units or grant.slots for grant in grants):
            self._quiet_until = circle.clock() + QUIET_S

    def _rates(self, directory: Directory) -> Rates:
        rules = directory.rules
        return Rates(self._circle.size, rules.max_inflight, rules.by_quota)

    def _goal(self, shelf: Shelf) -> int:
        return planning.goal(shelf, self._circle.size, int(self._peak))
