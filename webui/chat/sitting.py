"""One page's time on the chat socket: the turns it has going, at most two at once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from gateway.errors import GatewayError, Kind
from webui.access import Visitor
from webui.chat import frames, turns
from webui.chat.frames import BadFrame, Start, failure
from webui.chat.talk import Send, Talk

AT_ONCE = 2
SIGNED_OUT = "The session has ended. Sign in to the Web UI again."
BUSY = f"{AT_ONCE} answers are being written on this page already; wait or stop one."
TWICE = "A turn of this id is going on already."
Welcome = Callable[[], Awaitable[Visitor | None]]


class SignedOut(Exception):
    """The visitor of a socket may no longer be here."""


class Sitting:
    """`welcome` says who the visitor is by now, or that there is none any more."""

    def __init__(self, send: Send, welcome: Welcome) -> None:
        self._talk = Talk(send, self._look)
        self._welcome = welcome
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def speak(self) -> None:
        """Until cancelled, or the socket breaks. Raises SignedOut."""
        await self._talk.speak()

    async def hear(self, text: str) -> None:
        """Never waits for a turn."""
        try:
            said = frames.read(text)
        except BadFrame as bad:
            await self._talk.say((bad.frame,))
            return
        if not isinstance(said, Start):
            self.stop(said.id)
            return
        refused = self._refused(said)
        if refused is not None:
            await self._talk.say((failure(said.id, refused),))
            return
        task = asyncio.create_task(self._perform(said), name="web chat turn")
        self._turns[said.id] = task
        self._idle.clear()
        task.add_done_callback(lambda _done: self._ended(said.id))

    def stop(self, turn_id: str) -> None:
        """The page has had enough: it is told that the turn is over."""
        task = self._turns.get(turn_id)
        if task is not None:
            task.cancel()

    async def leave(self) -> None:
        """The socket is gone. Returns when upstream has been left."""
        going_on = list(self._turns.values())
        for task in going_on:
            task.cancel()
        if going_on:
            await asyncio.wait(going_on)

    async def quiet(self) -> None:
        """Wait for the turns that are going on."""
        await self._idle.wait()

    async def _look(self) -> None:
        if await self._welcome() is None:
            raise SignedOut

    def _refused(self, start: Start) -> GatewayError | None:
        if start.id in self._turns:
            return GatewayError(Kind.INVALID_VALUE, TWICE, param="id")
        if len(self._turns) >= AT_ONCE:
            return GatewayError(Kind.RATE_LIMITED, BUSY, code="too_many_turns")
        return None

    def _ended(self, turn_id: str) -> None:
        del self._turns[turn_id]
        if not self._turns:
            self._idle.set()

    async def _perform(self, start: Start) -> None:
        visitor = await self._welcome()
        if visitor is None:
            error = GatewayError(Kind.INVALID_API_KEY, SIGNED_OUT)
            await self._talk.say((failure(start.id, error),))
            return
        asked = turns.begun(start, visitor)
        try:
            async with aclosing(turns.run(asked)) as batches:
                async for told in batches:
                    await self._talk.say(told)
        except asyncio.CancelledError:
            for frame in turns.broken_off(asked):
                self._talk.add(frame)
            raise
