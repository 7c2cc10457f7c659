"""Claims in Redis: one script a step. The tables keep a copy, written behind.

Windows come into Redis with the first claim on them and live there for two days; the
first member, and one that was alone, begin a new epoch in which nothing is known yet.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, cast

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from accounts.claims import membership, scripts
from accounts.claims.base import (
    LIFE_S,
    Back,
    Gone,
    Grant,
    Key,
    Me,
    Peer,
    Rates,
    Unreachable,
    Want,
)
from accounts.claims.shares import kept_slots, parts
from accounts.claims.telling import PREFIX, TIMEOUT_S, row_of, window_of
from accounts.store.copies import COPIES
from grokgateway.jobs import outbox

Json = dict[str, Any]  # what a script reads, of its own shape


class RedisStore:
    """`prefix` keeps installations on one Redis apart."""

    def __init__(self, url: str, prefix: str = PREFIX) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._prefix = prefix
        self._steps = {
            script: self._redis.register_script(script)
            for script in (
                scripts.JOIN,
                scripts.RENEW,
                scripts.PEERS,
                scripts.OPEN,
                scripts.MOVE,
                scripts.LEAVE,
            )
        }

    async def join(
        self, me: Me, slots: Mapping[int, int], *, alone: bool, era: int = 0
    ) -> list[Peer]:
        """All that is known of another era is forgotten."""
        card = {
            "name": me.name,
            "place": me.place,
            "pid": me.pid,
            "born": me.born,
            "notes": {},
        }
        wanted = {
            "card": card,
            "alone": alone,
            "life": LIFE_S,
            "slots": used(slots),
            "era": era,
        }
        return self._peers(
            await self._run(scripts.JOIN, me, await self._dead(), wanted)
        )

    async def renew(self, me: Me, notes: Mapping[str, object]) -> list[Peer]:
        wanted = {"life": LIFE_S, "notes": dict(notes)}
        found = await self._run(scripts.RENEW, me, await self._dead(), wanted)
        if not found:
            raise Gone
        return self._peers(found)

    async def peers(self, me: Me) -> list[Peer]:
        return self._peers(await self._run(scripts.PEERS, me, [], {}))

    async def open(self, me: Me, slots: Mapping[int, int]) -> None:
        if not await self._run(scripts.OPEN, me, [], {"slots": used(slots)}):
            raise Gone

    async def move(
        self, me: Me, backs: Sequence[Back], wants: Sequence[Want], rates: Rates
    ) -> list[Grant]:
        wanted = {
            "backs": [back_of(back) for back in backs],
            "wants": [want_of(want) for want in wants],
            "limit": rates.limit,
            "by_quota": rates.by_quota,
            "kept_slots": kept_slots(rates),
            "parts": parts(rates),
        }
        text = await self._run(scripts.MOVE, me, [], wanted)
        if not text:
            raise Gone
        found = orjson.loads(str(text))
        for account, mode, window in listed(found["touched"]):
            told = (int(account), row_of(mode, window))
            outbox.current().put(COPIES, told)
        return [
            Grant(
                want.account,
                want.window.mode,
                units,
                slots,
                row_of(want.window.mode, window),
                busy,
            )
            for want, (units, slots, busy, window) in zip(
                wants, listed(found["grants"]), strict=True
            )
        ]

    async def leave(self, me: Me, backs: Sequence[Back]) -> None:
        await self.move(me, backs, (), Rates(1, 0, by_quota=True))
        await outbox.current().flush()  # who is first after us reads the tables
        await self._run(scripts.LEAVE, me, [], {})

    async def look(self, me: Me) -> None:
        """There is nothing else to take claims from."""

    async def follow(self, me: Me, held: Mapping[Key, int]) -> list[Peer] | None:
        return await self.peers(me)

    async def ping(self) -> None:
        await self._ask(self._redis.time())

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _dead(self) -> list[str]:
        """Members on this host whose process is gone."""
        cards = await self._ask(self._redis.hgetall(f"{self._prefix}m"))
        here, dead = membership.place(), []
        for member, text in cast(Mapping[str, str], cards).items():  # a hash
            card = orjson.loads(text)
            born = membership.birth(card["pid"])
            if here and card["place"] == here and born != card["born"]:
                dead.append(member)
        return dead

    async def _run(
        self, script: str, me: Me, dead: Sequence[str], wanted: Json
    ) -> object:
        arguments = orjson.dumps({"me": me.id, "dead": list(dead), **wanted}).decode()
        step = self._steps[script](keys=[self._prefix], args=[arguments])
        return await self._ask(step)

    async def _ask(self, answer: Awaitable[object]) -> object:
        try:
            return await answer
        except ResponseError as error:  # the server's own words hold no address
            raise Unreachable(str(error)) from error
        except (RedisError, OSError) as error:
            raise Unreachable(type(error).__name__) from error

    def _peers(self, found: object) -> list[Peer]:
        texts = cast(Sequence[str], found)  # id, card, id, card, ...
        peers = []
        for member, text in zip(texts[::2], texts[1::2], strict=True):
            card = orjson.loads(text)
            notes = card["notes"] or {}
            peers.append(Peer(member, card["name"], card["alone"], notes))
        return peers


def used(slots: Mapping[int, int]) -> dict[str, int]:
    return {str(account): count for account, count in slots.items() if count > 0}


def listed(value: object) -> list[Any]:  # Any: a list of the script's own shape
    """An empty table of Lua arrives as an object."""
    return list(value) if isinstance(value, list) else []


def back_of(back: Back) -> Json:
    return {
        "account": str(back.account),
        "mode": back.mode,
        "count": back.count,
        "kept": back.kept,
        "reset": f"{back.reset_at:.6f}",
    }


def want_of(want: Want) -> Json:
    return {
        "account": str(want.account),
        "mode": want.window.mode,
        "window": window_of(want.window, in_hand=want.free_units),
        "units": want.units,
        "slots": want.slots,
        "spare_units": want.spare_units,
        "spare_slots": want.spare_slots,
        "held_units": want.held_units,
        "held_slots": want.held_slots,
        "free_units": want.free_units,
        "free_slots": want.free_slots,
    }
