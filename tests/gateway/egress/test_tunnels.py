"""Calls through real proxies on loopback: plain and TLS, HTTP and WebSocket."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvloop
from websockets.asyncio.server import ServerConnection, serve

from gateway.egress.binding import account_key
from gateway.egress.nodes import Scope
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import calls, network, pool, websocket
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from gateway.upstream.transport import Transport
from tests.gateway.egress.proxy_servers import PASSWORD, QUOTED, ProxyServer, proxy
from tests.gateway.upstream.certificates import certificate
from tests.gateway.upstream.stand_in import (
    Chosen,
    Peer,
    Request,
    StandIn,
    serving,
    whole,
)

pytestmark = pytest.mark.e2e

LIMITS = Limits(5.0, 5.0, connect_s=2.0)
SCHEMES = ["http", "https", "socks5"]
LOGIN = Login("some-token")


@pytest.fixture
def vouched(tmp_path, monkeypatch) -> ssl.SSLContext:
    """All that the tests serve is trusted, by whatever name."""
    own, authority = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority))
    trusting.check_hostname = False
    monkeypatch.setattr(pool.HOME, "_tls", {True: trusting, False: trusting})
    monkeypatch.setattr(network.HOME, "_tls", trusting)
    monkeypatch.setattr(
        pool.HOME, "build", lambda dial: Transport(dial=dial, tls=trusting)
    )
    return own


async def hello(peer: Peer, request: Request) -> None:
    await peer.send(whole(b"hello"))


def behind(server: StandIn, url: str, **changed: object) -> Chosen:
    """Settings that lead to a name which only the proxy can look up."""
    scheme = "https" if server.secure else "http"
    base = f"{scheme}://grok.test:{server.port}"
    named = {"base": base, "assets": base, "accounts": base}
    return Chosen(
        **{f"upstream__{name}_url": place for name, place in named.items()},
        proxy__egress__mode="single_proxy",
        proxy__egress__proxy_url=url,
        **changed,
    )


async def asked(
    settings: Chosen, scope: Scope = Scope.CHAT, login: Login = LOGIN
) -> bytes:
    signed = json_headers(login, settings)
    signed = replace(signed, scope=scope)
    answer = await calls.post("/x", signed, b"{}", settings, LIMITS)
    return await calls.whole(answer, 100)


@asynccontextmanager
async def between(
    scheme: str, own: ssl.SSLContext | None, *, secure: bool
) -> AsyncIterator[tuple[StandIn, ProxyServer]]:
    async with serving(hello, own if secure else None) as server:
        async with proxy(scheme, own if scheme == "https" else None) as carrier:
            yield server, carrier


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_calls_go_through_the_proxy(ways, vouched, scheme, secure, loop):
    async def scenario() -> None:
        async with between(scheme, vouched, secure=secure) as (server, carrier):
            settings = behind(server, carrier.url())
            for _ in range(2):
                assert await asked(settings) == b"hello"
            assert carrier.led == [f"grok.test:{server.port}"]
            assert server.connections == len(carrier.ports) == 1
            await pool.current().aclose()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scenario())


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_sockets_go_through_the_proxy_as_the_same_browser(
    ways, vouched, scheme, secure
):
    seen: list[str] = []

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers["User-Agent"])
        await connection.send("hello")

    tls = vouched if secure else None
    async with serve(talk, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        async with proxy(scheme, vouched if scheme == "https" else None) as carrier:
            settings = behind(StandIn(port, secure=secure), carrier.url())
            async with websocket.opened(LOGIN, "/ws", settings) as socket:
                assert await socket.receive(2.0) == "hello"
            assert carrier.led == [f"grok.test:{port}"]
    assert seen == [settings.text("proxy.clearance.user_agent")]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("way", ["call", "socket"])
async def test_a_wrong_password_is_named_and_never_told(
    ways, vouched, scheme, way, caplog
):
    caplog.set_level(logging.DEBUG)
    async with between(scheme, vouched, secure=False) as (server, carrier):
        settings = behind(server, carrier.url(password=f"{QUOTED}-wrong"))
        with pytest.raises(UpstreamFailure) as caught:
            await (asked(settings) if way == "call" else socket_of(settings))
    failure = caught.value
    assert (failure.cause, failure.fault) == ("proxy_auth", UpstreamFault.EGRESS)
    assert failure.kind is Kind.EGRESS_UNAVAILABLE
    assert not failure.sent
    assert server.connections == 0
    for text in (caplog.text, str(failure), repr(failure.__cause__)):
        assert PASSWORD not in text
        assert QUOTED not in text
    health = ways.health["single"]
    assert (health.last_error, health.failures) == ("proxy_auth", 1)


async def socket_of(settings: Chosen) -> None:
    async with websocket.opened(LOGIN, "/ws", settings):
        raise AssertionError("it was opened")


@pytest.mark.parametrize(
    ("scheme", "broken", "cause"),
    [
        ("http", "status 503", "proxy_no_route"),
        ("http", "status 403", "proxy_refused"),
        ("http", "reset", "proxy_reset"),
        ("http", "garbage", "proxy_protocol"),
        ("https", "reset", "proxy_reset"),
        ("socks5", "refused", "proxy_no_route"),
        ("socks5", "garbage", "proxy_protocol"),
    ],
)
async def test_what_a_proxy_does_wrong_is_the_nodes_fault(
    ways, vouched, scheme, broken, cause
):
    async with between(scheme, vouched, secure=False) as (server, carrier):
        carrier.broken = broken
        with pytest.raises(UpstreamFailure) as caught:
            await asked(behind(server, carrier.url()))
        assert caught.value.cause == cause
        with pytest.raises(GatewayError) as after:
            await asked(behind(server, carrier.url()))
    assert after.value.kind is Kind.EGRESS_UNAVAILABLE
    assert 0 < (after.value.retry_after_s or 0) <= 31
    assert carrier.calls == 1
    assert server.connections == 0


async def test_a_proxy_that_hangs_or_is_gone_is_left_in_time(ways, vouched):
    async with between("http", None, secure=False) as (server, carrier):
        carrier.broken = "hang"
        with pytest.raises(UpstreamFailure) as caught:
            await asked(behind(server, carrier.url()))
        assert caught.value.cause == "proxy_timeout"
    ways.health.clear()
    with pytest.raises(UpstreamFailure) as gone:
        await asked(behind(server, carrier.url()))
    assert gone.value.cause == "proxy_unreachable"


async def test_a_call_that_never_left_goes_by_another_node_once(ways, vouched):
    async with between("http", None, secure=False) as (server, carrier):
        async with proxy("socks5", broken="refused") as dead:
            settings = behind(
                server,
                "",
                proxy__egress__proxy_pool=(dead.url(), carrier.url(), carrier.url()),
            )
            settings._values["proxy.egress.mode"] = "proxy_pool"
            for number in range(12):  # some accounts are bound to the dead one
                ways.health.clear()
                login = Login(f"token-{number}")
                assert await asked(settings, login=login) == b"hello"
            assert 0 < dead.calls < 12
            assert server.connections == len(carrier.ports)


async def test_a_burst_of_failures_on_one_of_three_leaves_the_others_in_use(
    ways, vouched
):
    """Three at once on a dead node: all go on by others, and it failed once."""
    async with between("http", None, secure=False) as (server, sound):
        async with proxy("http", broken="reset") as dead, proxy("socks5") as other:
            carriers = (dead.url(), sound.url(), other.url())
            settings = behind(server, "", proxy__egress__proxy_pool=carriers)
            settings._values["proxy.egress.mode"] = "proxy_pool"
            keys = ((f"t{n}", account_key(f"t{n}")) for n in range(100))
            bound = [
                Login(token)
                for token, key in keys
                if ways.take(settings, Scope.CHAT, key).node.name == "pool-0"
            ][:3]
            found = await asyncio.gather(*(asked(settings, login=one) for one in bound))
            assert found == [b"hello"] * 3
            assert dead.calls == 3
            assert len(sound.led) + len(other.led) > 0
            failures = {name: health.failures for name, health in ways.health.items()}
            assert failures["pool-0"] == 1
            assert failures["pool-1"] == failures["pool-2"] == 0
            assert await asked(settings, login=bound[0]) == b"hello"
            assert dead.calls == 3


async def test_files_take_the_way_of_resources(ways, vouched):
    async with between("http", None, secure=False) as (server, carrier):
        async with proxy("socks5") as media:
            settings = behind(
                server, carrier.url(), proxy__egress__resource_proxy_url=media.url()
            )
            await asked(settings, Scope.RESOURCE)
            assert (len(carrier.led), len(media.led)) == (0, 1)
            await asked(settings)
            assert (len(carrier.led), len(media.led)) == (1, 1)


async def test_each_account_has_its_own_name_at_the_proxy(ways, vouched):
    async with between("http", None, secure=False) as (server, carrier):
        settings = behind(server, carrier.url(user="u-{account}-x"))
        for token in ("one", "two", "one"):
            await asked(settings, login=Login(token))
    assert len(set(carrier.users)) == 2
    assert server.connections == 2
    assert all(user.startswith("u-") and user.endswith("-x") for user in carrier.users)
    assert "account" not in "".join(carrier.users)
