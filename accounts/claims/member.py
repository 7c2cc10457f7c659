"""This process among those that serve the same accounts.

Alone it owns them all and asks nobody. With others it takes slices from the store and
spends them from its purse.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from accounts import store
from accounts.claims import hands
from accounts.claims.base import LIFE_S, Back, Gone, Store, Turned, Unreachable
from accounts.claims.circle import Circle, myself
from accounts.claims.purse import Purse
from accounts.claims.trading import Trade
from accounts.roster import Directory
from grokgateway.jobs import outbox

logger = logging.getLogger(__name__)
RENEW_S = 10.0
WELCOME_S = LIFE_S + RENEW_S  # by then who was alone has opened, or is dead
LOOK_S = 0.1


class Member:
    """`directory` gives the one in use, which a reload replaces."""

    def __init__(
        self,
        store: Store,
        directory: Callable[[], Directory],
        clock: Callable[[], float] = time.monotonic,
        *,
        reread: Callable[[], Awaitable[None]] | None = None,
        works: bool = False,
    ) -> None:
        self.works = works  # on jobs, which others want to know
        self.store = store
        self.circle = Circle(clock)
        self.trade = Trade(store, self.circle, directory, self.revive)
        self._directory = directory
        self._reread = reread
        self._beginning = asyncio.Lock()
        self._told: list[dict[str, object]] = []  # breakers, in the latest notes

    async def join(self, *, alone: bool) -> None:
        """Register; without being alone, whatever is spent is taken from the store."""
        circle, directory = self.circle, self._directory()
        began = circle.clock()
        purse = Purse()
        slots = purse.occupied(directory.entries(), owed=True)
        circle.peers = await self.store.join(circle.me, slots, alone=alone)
        circle.renewed(began)
        if not circle.alone:
            hands.share(directory, purse, time.time())
            logger.info("Accounts are shared among %d processes.", circle.size)

    async def welcomed(self) -> None:
        """Wait until who was alone has opened its accounts, but not for ever.

        What is read before that lacks what that one has spent.
        """
        circle = self.circle
        ends_at = circle.clock() + WELCOME_S
        while not circle.admitted and not circle.alone and circle.clock() < ends_at:
            await asyncio.sleep(LOOK_S)
            try:
                if circle.age_s >= RENEW_S:
                    await self._renew()  # buries who is dead by now
                else:
                    circle.peers = await self.store.peers(circle.me)
            except Turned:
                await self._follow()

    async def revive(self) -> None:
        """After a lapse: live on, or begin anew; raises `Unreachable`.

        Who is alone and cannot ask goes on: nobody else can have registered where the
        store is away.
        """
        try:
            try:
                await self.store.look(self.circle.me)
                await self._renew()
            except Turned:
                await self._follow()
        except Unreachable:
            if not self.circle.alone:
                raise

    async def beat(self) -> None:
        """Once a second: live on, notice others, give back what lies idle."""
        circle = self.circle
        try:
            await self.store.look(circle.me)
            if circle.age_s >= RENEW_S or self._told != self._paused():
                await self._renew()
            elif circle.size == 1 or not circle.admitted:
                circle.peers = await self.store.peers(circle.me)
            if circle.alone and circle.size > 1:
                await self._open()
            if not circle.alone and circle.admitted:
                await self.trade.sweep()
        except Turned:
            await self._follow_if_it_can()
        except Unreachable as error:
            logger.warning("The shared account store is away: %s", error)
        except Gone:
            await self._begin_anew()

    async def leave(self) -> None:
        """Give everything back; what calls in flight use counts as spent."""
        await self.trade.settled()
        await outbox.current().flush()  # who comes next reads what is written
        purse = self._directory().purse
        backs: Sequence[Back] = ()
        if purse is not None:
            backs, _ = purse.surplus(frozenset(), time.time(), final=True)
        try:
            await self.store.leave(self.circle.me, backs)
            logger.info(
                "Of %d requests %d waited for the store, which was asked %d times"
                "; p99 %d us.",
                *(self.trade.requests, self.trade.waited, self.trade.moves),
                1e6 * self.trade.wait_p99_s(),
            )
        except (Gone, Unreachable) as error:
            logger.warning("What was in hand could not be given back: %r", error)
        finally:
            await self.store.aclose()

    async def _renew(self) -> None:
        circle = self.circle
        began, paused = circle.clock(), self._paused()
        try:
            circle.peers = await self.store.renew(circle.me, self._notes(paused))
        except Gone:
            await self._begin_anew()
        else:
            circle.renewed(began)
            self._told = paused

    async def _follow_if_it_can(self) -> None:
        try:
            await self._follow()
        except Unreachable as error:
            logger.warning("Claims could not be moved: %s", error)

    async def _follow(self) -> None:
        """Claims are taken elsewhere from now on, with what is in hand here.

        What was taken is written down first, so that it is spent there too. Requests
        spend what is in hand meanwhile.
        """
        circle = self.circle
        try:
            async with self._beginning:
                if not await outbox.current().flush():
                    raise Unreachable("what was spent could not be written down")
                peers = None
                while peers is None:
                    began, purse = circle.clock(), self._directory().purse
                    held = purse.held() if purse is not None else {}
                    peers = await self.store.follow(circle.me, held)
                    circle.renewed(began)
                    await asyncio.sleep(0 if peers is not None else LOOK_S)
                circle.peers = peers
                if purse is not None:
                    purse.unsure.update(purse.units)
        except Gone:
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        """Others took this process for dead: what it held is theirs.

        Or the store has forgotten all: then it learns what is left from those who ask,
        who must have read what the others took.
        """
        gone = self.circle.me
        async with self._beginning:
            if self.circle.me is not gone:
                return  # another request has seen to it
            logger.warning("This process was taken for dead and joins anew.")
            alone = self.circle.alone
            await self._write_down()
            if not alone and self._reread is not None:
                await self._reread()
            self.circle.me = myself()
            await self.join(alone=alone)

    async def _open(self) -> None:
        """Somebody else has come: write all down, and share from now on."""
        circle, directory = self.circle, self._directory()
        purse = Purse()
        slots = purse.occupied(directory.entries())
        hands.share(directory, purse, time.time())
        await self._write_down()
        await self.store.open(circle.me, slots)
        circle.peers = await self.store.peers(circle.me)
        logger.info("Accounts are shared among %d processes now.", circle.size)

    async def _write_down(self) -> None:
        """What was spent alone, by calls under way too; raises `Unreachable`."""
        if self.circle.alone:
            for use in hands.in_flight(self._directory().entries(), time.time()):
                outbox.current().put(store.USES, use)
        if not await outbox.current().flush():
            raise Unreachable("what was spent could not be written down")

    def _paused(self) -> list[dict[str, object]]:
        """The breakers that are open here; the others hear of a change at once."""
        return [
            {"operation": s.operation, "mode": s.mode, "fault": s.fault}
            for s in self._directory().breakers.states()
            if s.open
        ]

    def _notes(self, paused: list[dict[str, object]]) -> dict[str, object]:
        """What status pages of the other processes show of this one."""
        trade = self.trade
        return {
            "requests": trade.requests,
            "waited": trade.waited,
            "moves": trade.moves,
            "breakers": paused,
            "works": self.works,
        }
