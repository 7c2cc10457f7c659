"""What strangers' servers see of us, over real sockets (a local one stands for them).

Every name is on the open internet here and leads to the local server; the policy itself
is the product's own.
"""

import asyncio
import gzip
import ssl
import tracemalloc
import zlib

import httpx
import pytest
from cryptography import x509

from gateway.attachments import gather
from gateway.conversation.requests import Attachment, Conversation, Message, Role
from gateway.errors import GatewayError, Kind
from gateway.upstream import fetch
from gateway.upstream.network import Internet, Make
from gateway.upstream.transport import Transport
from gateway.upstream.wire import Connection
from tests.gateway.upstream.certificates import certificate
from tests.gateway.upstream.made_up_web import Loopback, through
from tests.gateway.upstream.stand_in import (
    CHUNKED,
    Chosen,
    Peer,
    Request,
    chunk,
    serving,
    whole,
)

PNG = b"\x89PNG\r\n\x1a\n and more"
MIB = 1024 * 1024
LIMITS = {
    "limits__attachments": 8,
    "limits__file_mb": 25,
    "limits__attachments_mb": 64,
    "proxy__clearance__cf_cookies": "cf_clearance=secret-clearance",
}


async def gathered(url: str):
    message = Message(Role.USER, (Attachment(url, "image", path="m"),))
    return await gather(Conversation("m", (message,)), Chosen(**LIMITS))


async def refused(url: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await gathered(url)
    return caught.value


async def test_no_cookie_reaches_a_host_that_a_caller_names():
    async def answer(peer: Peer, request: Request) -> None:
        if "/moved" in request.head:
            await peer.send(whole(b"", "Location: /there.png\r\n", "302 Found"))
        else:
            cookie = "Set-Cookie: a=b\r\nContent-Type: image/png\r\n"
            await peer.send(whole(PNG, cookie))

    async with serving(answer) as server:
        with through(Loopback(server.port)):
            for path in ("a.png", "moved", "a.png"):
                assert len(await gathered(f"http://pictures.example/{path}")) == 1
        assert len(server.requests) == 4
        for request in server.requests:
            names = [
                line.partition(":")[0].lower() for line in request.head.split("\r\n")
            ][1:]
            assert sorted(names) == [
                *("accept", "accept-encoding", "connection", "host", "user-agent"),
            ]
            assert "secret" not in request.head
            assert request.header("host") == "pictures.example"
        assert server.connections == 4


async def test_a_slow_drip_is_cut_when_its_time_is_up(monkeypatch):
    monkeypatch.setattr(fetch, "TOTAL_S", 0.3)

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED)
        while True:
            await peer.send(chunk(b"x"), pause_s=0.02)

    async with serving(answer) as server:
        with through(Loopback(server.port)):
            async with asyncio.timeout(2):
                error = await refused("http://drip.example/")
                await server.gone.wait()
    assert error.kind is Kind.INVALID_ATTACHMENT
    assert "in time" in error.message


async def test_silence_is_cut_when_its_time_is_up(monkeypatch):
    monkeypatch.setattr(fetch, "TOTAL_S", 0.2)

    async def answer(peer: Peer, request: Request) -> None:
        await asyncio.sleep(60)

    async with serving(answer) as server:
        with through(Loopback(server.port)):
            async with asyncio.timeout(2):
                error = await refused("http://silent.example/")
    assert error.kind is Kind.INVALID_ATTACHMENT


async def test_the_network_of_the_product_looks_up_and_connects():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(PNG))

    async def dial(
        make: Make, name: str, port: int, tls: ssl.SSLContext | None
    ) -> Connection:
        found = await internet.resolve(name, port)
        assert set(found) <= {"127.0.0.1", "::1"}
        return await internet.connect(make, "127.0.0.1", port, tls, name)

    internet = Internet()
    async with serving(answer) as server, Transport(dial=dial) as transport:
        request = httpx.Request("GET", f"http://localhost:{server.port}/")
        response = await transport.handle_async_request(request)
        assert await response.aread() == PNG


async def test_the_certificate_must_be_the_names_though_the_address_is_pinned(tmp_path):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(PNG))

    own, authority = certificate(tmp_path, x509.DNSName("pictures.example"))
    trusting = ssl.create_default_context(cafile=str(authority))
    async with serving(answer, own) as server:
        with through(Loopback(server.port, trusting)):
            assert len(await gathered("https://pictures.example/a.png")) == 1
            error = await refused("https://other.example/a.png")
        with through(Loopback(server.port)):  # and someone must vouch for it
            await refused("https://pictures.example/a.png")
        assert len(server.requests) == 1
    assert error.kind is Kind.INVALID_ATTACHMENT


@pytest.mark.parametrize("declared", [True, False])
async def test_65_mib_are_not_read_to_the_end(declared):
    sent = 0

    async def answer(peer: Peer, request: Request) -> None:
        nonlocal sent
        length = f"Content-Length: {65 * MIB}\r\n" if declared else ""
        await peer.send(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode() + PNG)
        for _ in range(65):
            await peer.send(bytes(MIB))
            sent += 1

    async with serving(answer) as server:
        with through(Loopback(server.port)):
            error = await refused("http://large.example/")
            await server.gone.wait()
    assert error.kind is Kind.TOO_LARGE
    assert sent < 40


async def test_a_gzip_bomb_costs_no_more_than_the_limit():
    bomb = zlib.compressobj(9, wbits=31)
    packed = gzip.compress(PNG) + b"".join(
        bomb.compress(bytes(MIB)) for _ in range(200)
    )

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(packed, "Content-Encoding: gzip\r\n"))

    async with serving(answer) as server:
        with through(Loopback(server.port)):
            tracemalloc.start()
            try:
                error = await refused("http://bomb.example/")
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
    assert error.kind is Kind.TOO_LARGE
    assert peak < 30 * MIB
