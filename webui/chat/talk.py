"""What one socket says: frames joined, in order, no more than its reader takes.

Deltas of a turn that come close together leave as one frame. A turn waits while much is
unsent, so that a slow reader costs no memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from webui.chat.frames import Frame

JOIN_S = 0.03
PING_S = 20.0
MOST_CHARS = 256 * 1024  # unsent
MOST_JOINED = 32 * 1024
DELTAS = frozenset({"text", "reasoning"})
Send = Callable[[Frame], Awaitable[None]]
Idle = Callable[[], Awaitable[None]]


class Talk:
    """`idle` is called before every ping; what it raises ends the talk."""

    def __init__(self, send: Send, idle: Idle) -> None:
        self._send = send
        self._idle = idle
        self._waiting: list[Frame] = []
        self._chars = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def say(self, frames: Sequence[Frame]) -> None:
        """Returns at once unless too much is waiting."""
        for frame in frames:
            self.add(frame)
        if self._chars > MOST_CHARS:
            self._room.clear()
        await self._room.wait()

    async def speak(self) -> None:
        """Send what there is, for ever; a ping where there was nothing."""
        while True:
            try:
                async with asyncio.timeout(PING_S):
                    await self._news.wait()
            except TimeoutError:
                await self._idle()
                await self._send({"type": "ping"})
                continue
            frames, self._waiting, self._chars = self._waiting, [], 0
            self._news.clear()
            for frame in frames:
                await self._send(frame)
            self._room.set()
            await asyncio.sleep(JOIN_S)

    def add(self, frame: Frame) -> None:
        """The same for one frame of whoever may not wait."""
        self._news.set()
        last = self._waiting[-1] if self._waiting else {}
        text = frame.get("text")
        if not isinstance(text, str) or frame["type"] not in DELTAS:
            self._waiting.append(frame)
            return
        self._chars += len(text)
        said = last.get("text")
        same = (last.get("type"), last.get("id")) == (frame["type"], frame["id"])
        if same and isinstance(said, str) and len(said) < MOST_JOINED:
            last["text"] = said + text
        else:
            self._waiting.append(frame)
