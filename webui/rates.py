"""How much one visitor may have: chat turns in a minute, image runs and rooms at once.

Each takes a place in the cache that all processes share; a place is given back, or runs
out by itself should its process die. Without a key everybody at one address counts as
one visitor.
"""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

from asgiref.sync import sync_to_async
from django.core.cache import cache

from grokgateway import config
from webui.access import Visitor
from webui.errors import RateExceeded

MINUTE_S = 60
IMAGE_RUN_S = 15 * 60
VOICE_SESSION_S = 15 * 60
SOON_S = 5
BLOCK = 32  # places that are looked at together, beginning anywhere
CHAT, IMAGE, VOICE = "chat", "image", "voice"
OCCUPIED = "voice_session_open"
TURNS = "You have started as many turns as one may in a minute."
RUNS = "As many image runs are going on as one may have at once. Stop one first."
ROOMS = "A voice session is open already. End it first."


@dataclass(frozen=True, slots=True)
class Place:
    """One of a visitor's places, until it is given back or runs out (Unix time).

    That time also tells it from the next one with this name.
    """

    name: str
    until: float


async def chat_turn(visitor: Visitor) -> None:
    """Raises RateExceeded."""
    limit = config.current().number("webui.chat_per_min")
    taken = await sync_to_async(take)(CHAT, visitor, limit, MINUTE_S)
    if isinstance(taken, float):
        raise RateExceeded(TURNS, seconds_until(taken))


@asynccontextmanager
async def image_run(visitor: Visitor) -> AsyncIterator[Place]:
    """A long run has to `renew` its place. Raises RateExceeded."""
    limit = config.current().number("webui.image_runs")
    taken = await sync_to_async(take)(IMAGE, visitor, limit, IMAGE_RUN_S)
    if isinstance(taken, float):
        raise RateExceeded(RUNS, SOON_S)
    try:
        yield taken
    finally:
        await leave(taken)


async def renew(place: Place) -> None:
    """The place of an image run lasts for another while, and is known as before."""
    await sync_to_async(cache.touch)(place.name, IMAGE_RUN_S)


async def voice_session(visitor: Visitor) -> Place:
    """To be given to `leave` when the room is left. Raises RateExceeded."""
    limit = config.current().number("webui.voice_sessions")
    taken = await sync_to_async(take)(VOICE, visitor, limit, VOICE_SESSION_S)
    if isinstance(taken, float):
        raise RateExceeded(ROOMS, seconds_until(taken), code=OCCUPIED)
    return taken


async def leave(place: Place) -> None:
    """Nothing is done about a place that has run out and may be another's."""
    if await held(place):
        await sync_to_async(cache.delete)(place.name)


async def keep(place: Place) -> Place | None:
    """The place of a session that goes on; None if it has run out."""
    if not await held(place):
        return None
    until = time.time() + VOICE_SESSION_S
    await sync_to_async(cache.set)(place.name, until, VOICE_SESSION_S)
    return Place(place.name, until)


async def held(place: Place) -> bool:
    return bool(await sync_to_async(cache.get)(place.name) == place.until)


def take(what: str, visitor: Visitor, limit: int, life_s: int) -> Place | float:
    """A free place, or when the first of those taken will be free (Unix time)."""
    now = time.time()
    who = visitor.address if visitor.kind == "open" else visitor.id
    counted = sha256(f"{what} {who}".encode()).hexdigest()
    until = frees_at = now + life_s
    starts = range(0, limit, BLOCK)
    chosen = secrets.randbelow(len(starts))
    for start in [*starts[chosen:], *starts[:chosen]]:
        block = range(start, min(limit, start + BLOCK))
        names = [f"webui:{counted}:{number}" for number in block]
        taken: dict[str, float] = cache.get_many(names)
        for name in names:
            if name not in taken and cache.add(name, until, life_s):
                return Place(name, until)
        frees_at = min([frees_at, *taken.values()])
    return frees_at


def seconds_until(moment: float) -> int:
    return max(1, round(moment - time.time()))
