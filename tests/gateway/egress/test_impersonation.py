"""Calls and sockets as a browser makes them; where the optional package is there."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.egress.nodes import Scope
from gateway.errors import UpstreamFailure
from gateway.upstream import calls, impersonation, pool, websocket
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.impersonator import Impersonator
from gateway.upstream.limits import Limits
from gateway.upstream.passage import Passage
from gateway.upstream.transport import Transport
from tests.gateway.egress.proxy_servers import PASSWORD, QUOTED, proxy
from tests.gateway.upstream.certificates import HERE, certificate
from tests.gateway.upstream.stand_in import (
    CHUNKED,
    LAST_CHUNK,
    Chosen,
    Peer,
    Request,
    StandIn,
    chunk,
    serving,
    until_gone,
    whole,
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not impersonation.INSTALLED, reason="curl-cffi is not there"),
]

LOGIN = Login("some-token")
LIMITS = Limits(5.0, 5.0, connect_s=2.0)
SCHEMES = ["http", "https", "socks5"]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0"


@pytest.fixture
def vouched(tmp_path, monkeypatch) -> ssl.SSLContext:
    own, authority = certificate(tmp_path, HERE)
    monkeypatch.setattr(pool.HOME, "cacert", str(authority))
    return own


@pytest.fixture(autouse=True)
async def closed(ways) -> AsyncIterator[None]:
    yield
    await pool.current().aclose()


def settings_of(server: StandIn, **changed: object) -> Chosen:
    return server.settings(proxy__egress__impersonate=True, **changed)


def behind(server: StandIn, url: str, **changed: object) -> Chosen:
    named = {"proxy__egress__mode": "single_proxy", "proxy__egress__proxy_url": url}
    return settings_of(server, **named, **changed)


async def asked(
    settings: Chosen, limits: Limits = LIMITS, body: bytes = b"{}"
) -> bytes:
    answer = await calls.post(
        "/x", json_headers(LOGIN, settings), body, settings, limits
    )
    return await calls.whole(answer, 10_000_000)


async def opened(settings: Chosen) -> bytes:
    async with websocket.opened(LOGIN, "/ws", settings):
        return b"it was opened"


async def failed(settings: Chosen, limits: Limits = LIMITS) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        await asked(settings, limits)
    return caught.value


async def hello(peer: Peer, request: Request) -> None:
    await peer.send(whole(b"hello"))


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_a_call_goes_out_with_our_headers_and_no_others(vouched, secure):
    async with serving(hello, vouched if secure else None) as server:
        settings = settings_of(server)
        assert await asked(settings, body=b'{"a":1}') == b"hello"
        assert await asked(settings) == b"hello"
    assert server.connections == 1
    sent = server.requests[0]
    assert sent.body == b'{"a":1}'
    assert sent.header("user-agent") == settings.text("proxy.clearance.user_agent")
    assert sent.header("cookie").startswith("sso=some-token; sso-rw=some-token")
    names = [line.partition(":")[0].lower() for line in sent.head.split("\r\n")[1:]]
    given = {name.decode().lower() for name, _ in json_headers(LOGIN, settings).plain}
    given -= {"priority"}  # browsers send it over HTTP/2 alone, and so does curl
    assert sorted(names) == sorted([*given, "cookie", "host", "content-length"])


async def test_encoded_bodies_are_decoded_once(vouched):
    packed = gzip.compress(b"packed")

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(packed, "Content-Encoding: gzip\r\n"))

    async with serving(answer, vouched) as server:
        assert await asked(settings_of(server)) == b"packed"


async def test_pieces_are_passed_on_as_they_come_and_leaving_cuts_at_once():
    more = asyncio.Event()

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED, chunk(b"one"))
        more.set()
        await until_gone(peer)

    async with serving(answer) as server:
        settings = settings_of(server)
        answered = await calls.post(
            "/x", json_headers(LOGIN, settings), b"{}", settings, LIMITS
        )
        assert await anext(answered) == b"one"
        await answered.aclose()
        async with asyncio.timeout(2):
            await server.gone.wait()


async def test_a_slow_reader_holds_the_sender_back():
    sent = 0

    async def answer(peer: Peer, request: Request) -> None:
        nonlocal sent
        await peer.send(CHUNKED)
        for _ in range(400):
            await peer.send(chunk(bytes(65536)))
            sent += 65536
        await peer.send(LAST_CHUNK)

    async with serving(answer) as server:
        settings = settings_of(server)
        answered = await calls.post(
            "/x", json_headers(LOGIN, settings), b"{}", settings, LIMITS
        )
        size = len(await anext(answered))
        await asyncio.sleep(0.5)
        assert sent < 400 * 65536 / 2
        async for piece in answered:
            size += len(piece)
        assert size == 400 * 65536
        await answered.aclose()


async def test_silence_ends_in_time_and_says_where():
    async def mute(peer: Peer, request: Request) -> None:
        await until_gone(peer)

    async with serving(mute) as server:
        failure = await failed(settings_of(server), Limits(0.2, 0.3, connect_s=0.1))
        assert (failure.cause, failure.sent) == ("no_answer", True)


async def test_a_broken_answer_is_no_whole_one():
    async def half(peer: Peer, request: Request) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        peer.reset()

    async with serving(half) as server:
        failure = await failed(settings_of(server))
        assert (failure.cause, failure.sent) == ("cut", True)


async def test_nobody_at_home_was_never_asked():
    failure = await failed(settings_of(StandIn(9)))
    assert (failure.cause, failure.sent) == ("unreachable", False)


async def test_a_certificate_of_nobody_is_refused(vouched, monkeypatch):
    monkeypatch.setattr(pool.HOME, "cacert", "")
    async with serving(hello, vouched) as server:
        failure = await failed(settings_of(server))
    assert (failure.cause, failure.sent) == ("unreachable", False)
    assert server.requests == []


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_calls_and_sockets_go_through_the_proxy(
    vouched, monkeypatch, scheme, secure
):
    monkeypatch.setenv("NO_PROXY", "*")
    tls = vouched if secure else None
    carrier_tls = vouched if scheme == "https" else None

    async def talk(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.send(b"bytes")
        async for message in connection:
            await connection.send(message)

    async with serving(hello, tls) as server, proxy(scheme, carrier_tls) as carrier:
        settings = behind(server, carrier.url())
        for _ in range(2):
            assert await asked(settings) == b"hello"
        assert carrier.led == [f"127.0.0.1:{server.port}"]
        assert server.connections == len(carrier.ports) == 1
        async with serve(talk, "127.0.0.1", 0, ssl=tls, max_size=None) as listener:
            port = listener.sockets[0].getsockname()[1]
            settings = behind(StandIn(port, secure=secure), carrier.url())
            async with websocket.opened(LOGIN, "/ws", settings) as opened_one:
                assert await opened_one.receive(2.0) == "hello"
                assert await opened_one.receive(2.0) == b"bytes"
                long = "words " * 200_000
                await opened_one.send(long, 5.0)
                assert await opened_one.receive(5.0) == long
                with pytest.raises(TimeoutError):
                    await opened_one.receive(0.05)
        assert carrier.led[1:] == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    ("scheme", "broken", "cause"),
    [
        ("http", "password", "proxy_auth"),
        ("https", "password", "proxy_auth"),
        ("socks5", "password", "proxy_auth"),
        ("http", "status 503", "proxy_no_route"),
        ("http", "status 403", "proxy_refused"),
        ("http", "reset", "proxy_reset"),
        ("socks5", "refused", "proxy_no_route"),
        ("http", "gone", "proxy_unreachable"),
        ("http", "hang", "proxy_timeout"),
    ],
)
@pytest.mark.parametrize("way", ["call", "socket"])
async def test_what_a_proxy_does_wrong_is_named(
    vouched, ways, monkeypatch, caplog, scheme, broken, cause, way
):
    monkeypatch.setattr(websocket, "CONNECT_S", 1.0)
    caplog.set_level(0)
    password = f"{QUOTED}-wrong" if broken == "password" else QUOTED
    tls = vouched if scheme == "https" else None
    async with serving(hello) as server, proxy(scheme, tls, broken) as carrier:
        if broken == "password":
            carrier.broken = ""
        if broken == "gone":
            carrier.port = 9
        settings = behind(server, carrier.url(password=password))
        going = asked(settings, Limits(5.0, 5.0, connect_s=1.0))
        if way == "socket":
            going.close()
            going = opened(settings)
        with pytest.raises(UpstreamFailure) as caught:
            await going
    assert (caught.value.cause, caught.value.sent) == (cause, False)
    assert server.connections == 0
    assert ways.health["single"].last_error == cause
    for text in (caplog.text, repr(caught.value.__cause__)):
        assert PASSWORD not in text
        assert QUOTED not in text


async def test_a_socket_that_is_closed_over_there_is_closed_here():
    async def talk(connection: ServerConnection) -> None:
        await connection.send("last")

    async with serve(talk, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with websocket.opened(
            LOGIN, "/ws", settings_of(StandIn(port))
        ) as opened_one:
            assert await opened_one.receive(2.0) == "last"
            with pytest.raises(websocket.Closed):
                await opened_one.receive(2.0)
            with pytest.raises(websocket.Closed):
                await opened_one.send("more", 2.0)


async def test_a_refused_upgrade_is_told_by_its_status():
    async def refuse(peer: Peer, request: Request) -> None:
        head = "cf-mitigated: challenge\r\n"
        await peer.send(whole(b"<html>", head, status="403 Forbidden"))

    async with serving(refuse) as server:
        with pytest.raises(UpstreamFailure) as caught:
            async with websocket.opened(LOGIN, "/ws", settings_of(server)):
                raise AssertionError("it was opened")
    assert (caught.value.cause, caught.value.status) == ("challenge", 403)


@dataclass
class Greetings:
    """The suites that clients offer, without those that only keep servers awake."""

    offered: list[list[int]] = field(default_factory=list)
    protocols: list[bytes] = field(default_factory=list)

    def take(self, hello: bytes) -> None:
        at = 5 + 4 + 2 + 32  # record, message, version, random
        at += 1 + hello[at]
        size = int.from_bytes(hello[at : at + 2])
        suites = hello[at + 2 : at + 2 + size]
        pairs = [int.from_bytes(suites[n : n + 2]) for n in range(0, size, 2)]
        self.offered.append([one for one in pairs if one & 0x0F0F != 0x0A0A])


@asynccontextmanager
async def greeting() -> AsyncIterator[tuple[StandIn, Greetings]]:
    heard = Greetings()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        heard.take(head + await reader.readexactly(int.from_bytes(head[3:5])))
        writer.transport.abort()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield StandIn(server.sockets[0].getsockname()[1], secure=True), heard


async def both(settings: Chosen) -> None:
    await failed(settings)
    with pytest.raises(UpstreamFailure):
        async with websocket.opened(LOGIN, "/ws", settings):
            raise AssertionError("it was opened")


async def test_calls_and_sockets_greet_as_one_browser_and_not_as_python():
    async with greeting() as (server, heard):
        await both(settings_of(server))
        await both(settings_of(server, proxy__clearance__user_agent=FIREFOX))
        await both(server.settings())
    chrome, chrome_socket, firefox, firefox_socket, python, _ = heard.offered
    assert chrome == chrome_socket
    assert firefox == firefox_socket
    assert len({tuple(one) for one in (chrome, firefox, python)}) == 3


async def test_the_profile_is_part_of_what_connections_are_shared_by(ways):
    server = StandIn(9)
    agents = {"chrome136": {}, "firefox144": {"proxy__clearance__user_agent": FIREFOX}}
    for name, changed in agents.items():
        settings = settings_of(server, **changed)
        channel = pool.current().channel(settings)
        target = channel.hosts.base("/")
        way = await Passage(target, LOGIN, Scope.CHAT, settings, LIMITS).way()
        assert way.key.profile == name
        assert isinstance(way.transport, Impersonator)
    off = server.settings()
    channel = pool.current().channel(off)
    way = await Passage(channel.hosts.base("/"), LOGIN, Scope.CHAT, off, LIMITS).way()
    assert isinstance(way.transport, Transport)
