"""How the processes that serve share the limits of keys, without asking per request.

Alone, a process holds all there is. With others it takes slices and gives back what was
idle for a beat; only a request that finds nothing in hand waits, together with all
others of its key, and 1.2 s at most.
"""

import asyncio
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec

from django.db import Error, close_old_connections, transaction

from gateway.errors import GatewayError, Kind
from gateway.keys import shares
from gateway.keys.cards import KeyCard
from gateway.keys.hands import Short, Want
from gateway.keys.ledger import Ledger, Slot
from gateway.keys.shares import LIFE_S, Me

logger = logging.getLogger(__name__)
BEAT_S = 0.5
PATIENCE_S = 1.2
PAUSE_S = 0.15
DENIED_S = 1.0
RENEW_S = 10.0
MARGIN_S = 5.0
Waiting = Mapping[int, int]
P = ParamSpec("P")


class Sharing:
    """Of one process; `ledger` is what its requests spend from."""

    def __init__(self, ledger: Ledger, me: Me | None = None) -> None:
        ledger.shared = True
        self._ledger = ledger
        self._me = me or Me()
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[int] = Counter()
        self._denied: dict[int, float] = {}
        self._renewed = -math.inf
        self._away = False

    async def enter(self, card: KeyCard) -> Slot:
        """As `Ledger.enter`; waits for the tables if nothing is in hand."""
        try:
            return self._ledger.enter(card)
        except Short:
            pass
        self._waiting[card.id] += 1
        try:
            async with self._locks[card.id]:
                return await self._obtained(card)
        finally:
            self._waiting[card.id] -= 1

    async def _obtained(self, card: KeyCard) -> Slot:
        clock = asyncio.get_running_loop().time
        until, asked = clock() + PATIENCE_S, False
        while True:
            try:
                return self._ledger.enter(card)
            except Short as short:
                denied = clock() < self._denied.get(card.id, -math.inf)
                if denied:
                    raise short.refusal from None
                if asked and (not short.others or clock() > until):
                    self._denied[card.id] = clock() + DENIED_S
                    raise short.refusal from None
            if asked:
                await asyncio.sleep(PAUSE_S)
            await self._ask(card)
            asked = True

    async def _ask(self, card: KeyCard) -> None:
        try:
            await stored(self.step, [card], dict(self._waiting))
        except Error as error:
            raise GatewayError(
                Kind.NO_ACCOUNT,
                "The limits of this API key cannot be checked at the moment.",
                retry_after_s=1,
            ) from error

    async def beat(self, cards: Sequence[KeyCard]) -> None:
        if not cards:
            return
        try:
            await stored(self.step, cards, {})
        except Error as error:
            if not self._away:
                logger.warning("Limits cannot be shared: %s", type(error).__name__)
            self._away = True
        else:
            self._away = False

    async def leave(self) -> None:
        self._ledger.shared = False
        if self._ledger.member:
            await stored(self.give_up)

    def step(self, cards: Sequence[KeyCard], waiting: Waiting) -> None:
        """One transaction: live on, let go of what is idle, take what is wanted."""
        with self._ledger.storing, transaction.atomic():
            self._step(cards, waiting)

    def _step(self, cards: Sequence[KeyCard], waiting: Waiting) -> None:
        ledger = self._ledger
        moment = ledger.moment()
        lost = moment.steady > ledger.valid_until and bool(ledger.member)
        if renew := lost or moment.steady - self._renewed >= RENEW_S:
            self._renewed = moment.steady
        others = shares.attend(self._me, renew=renew)
        give_all = lost or (ledger.sole and others > 0)
        wants: dict[int, list[Want]] = {}
        for card in cards:
            hand, count = ledger.meter(card.id).hand, waiting.get(card.id, 0)
            give = others > 0 and not count
            stated, given = ledger.meter(card.id).state(
                card.limits, moment, waiting=count, give=give, give_all=give_all
            )
            full = None if others else (card.limits, moment.day)
            if given or count or lost or hand.full != full:
                wants[card.id] = stated
        for key, granted in shares.move(self._me, wants, others).items():
            ledger.meter(key).take(wants[key], granted)
        for card in cards:
            full = None if others else (card.limits, moment.day)
            ledger.meter(card.id).hand.full = full
        ledger.sole = others == 0
        ledger.valid_until = self._renewed + LIFE_S - MARGIN_S
        ledger.member = self._me.id

    def give_up(self) -> None:
        """Once nothing is spent any more."""
        ledger = self._ledger
        moment = ledger.moment()
        with ledger.storing, transaction.atomic():
            others = shares.attend(self._me, renew=False)
            shares.leave(self._me, ledger.in_minute(moment), others)
        ledger.member = ""


async def stored(
    function: Callable[P, None], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Run a step in a thread that nothing else waits for."""

    def step() -> None:
        try:
            function(*args, **kwargs)
        finally:
            close_old_connections()

    await asyncio.to_thread(step)
