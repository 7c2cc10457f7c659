"""The HTTP/1.1 transport against a scripted server, on both event loops."""

import asyncio

import httpx
import pytest

from gateway.upstream.transport import Transport, serialise
from tests.gateway.upstream.asking import RUNNERS, ask, body_of, collect, read
from tests.gateway.upstream.stand_in import (
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Request,
    StandIn,
    chunk,
    serving,
    until_gone,
    whole,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(params=RUNNERS, ids=["asyncio", "uvloop"])
def run(request):
    return request.param


@pytest.mark.parametrize(
    "reply",
    [
        whole(b"hello", "X-One: 1\r\n"),
        CHUNKED + chunk(b"he") + chunk(b"llo") + LAST_CHUNK,
        b"HTTP/1.1 100 Continue\r\n\r\n" + whole(b"hello"),
        CHUNKED + chunk(b"hello") + b"0\r\nX-Trailer: 1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_it_reads_bodies_however_they_are_cut(run, reply, size):
    async def answer(peer: Peer, request: Request) -> None:
        pieces = [reply[i : i + size] for i in range(0, len(reply), size)]
        await peer.send(*pieces)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            for _ in range(3):
                response = await ask(transport, server)
                assert response.status_code == 200
                assert await read(response) == b"hello"
            assert server.connections == 1

    run(scenario())


def test_it_sends_method_path_headers_and_body(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"ok", "X-Answer: yes\r\n"))

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            big = b"x" * 300_000
            request = httpx.Request(
                "POST", server.url + "/p?q=1", headers={"X-A": "b"}, content=big
            )
            response = await transport.handle_async_request(request)
            await read(response)
            seen = server.requests[0]
            assert seen.head.startswith("POST /p?q=1 HTTP/1.1\r\n")
            assert seen.header("host") == f"127.0.0.1:{server.port}"
            assert seen.header("x-a") == "b"
            assert seen.body == big
            assert response.headers["x-answer"] == "yes"

    run(scenario())


def test_it_works_below_a_stock_client_too(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b'{"a":1}', "Set-Cookie: s=1\r\n"))

    async def parts():
        yield b"first "
        yield b"second"

    async def scenario() -> None:
        async with serving(answer) as server:
            async with httpx.AsyncClient(transport=Transport()) as client:
                response = await client.post(server.url, content=parts())
                assert response.json() == {"a": 1}

    run(scenario())


def test_a_body_without_length_ends_with_the_connection(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it", pause_s=0.01)
        peer.writer.close()

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            for _ in range(2):
                assert await read(await ask(transport, server)) == b"all of it"
            assert server.connections == 2

    run(scenario())


def test_waiting_pieces_are_joined(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + b"".join(chunk(b"tok") for _ in range(50)))
        await asyncio.sleep(0.05)
        await peer.send(chunk(b"end") + LAST_CHUNK)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            response = await ask(transport, server)
            pieces = [piece async for piece in body_of(response)]
            assert pieces == [b"tok" * 50, b"end"]

    run(scenario())


def test_a_slow_reader_holds_the_sender_back(run):
    sent = 0

    async def answer(peer: Peer, request: Request) -> None:
        nonlocal sent
        await peer.send(CHUNKED)
        for _ in range(512):
            await peer.chunk(b"x" * 65_536)
            sent += 65_536
        await peer.send(LAST_CHUNK)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            response = await ask(transport, server)
            await asyncio.sleep(0.3)
            held = sent
            assert held < 20 * 1024 * 1024
            pieces = [piece async for piece in body_of(response)]
            assert sum(map(len, pieces)) == 512 * 65_536
            assert max(map(len, pieces)) < 1024 * 1024
            assert await read(await ask(transport, server))
            assert server.connections == 1

    run(scenario())


@pytest.mark.parametrize("cut", ["reset", "close"])
def test_a_break_in_the_body_is_an_error_after_what_came(run, cut):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(b"half"))
        await asyncio.sleep(0.05)
        if cut == "reset":
            sock = peer.writer.get_extra_info("socket")
            sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: send RST
        peer.reset()

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            response = await ask(transport, server)
            body = body_of(response)
            assert await anext(body) == b"half"
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await anext(body)

    run(scenario())


def test_silence_before_the_head_times_out(run):
    async def answer(peer: Peer, request: Request) -> None:
        await until_gone(peer)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            with pytest.raises(httpx.ReadTimeout):
                await ask(transport, server, timeout={"read": 0.1})
            async with asyncio.timeout(1):
                await server.gone.wait()

    run(scenario())


def test_silence_in_the_body_times_out_but_a_drip_does_not(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED, *[chunk(b".") for _ in range(8)], pause_s=0.04)
        await until_gone(peer)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            response = await ask(transport, server, timeout={"read": 0.15})
            seen: list[bytes] = []
            with pytest.raises(httpx.ReadTimeout):
                await collect(response, seen)
            assert b"".join(seen) == b"." * 8

    run(scenario())


def test_a_drip_ends_at_the_deadline(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED, *[chunk(b".") for _ in range(100)], pause_s=0.02)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            started = asyncio.get_running_loop().time()
            response = await ask(transport, server, deadline=started + 0.2)
            with pytest.raises(httpx.ReadTimeout):
                await collect(response, [], pause_s=0.03)
            assert asyncio.get_running_loop().time() - started < 1

    run(scenario())


@pytest.mark.parametrize("phase", ["before the head", "in the body"])
def test_cancelling_hangs_up_at_once(run, phase):
    async def answer(peer: Peer, request: Request) -> None:
        if phase == "in the body":
            await peer.send(CHUNKED + chunk(b"x"))
        await until_gone(peer)

    async def use(transport: Transport, server: StandIn) -> None:
        response = await ask(transport, server)
        try:
            await read(response)
        finally:
            await body_of(response).aclose()

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            task = asyncio.create_task(use(transport, server))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(1):
                await server.gone.wait()

    run(scenario())


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-nothing\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: aaaaaaaaaaaa\r\n" * 6_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
        b"Connection: upgrade\r\n\r\n",
    ],
    ids=["no http", "long header", "endless header", "many headers", "upgrade"],
)
def test_a_senseless_head_is_refused(run, reply):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(reply)
        await until_gone(peer)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(transport, server, timeout={"read": 5})

    run(scenario())


def test_nobody_listening_is_a_connect_error(run):
    async def scenario() -> None:
        async with serving(lambda *_: asyncio.sleep(0)) as server:
            pass
        async with Transport() as transport:
            with pytest.raises(httpx.ConnectError):
                await ask(transport, server)

    run(scenario())


def test_a_line_break_in_a_header_is_refused():
    request = httpx.Request("GET", "http://x/", headers=[(b"a", b"b\r\nc: d")])
    with pytest.raises(httpx.LocalProtocolError):
        serialise(request)
