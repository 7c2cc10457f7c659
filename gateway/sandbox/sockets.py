"""One WebSocket as an endpoint sees it."""

from dataclasses import dataclass

from gateway.sandbox.calls import Message, Receive, Send
from gateway.sandbox.frames import Frame
from gateway.sandbox.rendering import encode
from gateway.sandbox.state import Recording, State

HALF_CLOSED = {"type": "websocket.close", "code": 1000}
ANSWERS = {
    "http.response.start": "websocket.http.response.start",
    "http.response.body": "websocket.http.response.body",
}


@dataclass(frozen=True, slots=True)
class Way:
    """An upgrade that is refused is answered like any other call."""

    heard: Receive
    said: Send

    async def receive(self) -> Message:
        message = await self.heard()
        gone = message["type"] == "websocket.disconnect"
        return {"type": "http.disconnect"} if gone else message

    async def send(self, message: Message) -> None:
        await self.said({**message, "type": ANSWERS[message["type"]]})

    @property
    def transport(self) -> object:
        return getattr(self.said, "__self__").transport  # noqa: B009 - not in the type


async def say(way: Way, frame: Frame) -> None:
    await say_text(way, encode(frame).decode())


async def say_text(way: Way, text: str) -> None:
    await way.said({"type": "websocket.send", "text": text})


def note(state: State, path: str, text: str) -> None:
    if state.settings.record:
        state.requests.append(Recording("WS", path, "", {}, text))
