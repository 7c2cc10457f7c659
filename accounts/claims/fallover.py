"""Claims in Redis, and in the tables while Redis is away.

`eras` says which, for everybody. Who may take from Redis has said so in the tables of
late (`PERMIT_S`), so that the others know until when to wait for it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from typing import TypeVar

from accounts.claims import eras, membership
from accounts.claims.base import (
    LIFE_S,
    SLOTS,
    Back,
    Gone,
    Grant,
    Key,
    Me,
    Peer,
    Rates,
    Turned,
    Unreachable,
    Want,
)
from accounts.claims.eras import Standing
from accounts.claims.redis import RedisStore
from accounts.claims.sql import SqlStore

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
PERMIT_S = LIFE_S - 5.0  # a step in Redis takes less than the rest
CONFIRM_S = 2.0  # the longest anybody waits for the tables while Redis answers
AWAY_S = 1.0  # Redis is given so long to come back
LOOK_S = 0.2
REACHED = 2  # times in a row, with a renewal in between
ORPHANS_S = eras.ORPHAN_S - 2 * LIFE_S


class Fallover:
    """`reread` learns what is left of every window from the tables."""

    def __init__(
        self,
        redis: RedisStore,
        tables: SqlStore,
        reread: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._tables = tables
        self._reread = reread
        self._clock = clock
        self._me = ""
        self._alone = False  # as the tables are told
        self._would_be_alone = False
        self._notes: Mapping[str, object] = {}
        self._found = eras.BEFORE
        self._followed = self._era = -1  # the one this process takes in
        self._in_tables = False
        self._in_redis_of = -1
        self._stale = False  # what is known here of windows
        self._known: frozenset[str] = frozenset()  # who could turn to the tables
        self._confirmed_at = self._permit_at = -LIFE_S
        self._away_since: float | None = None
        self._reached = 0
        self._confirming: asyncio.Task[None] | None = None

    async def join(
        self, me: Me, slots: Mapping[int, int], *, alone: bool
    ) -> list[Peer]:
        began, before = self._clock(), self._me
        found, self._alone = await self._tables.run(
            lambda: eras.enter(me, before, alone=alone)
        )
        self._me, self._would_be_alone = me.id, alone
        self._followed = self._era = -1
        self._stale = False
        self._note(found, began)
        held = {(account, SLOTS): count for account, count in slots.items()}
        while (peers := await self.follow(me, held)) is None:
            if self._clock() > began + eras.ORPHAN_S + LIFE_S:
                raise Unreachable("others have not followed to where claims are now")
            await asyncio.sleep(LOOK_S)
        return peers

    async def renew(self, me: Me, notes: Mapping[str, object]) -> list[Peer]:
        self._notes, began = notes, self._clock()
        if self._in_tables:
            await self._look_for_redis()
            await self._confirm(me)
            if self._found.returns and self._found.era == self._era:
                await self._turn(tables=False)
            self._hold_still()
            return await self._tables.run(membership.peers)
        peers = await self._asked(me, lambda: self._redis.renew(me, notes))
        try:
            await self._confirm(me, frozenset(peer.id for peer in peers))
        except Unreachable:
            self._vouch(peers, began)
        self._known |= {peer.id for peer in peers}
        self._hold_still()
        return self._seen(me, peers)

    async def peers(self, me: Me) -> list[Peer]:
        if self._in_tables:
            return await self._tables.run(membership.peers)
        peers = await self._asked(me, lambda: self._redis.peers(me))
        return self._seen(me, peers)

    async def look(self, me: Me) -> None:
        self._hold_still()
        if self._in_tables and await self._tables.run(eras.number) != self._era:
            await self._confirm(me)
            self._hold_still()
        elif self._away_since is not None:
            await self._asked(me, self._redis.ping)

    async def follow(self, me: Me, held: Mapping[Key, int]) -> list[Peer] | None:
        began, era = self._clock(), self._found.era
        if self._followed != era:
            found = await self._tables.run(lambda: eras.follow(me, era, held))
            self._followed = era
            self._note(found, began)
        else:
            await self._confirm(me)
        found = self._found
        if found.era != era:
            return None
        self._stale = self._stale or self._era >= 0 or not found.settled
        if not found.settled:
            return None
        if found.tables:
            peers = await self._tables.run(membership.peers)
        elif (peers_there := await self._enter_redis(me, held)) is None:
            return None
        else:
            peers = peers_there
        self._era, self._in_tables = era, found.tables
        self._reached, self._away_since, self._stale = 0, None, False
        where = "the tables" if found.tables else "Redis"
        logger.info("Claims are taken from %s, in era %d.", where, era)
        return peers

    async def open(self, me: Me, slots: Mapping[int, int]) -> None:
        self._hold_still()
        if self._in_tables:
            await self._tables.open(me, slots)
        else:
            await self._asked(me, lambda: self._redis.open(me, slots))
        self._alone = False

    async def move(
        self, me: Me, backs: Sequence[Back], wants: Sequence[Want], rates: Rates
    ) -> list[Grant]:
        self._hold_still()
        if self._in_tables:
            grants = await self._tables.move(me, backs, wants, rates)
        else:
            self._permitted()
            step = self._redis.move
            grants = await self._asked(me, lambda: step(me, backs, wants, rates))
            self._permitted()
        self._hold_still()
        return grants

    async def leave(self, me: Me, backs: Sequence[Back]) -> None:
        if self._in_tables:
            await self._tables.leave(me, backs)
            return
        try:
            await self._redis.leave(me, backs)
        finally:
            await self._tables.run(lambda: membership.bury([me.id]))

    async def aclose(self) -> None:
        await self._redis.aclose()
        await self._tables.aclose()

    async def _enter_redis(self, me: Me, held: Mapping[Key, int]) -> list[Peer] | None:
        """Nobody takes from the tables any more: what they say is what is left."""
        era, member = self._found.era, self._era >= 0
        if self._stale:
            await self._reread()
        slots = {account: count for (account, mode), count in held.items() if not mode}
        alone = self._would_be_alone and not member
        try:
            peers = await self._redis.join(me, slots, alone=alone, era=era)
        except Unreachable:
            await self._turn(tables=True)
            return None
        self._in_redis_of = era
        self._known |= {peer.id for peer in peers}
        return self._seen(me, peers)

    async def _asked(self, me: Me, step: Callable[[], Awaitable[Result]]) -> Result:
        """What Redis answers; turns to the tables if it stays away, or forgot all."""
        began = self._clock()
        while True:
            try:
                answer = await step()
            except Unreachable:
                if self._away_since is None:
                    self._away_since = began
                await self._confirm(me)
                self._hold_still()
                if self._clock() - self._away_since >= AWAY_S:
                    await self._turn(tables=True)
                    self._hold_still()
                    raise
                await asyncio.sleep(LOOK_S)
            except Gone:
                await self._forgotten(me)
                raise
            else:
                self._away_since = None
                return answer

    async def _forgotten(self, me: Me) -> None:
        """Redis has lost this member only, or all it knew: what is left, too."""
        await self._confirm(me)
        self._hold_still()
        living = {peer.id for peer in await self._redis.peers(me)}
        if not living & (self._known - {me.id}):
            await self._turn(tables=True)
            self._hold_still()

    async def _turn(self, *, tables: bool) -> None:
        began, era = self._clock(), self._found.era
        stranger = self._in_redis_of != era
        found = await self._tables.run(
            lambda: eras.turn(era, tables=tables, stranger=stranger)
        )
        self._found = found
        if found.era == era + 1:
            where = "the tables" if tables else "Redis"
            logger.warning(
                "Claims move to %s; asked for in %.1f s.", where, self._clock() - began
            )

    async def _confirm(self, me: Me, there: Set[str] | None = None) -> None:
        """Live on in the tables; raises `Gone` or, after a moment, `Unreachable`."""
        asking = self._confirming
        if asking is None or asking.done():
            asking = asyncio.get_running_loop().create_task(self._ask(me, there))
            asking.add_done_callback(heard)
            self._confirming = asking
        await asyncio.wait({asking}, timeout=CONFIRM_S)
        if not asking.done():
            raise Unreachable("the tables do not answer")
        asking.result()

    async def _ask(self, me: Me, there: Set[str] | None) -> None:
        began, notes, alone = self._clock(), self._notes, self._alone
        reaches = self._reached >= REACHED
        found = await self._tables.run(
            lambda: eras.confirm(me, notes, alone=alone, reaches=reaches, there=there)
        )
        if me.id == self._me:
            self._note(found, began)

    def _note(self, found: Standing, began: float) -> None:
        self._found, self._known = found, found.members
        self._confirmed_at = self._permit_at = began

    def _vouch(self, peers: Sequence[Peer], began: float) -> None:
        """The tables are away: they are not turned to while all are seen in Redis."""
        seen = {peer.id for peer in peers}
        if not self._known <= seen or began - self._confirmed_at > ORPHANS_S:
            raise Unreachable("neither the tables nor all others can be asked")
        self._permit_at = began

    def _permitted(self) -> None:
        if self._clock() - self._permit_at > PERMIT_S:
            raise Unreachable("the tables have not been asked of late")

    def _hold_still(self) -> None:
        if self._era != self._found.era:
            raise Turned("claims move")

    def _seen(self, me: Me, peers: list[Peer]) -> list[Peer]:
        self._alone = any(peer.id == me.id and peer.alone for peer in peers)
        return peers

    async def _look_for_redis(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._redis.ping()
        except (Unreachable, TimeoutError):
            self._reached = 0
        else:
            self._reached += 1


def heard(asking: "asyncio.Task[None]") -> None:
    """Whoever asked may have gone on; a failure is met again by the next."""
    if not asking.cancelled():
        asking.exception()
