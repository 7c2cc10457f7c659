"""`/webui/api/imagine/ws`: what a page or a script says, to `imagine.runs` and back."""

import contextlib

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from webui import access
from webui.imagine.frames import Frame
from webui.imagine.runs import BROKEN, Sitting
from webui.sockets import floor
from webui.sockets.gate import token_of

RESTARTING = 4012  # daphne refuses codes below 3000


class ImagineConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # channels has no types
    sitting: Sitting | None = None

    async def connect(self) -> None:
        await self.accept()
        self.sitting = Sitting(self.scope["visitor"], self.say, self.welcome)
        floor.current().join(self)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.sitting is not None:
            await self.sitting.hear(text_data or "")

    async def disconnect(self, code: int) -> None:
        floor.current().leave(self)
        if self.sitting is not None:
            await self.sitting.leave()

    async def finish(self) -> None:
        """The process ends: what is drawn by now stays, the run is over."""
        if self.sitting is not None:
            await self.sitting.stop()
        with contextlib.suppress(*BROKEN):
            await self.close(RESTARTING)

    async def say(self, frame: Frame) -> None:
        await self.send(text_data=orjson.dumps(frame).decode())

    async def welcome(self) -> bool:
        if not access.enabled():
            return False
        found = await access.visitor_of(self.scope, token=token_of(self.scope))
        return found is not None
