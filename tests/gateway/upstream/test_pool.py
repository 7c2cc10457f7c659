"""Where connections live and where requests may go."""

import asyncio

import httpx
import pytest

from gateway.errors import GatewayError, Kind
from gateway.upstream import pool
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.pool import Home
from tests.gateway.upstream.stand_in import Chosen


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=str(request.url).encode())


@pytest.fixture
def mocked():
    with pool.carried_by(httpx.MockTransport(answer)):
        yield


@pytest.mark.parametrize("mode", ["single_proxy", "proxy_pool", "", "nonsense"])
async def test_a_proxied_mode_is_never_direct(mocked, mode):
    with pytest.raises(GatewayError) as caught:
        pool.current().channel(Chosen(proxy__egress__mode=mode))
    assert caught.value.kind is Kind.EGRESS_UNAVAILABLE
    assert caught.value.retry_after_s


async def test_a_channel_lasts_as_long_as_the_settings(mocked):
    settings = Chosen()
    channel = pool.current().channel(settings)
    assert pool.current().channel(settings) is channel
    moved = Chosen(upstream__base_url="https://else.example")
    assert pool.current().channel(moved) is not channel


async def test_the_user_agent_does_not_share_connections():
    built = []

    def build() -> httpx.AsyncBaseTransport:
        built.append(httpx.MockTransport(answer))
        return built[-1]

    home = Home()
    home.build = build
    own = home.of_loop(asyncio.get_running_loop())
    own.channel(Chosen())
    own.channel(Chosen())
    assert len(built) == 1
    own.channel(Chosen(proxy__clearance__user_agent="other"))
    assert len(built) == 2


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
    own = pool.current()
    own.channel(Chosen())
    await own.aclose()
    channel, headers = own.channel(Chosen()), json_headers(Login("tok"), Chosen())
    assert await channel.send("GET", channel.hosts.base("/"), headers, None, {})
