"""Two gateways beside each other, both played by small servers."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from gateway.bench import targets, versus
from gateway.bench.targets import Unusable
from gateway.bench.versus import Compared, Found, Options

pytestmark = pytest.mark.e2e


def answered(text, *, stream, status=b"200 OK"):
    if stream:
        chunk = json.dumps({"choices": [{"delta": {"content": text}}]})
        body = f"data: {chunk}\n\ndata: [DONE]\n\n".encode()
    else:
        body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    return head + body


class Server:
    """Counts requests by whether they stream, and the most at a time."""

    def __init__(self, **behaviour):
        self.asked = []
        self.open = self.most = 0
        self.behaviour = behaviour

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self.answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, head, reader, writer):
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        stream = json.loads(await reader.readexactly(length))["stream"]
        self.asked.append(stream)
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self.behaviour.get("takes_s", 0.0))
        self.open -= 1
        broken = len(self.asked) > self.behaviour.get("good", 10**6)
        status = b"500 Broken" if broken else self.behaviour.get("status", b"200 OK")
        writer.write(answered("one two", stream=stream, status=status))


@asynccontextmanager
async def running(**behaviour):
    played = Server(**behaviour)
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield (
            played,
            targets.target("theirs", f"http://127.0.0.1:{port}", "m", "sk-key"),
        )
    finally:
        server.close()
        await asyncio.sleep(0.01)


OPTIONS = Options("", rounds=2, requests=6, at_once=3)


async def test_both_get_the_same_bounded_load():
    async with running() as (mine, ours), running(takes_s=0.01) as (other, theirs):
        found = await versus.compared(ours, theirs, OPTIONS, lambda _: None)
    once_each = 1 + OPTIONS.rounds * OPTIONS.requests * 3  # and one to try it out
    assert len(mine.asked) == len(other.asked) == once_each
    assert other.most == OPTIONS.at_once
    assert [len(one.figures) for one in found] == [4, 4, 4]
    for one in found:
        slow = next(pair for name, pair in one.figures.items() if "p50" in name)
        assert slow[1] > slow[0]
        assert one.figures["tokens/s, counted as words"][0] > 0


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ({"status": b"401 No"}, "refuses the key of BENCH_THEIR_KEY"),
        ({"status": b"404 No"}, "nothing answers at"),
        ({"status": b"503 No"}, "503"),
    ],
)
async def test_a_target_that_refuses_is_told_before_any_load(behaviour, told):
    async with running() as (mine, ours), running(**behaviour) as (other, theirs):
        with pytest.raises(Unusable, match=told):
            await versus.compared(ours, theirs, OPTIONS, lambda _: None)
    assert (len(mine.asked), len(other.asked)) == (1, 1)


async def test_a_target_that_breaks_under_load_ends_the_run_soon():
    async with running() as (_, ours), running(good=4) as (other, theirs):
        with pytest.raises(Unusable, match="failed: 500"):
            await versus.compared(ours, theirs, OPTIONS, lambda _: None)
    assert len(other.asked) <= 4 + versus.FAULTS_LIMIT + OPTIONS.at_once


async def test_nobody_there():
    async with running() as (_, ours):
        theirs = targets.target("theirs", "http://127.0.0.1:1", "m", "")
        with pytest.raises(Unusable, match="cannot be reached"):
            await versus.compared(ours, theirs, OPTIONS, lambda _: None)


def test_the_table_shows_both_and_their_ratio():
    shown = versus.table([Compared("Streams", {"requests/s": (50.0, 20.0)})])
    assert shown.splitlines()[1].split() == ["requests/s", "50.0", "20.0", "0.40"]


def test_rates_are_per_second_of_the_whole_measurement():
    found = Found(took_s=2.0, words=300, first_ms=[1.0], total_ms=[5.0, 7.0])
    assert found.figures(stream=True)["tokens/s, counted as words"] == 150.0
    assert found.figures(stream=False)["requests/s"] == 1.0
