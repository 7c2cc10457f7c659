"""Where connections live and where requests may go."""

import asyncio

import httpx
import pytest

from gateway.errors import GatewayError, Kind
from gateway.upstream import calls, pool
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from gateway.upstream.pool import Home, Key
from tests.gateway.upstream.stand_in import Chosen


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=str(request.url).encode())


@pytest.fixture
def mocked():
    with pool.carried_by(httpx.MockTransport(answer)):
        yield


def key(node: str = "direct", version: int = 0) -> Key:
    return Key(node, None, "agent", version)


@pytest.mark.parametrize("mode", ["single_proxy", "proxy_pool", "", "nonsense"])
async def test_a_proxied_mode_is_never_direct(mocked, mode):
    settings = Chosen(proxy__egress__mode=mode)
    headers = json_headers(Login("tok"), settings)
    with pytest.raises(GatewayError) as caught:
        await calls.post("/x", headers, b"{}", settings, Limits(1.0, 1.0))
    assert caught.value.kind is Kind.EGRESS_UNAVAILABLE
    assert caught.value.retry_after_s


async def test_a_channel_lasts_as_long_as_the_settings(mocked):
    settings = Chosen()
    channel = pool.current().channel(settings)
    assert pool.current().channel(settings) is channel
    moved = Chosen(upstream__base_url="https://else.example")
    assert pool.current().channel(moved) is not channel


async def test_connections_are_shared_by_way_out_and_browser_alone():
    own = Home().of_loop(asyncio.get_running_loop())
    first = own.transport(key())
    assert own.transport(key()) is first
    assert own.transport(key(node="other")) is not first
    assert own.transport(key()) is first
    assert own.transport(key(version=1)) is not first
    assert own.transport(key()) is not first


async def test_of_many_ways_out_the_longest_unused_is_given_up():
    own = Home().of_loop(asyncio.get_running_loop())
    first = own.transport(key(node="0"))
    second = own.transport(key(node="1"))
    for number in range(2, pool.MAX_TRANSPORTS):
        own.transport(key(node=str(number)))
    assert own.transport(key(node="0")) is first
    own.transport(key(node="one more"))
    assert own.transport(key(node="1")) is not second


def test_every_loop_has_its_own_pool_and_closed_ones_go():
    home = Home()
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    pools = home.of_loop(first), home.of_loop(second)
    assert pools[0] is not pools[1]
    assert home.of_loop(first) is pools[0]
    first.close()
    third = asyncio.new_event_loop()
    home.of_loop(third)
    assert len(home) == 2
    second.close()
    third.close()


async def test_closing_the_pool_closes_its_transports(mocked):
    own, settings = pool.current(), Chosen()
    own.transport(key())
    await own.aclose()
    headers = json_headers(Login("tok"), settings)
    answered = await calls.post("/", headers, b"", settings, Limits(1.0, 1.0))
    assert answered.status == 200
