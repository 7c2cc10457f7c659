import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.bench.load import Load
from gateway.bench.work import Leg, Work

pytestmark = pytest.mark.e2e


def reply(*frames: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(f), f) for f in (*frames, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks


def delta(text: str, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


WHOLE = reply(delta("one "), delta("two", "stop"), b"data: [DONE]\n\n")


@asynccontextmanager
async def answering(raw: bytes):
    """A server that gives this reply to every request; yields a leg to it."""

    async def serve(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            await reader.readexactly(length)
            writer.write(raw)

    async def quietly(reader, writer):
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    try:
        yield Leg("gateway", server.sockets[0].getsockname()[1], "chat", key="k")
    finally:
        server.close()
        await asyncio.sleep(0.01)


def work(*legs: Leg) -> Work:
    return Work(
        legs, 4, tokens=2, stream=True, requests=20, expected="one two", verify_every=1
    )


async def test_every_reply_is_verified_and_counted():
    async with answering(WHOLE) as leg:
        (found,) = await Load(work(leg)).run()
    assert (found.completed, found.verified, found.failed) == (20, 20, 0)
    assert found.first_p99_ms > 0
    assert found.tokens_per_s == pytest.approx(2 * found.requests_per_s)


async def test_two_legs_take_turns():
    async with answering(WHOLE) as one, answering(WHOLE) as other:
        found = await Load(work(one, replace(other, name="other"))).run()
    assert [leg.completed for leg in found] == [10, 10]


async def test_wrong_content_is_a_fault():
    async with answering(reply(delta("one", "stop"), b"data: [DONE]\n\n")) as leg:
        (found,) = await Load(work(leg)).run()
    assert (found.completed, found.failed) == (0, 20)
    assert "wrong content" in next(iter(found.faults))


async def test_a_broken_target_ends_the_run():
    async with answering(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n") as leg:
        (found,) = await Load(replace(work(leg), requests=0, seconds=60)).run()
    assert found.completed == 0
    assert found.failed > 200


async def test_a_timed_run_ends_by_itself():
    async with answering(WHOLE) as leg:
        (found,) = await Load(replace(work(leg), requests=0, seconds=0.3)).run()
    assert found.completed > 0
    assert found.elapsed_s == 0.3
