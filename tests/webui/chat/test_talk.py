"""What a socket says: joined, in order, bounded."""

import asyncio
import contextlib

import pytest

from webui.chat import talk
from webui.chat.talk import Talk


@contextlib.asynccontextmanager
async def talking(send, idle=None):
    async def nothing():
        return None

    made = Talk(send, idle or nothing)
    task = asyncio.create_task(made.speak())
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def text(said, turn="1", kind="text"):
    return {"type": kind, "id": turn, "text": said}


class Reader:
    """Takes whatever is sent."""

    def __init__(self):
        self.frames: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    async def send(self, frame):
        await self.frames.put(dict(frame))

    async def heard(self, count):
        async with asyncio.timeout(5):
            return [await self.frames.get() for _ in range(count)]


async def test_deltas_that_come_together_leave_together():
    reader = Reader()
    async with talking(reader.send) as made:
        await made.say([text("a"), text("b")])
        await made.say([text("c"), text("d", turn="2"), text("e", kind="reasoning")])
        await made.say([{"type": "finished", "id": "1"}])
        assert await reader.heard(4) == [
            text("abc"),
            text("d", turn="2"),
            text("e", kind="reasoning"),
            {"type": "finished", "id": "1"},
        ]


async def test_a_turn_waits_for_a_reader_that_does_not_read(monkeypatch):
    monkeypatch.setattr(talk, "MOST_CHARS", 10)
    reads = asyncio.Event()

    async def send(_frame):
        await reads.wait()

    async with talking(send) as made:
        await made.say([text("x")])
        await asyncio.sleep(0)
        waiting = asyncio.create_task(made.say([text("y" * 20)]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        reads.set()
        async with asyncio.timeout(5):
            await waiting


async def test_silence_is_filled_after_a_look_at_who_is_there(monkeypatch):
    monkeypatch.setattr(talk, "PING_S", 0.01)
    reader, looks = Reader(), []

    async def idle():
        looks.append("who is there?")

    async with talking(reader.send, idle):
        assert await reader.heard(2) == [{"type": "ping"}] * 2
    assert len(looks) >= 2


async def test_a_visitor_who_may_not_stay_ends_the_talk(monkeypatch):
    monkeypatch.setattr(talk, "PING_S", 0.01)

    async def send(_frame):
        raise AssertionError("nothing is to be said")

    async def idle():
        raise LookupError

    with pytest.raises(LookupError):
        await Talk(send, idle).speak()
