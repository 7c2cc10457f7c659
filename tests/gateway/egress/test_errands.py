"""Fetches for callers that end at upstream's hosts, and looks at the direct way."""

import httpx
import pytest

from gateway.egress.nodes import DIRECT_NODE
from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.exits import jobs
from gateway.upstream import errands, fetch, identity, network
from gateway.upstream.headers import Login
from gateway.upstream.passage import fixed
from gateway.upstream.probes import probe
from gateway.upstream.tunnels import Tunnel
from grokgateway import config
from grokgateway.jobs.batch_runner import ItemFailed
from tests.gateway.egress.proxy_servers import proxy
from tests.gateway.upstream.stand_in import Chosen, Peer, Request, serving, whole

pytestmark = pytest.mark.e2e

PROXIED = {
    "proxy__egress__mode": "single_proxy",
    "proxy__egress__proxy_url": "http://p:1",
}
OURS = [
    "https://assets.grok.com/users/u/a/content",
    "https://imagine-public.x.ai/images/a.jpg",
    "https://www.grok.com/",
    "http://GROK.com/",
]


@pytest.mark.parametrize("url", OURS)
async def test_upstreams_hosts_are_reached_by_the_proxy_of_files(ways, url):
    assert isinstance(errands.dial(httpx.URL(url), Chosen(**PROXIED)), Tunnel)
    assert errands.dial(httpx.URL(url), Chosen()) is None


@pytest.mark.parametrize("url", ["https://example.com/", "https://notgrok.com/"])
async def test_strangers_are_reached_as_ever(ways, url):
    assert errands.dial(httpx.URL(url), Chosen(**PROXIED)) is None


async def test_without_a_usable_proxy_they_are_not_reached(ways):
    settings = Chosen(proxy__egress__mode="proxy_pool")
    with pytest.raises(GatewayError) as caught:
        await fetch.fetch(OURS[0], lambda _: None, lambda u: errands.dial(u, settings))
    assert caught.value.kind is Kind.EGRESS_UNAVAILABLE


async def test_a_redirect_to_upstream_takes_the_proxy_too(ways, monkeypatch):
    """The first hop is a stranger's; both ends are stand-ins on loopback."""

    async def stranger(peer: Peer, request: Request) -> None:
        to = "Location: http://grok.test/picture\r\n"
        await peer.send(whole(b"", to, status="302 Found"))

    async def upstream(peer: Peer, request: Request) -> None:
        assert not request.header("cookie")
        await peer.send(whole(b"picture", "Content-Type: image/png\r\n"))

    async with serving(stranger) as first, serving(upstream) as second:
        async with proxy("http") as carrier:
            settings = Chosen(
                upstream__base_url="http://grok.test",
                proxy__egress__mode="single_proxy",
                proxy__egress__proxy_url=carrier.url(),
            )

            class Near:
                async def resolve(self, host: str, port: int) -> list[str]:
                    assert host == "stranger.example"
                    return ["93.184.216.34"]

                async def connect(self, make, address, port, tls, name):
                    return await network.Internet().connect(
                        make, "127.0.0.1", first.port, tls, name
                    )

            monkeypatch.setattr(network.HOME, "network", Near())
            carrier.place = ("127.0.0.1", second.port)
            got = await fetch.fetch(
                "http://stranger.example/x",
                lambda _: None,
                lambda url: errands.dial(url, settings),
            )
            assert got.body == b"picture"
            assert carrier.led == ["grok.test:80"]
            assert second.connections == len(carrier.ports) == 1


async def test_not_even_a_try_is_direct_in_a_proxied_mode(ways):
    async def hello(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"ip=1.2.3.4"))

    async with serving(hello) as server:
        settings = server.settings(**PROXIED)
        assert (await probe(DIRECT_NODE, settings)).cause == "not_sent"
        with fixed(DIRECT_NODE), pytest.raises(UpstreamFailure) as caught:
            await identity.fetch(Login("tok"), settings)
        assert caught.value.cause == "not_sent"
        assert server.connections == 0
        assert (await probe(DIRECT_NODE, server.settings())).status == 200


async def test_nodes_are_tried_with_the_operators_own_address(ways):
    async def hello(peer: Peer, request: Request) -> None:
        assert not request.header("cookie")
        await peer.send(whole(b"ip=1.2.3.4"))

    async with serving(hello) as server, proxy("http") as carrier:
        settings = Chosen(
            upstream__base_url="http://nowhere.test:9",
            proxy__egress__mode="single_proxy",
            proxy__egress__proxy_url=carrier.url(),
            proxy__egress__test_url=f"{server.url}/trace",
        )
        (node,) = ways.nodes(settings)
        told = await probe(node, settings)
    assert (told.status, told.exit_address) == (200, "1.2.3.4")
    assert server.requests[0].head.startswith("GET /trace ")


@pytest.mark.parametrize("work", [jobs.test, jobs.solve])
async def test_nor_is_a_job(ways, work):
    ways.solver = object()
    modes = {
        "proxy.egress.mode": "single_proxy",
        "proxy.egress.proxy_url": "http://p:1",
        "proxy.clearance.mode": "on_demand",
    }
    with config.override(modes), pytest.raises(ItemFailed, match="nothing goes direct"):
        await work("direct", {})
