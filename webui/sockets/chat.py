"""`/webui/ws/chat`: what a page says, to `chat.sitting` and back."""

import asyncio
import contextlib
import logging

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from webui import access
from webui.access import Visitor
from webui.chat.frames import Frame
from webui.chat.sitting import SignedOut, Sitting
from webui.sockets import floor

logger = logging.getLogger(__name__)

SIGNED_OUT, RESTARTING = 4401, 4012  # daphne refuses codes below 3000
BROKEN = (OSError, RuntimeError)  # what servers raise for a socket that has gone


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # channels has no types
    sitting: Sitting | None = None
    speaking: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        self.sitting = Sitting(self.say, self.welcome)
        self.speaking = asyncio.create_task(self.speak(self.sitting))
        floor.current().join(self)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.sitting is not None:
            await self.sitting.hear(text_data or "")

    async def disconnect(self, code: int) -> None:
        floor.current().leave(self)
        if self.speaking is not None:
            self.speaking.cancel()
        if self.sitting is not None:
            await self.sitting.leave()

    async def speak(self, sitting: Sitting) -> None:
        """A socket that takes no more is as good as gone."""
        try:
            await sitting.speak()
        except SignedOut:
            await self.close(SIGNED_OUT)
        except BROKEN as error:
            logger.debug("a chat socket broke: %r", error)
        finally:
            await sitting.leave()

    async def finish(self) -> None:
        """The process ends: once its turns are over, the page is to look elsewhere."""
        if self.sitting is not None:
            await self.sitting.quiet()
        with contextlib.suppress(*BROKEN):
            await self.close(RESTARTING)

    async def say(self, frame: Frame) -> None:
        await self.send(text_data=orjson.dumps(frame).decode())

    async def welcome(self) -> Visitor | None:
        """Who this is by now: keys change, and staff signs out."""
        return await access.visitor_of(self.scope) if access.enabled() else None
