"""Runs: one round, or one after another until a limit, one run for a socket at a time.

A run ends with its socket, with the first round that fails, and as soon as its visitor
may no longer be here. Upstream is left at once.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from channels.db import database_sync_to_async
from django.db import DatabaseError

from gateway.errors import GatewayError, Kind
from webui import rates
from webui.access import Visitor
from webui.imagine import frames, references, rounds, wall
from webui.imagine.frames import Frame, Place, Start
from webui.imagine.rounds import Order
from webui.imagine.tiles import Tiles
from webui.models import RoundState

logger = logging.getLogger(__name__)
Say = Callable[[Frame], Awaitable[None]]
Welcome = Callable[[], Awaitable[bool]]
Clock = Callable[[], float]  # seconds

BROKEN = (OSError, RuntimeError)  # what servers raise for a socket that has gone
GONE = GatewayError(
    Kind.INVALID_API_KEY, "The session has ended. Sign in to the Web UI again."
)


class Sitting:
    """What one socket asks for; `welcome` says whether its visitor may go on."""

    def __init__(
        self,
        visitor: Visitor,
        say: Say,
        welcome: Welcome,
        clock: Clock = time.monotonic,
    ) -> None:
        self._visitor = visitor
        self._say = say
        self._welcome = welcome
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self._left = False

    async def hear(self, text: str) -> None:
        """A start ends the run before it."""
        try:
            message = frames.parse(text)
        except GatewayError as error:
            await self.say(Place("").failure(error))
            return
        await self.stop()
        if isinstance(message, Start):
            run = Run(self._visitor, message, self.say, self._welcome, self._clock)
            self._running = asyncio.create_task(run.perform(), name="image run")

    async def say(self, frame: Frame) -> None:
        """A socket that takes no more is going; its end ends the run."""
        if self._left:
            return
        try:
            await self._say(frame)
        except BROKEN as error:
            logger.debug("a socket of the wall broke: %r", error)
            self._left = True

    async def stop(self) -> None:
        """Returns when upstream has been left and the round is written down."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])

    async def leave(self) -> None:
        """The socket is gone: nothing more can be said."""
        self._left = True
        await self.stop()


class Run:
    def __init__(
        self,
        visitor: Visitor,
        start: Start,
        say: Say,
        welcome: Welcome,
        clock: Clock,
    ) -> None:
        self._visitor = visitor
        self._start = start
        self._say = say
        self._welcome = welcome
        self._clock = clock
        self._place = Place(secrets.token_hex(16))

    async def perform(self) -> None:
        """An error ends a run like a status does; nothing of it follows."""
        try:
            async with rates.image_run(self._visitor) as room:
                reason = await self._rounds(room)
            await self._status("completed", reason=reason)
        except GatewayError as error:
            await self._say(self._place.failure(error))
        except asyncio.CancelledError:
            await self._status("stopped")
            raise
        except Exception:
            logger.exception("an image run broke off")
            told = "The gateway met an error of its own; its log says more."
            await self._say(self._place.failure(GatewayError(Kind.INTERNAL, told)))

    async def _rounds(self, room: rates.Place) -> str:
        """Why there are no more: `rounds` or `minutes`. Raises GatewayError."""
        start = self._start
        reference = await references.read(self._visitor, start)
        order = Order(start, self._visitor.id, reference)
        deadline = self._clock() + start.minutes * 60
        for number in range(1, start.rounds + 1):
            if number > 1 and self._clock() >= deadline:
                return "minutes"
            if not await self._welcome():
                raise GONE
            await rates.renew(room)
            await self._round(number, order)
        return "rounds"

    async def _round(self, number: int, order: Order) -> None:
        begin = database_sync_to_async(wall.begin)
        row = await begin(order.owner, self._place.run_id, number, order.start)
        self._place = place = Place(self._place.run_id, number, row.public_id)
        await self._status("running", **self._terms())
        tiles = Tiles(order.start.count)
        ended = wall.Ended(RoundState.STOPPED)
        try:
            async with aclosing(rounds.drawn(order, place, tiles)) as made:
                async for frame in made:
                    await self._say(frame)
            ended = wall.Ended(RoundState(tiles.state), tiles.withheld)
        except GatewayError as error:
            ended = wall.Ended(
                RoundState.FAILED, tiles.withheld, error.code, error.message
            )
            raise
        finally:
            await written(place.round_id, ended)
        await self._say(
            place.frame(
                "round", state=tiles.state, ready=tiles.ready, moderated=tiles.withheld
            )
        )

    async def _status(self, status: str, **more: object) -> None:
        await self._say(self._place.frame("status", status=status, **more))

    def _terms(self) -> Frame:
        """What is really done, for whoever left it to us."""
        start = self._start
        return {
            "mode": "continuous" if start.continuous else "once",
            "aspect_ratio": start.ratio,
            "quality": start.quality,
            "count": start.count,
            "rounds": start.rounds,
        }


async def written(round_id: str, ended: wall.Ended) -> None:
    """A wall that does not know how a round ended is shown all the same."""
    try:
        await database_sync_to_async(wall.end)(round_id, ended)
    except DatabaseError:
        logger.exception("the end of round %s is not written", round_id)
