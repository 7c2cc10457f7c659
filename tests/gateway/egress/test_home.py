"""Which node a call takes, and what reports make of nodes."""

import pytest

from gateway.egress.home import Home, Rows
from gateway.egress.nodes import Node, Scope
from gateway.egress.proxies import parse
from gateway.errors import GatewayError, Kind
from tests.gateway.upstream.stand_in import Chosen

KEYS = [number * 0x9E3779B97F4A7C15 % 2**64 for number in range(1, 2001)]


def pooled(*urls: str, **changed: object) -> Chosen:
    return Chosen(
        proxy__egress__mode="proxy_pool", proxy__egress__proxy_pool=urls, **changed
    )


THREE = pooled("http://a:1", "http://b:1", "http://c:1")


def node(name: str, **more: object) -> Node:
    return Node(name, parse(f"http://{name}:1"), **more)  # type: ignore[arg-type] # the tests' own names


def taken(ways: Home, settings: Chosen, key: int = 1, **more: object) -> str:
    return ways.take(settings, Scope.CHAT, key, **more).node.name  # type: ignore[arg-type] # likewise


def test_direct_is_direct_only_where_it_is_asked_for(ways):
    assert ways.take(Chosen(), Scope.CHAT, 1).node.proxy is None


@pytest.mark.parametrize(
    "settings",
    [
        Chosen(proxy__egress__mode="single_proxy"),
        Chosen(proxy__egress__mode="proxy_pool"),
        Chosen(proxy__egress__mode="nonsense"),
        pooled("ftp://a:1"),
        pooled(proxy__egress__resource_proxy_pool=("http://a:1",)),
    ],
)
def test_without_a_proxy_there_is_no_way(ways, settings):
    with pytest.raises(GatewayError) as caught:
        ways.take(settings, Scope.CHAT, 1)
    assert caught.value.kind is Kind.EGRESS_UNAVAILABLE
    assert caught.value.retry_after_s


def test_an_account_stays_with_its_node_and_accounts_spread(ways):
    counts = {"pool-0": 0, "pool-1": 0, "pool-2": 0}
    for key in KEYS:
        counts[taken(ways, THREE, key)] += 1
        assert taken(ways, THREE, key) == taken(Home(), THREE, key)
    assert min(counts.values()) > len(KEYS) / 3 * 0.85


def test_a_node_that_goes_moves_its_own_accounts_only(ways):
    before = {key: taken(ways, THREE, key) for key in KEYS}
    seat = ways.take(THREE, Scope.CHAT, next(k for k in KEYS if before[k] == "pool-1"))
    ways.failed(seat, "proxy_reset")
    for key in KEYS:
        now = taken(ways, THREE, key)
        assert now == before[key] if before[key] != "pool-1" else now != "pool-1"


def test_weights_are_shares(ways):
    ways.rows = Rows(nodes=(node("light"), node("heavy", weight=3)))
    heavy = sum(taken(ways, pooled(), key) == "heavy" for key in KEYS)
    assert 0.7 < heavy / len(KEYS) < 0.8


def test_later_priorities_wait_until_the_first_are_out(ways, clock):
    ways.rows = Rows(nodes=(node("spare", priority=5), node("first")))
    assert {taken(ways, pooled(), key) for key in KEYS[:50]} == {"first"}
    ways.failed(ways.take(pooled(), Scope.CHAT, 1), "proxy_reset")
    assert taken(ways, pooled()) == "spare"
    clock.now += 31
    assert taken(ways, pooled()) == "first"


def test_a_burst_of_failures_on_one_node_counts_once(ways):
    """Three at once on the first of three nodes: the next is used, not the first."""
    seats = [ways.take(THREE, Scope.CHAT, 1) for _ in range(3)]
    for seat in seats:
        ways.failed(seat, "proxy_reset")
    assert ways.of(seats[0].node).failures == 1
    assert taken(ways, THREE) != seats[0].node.name
    out = [name for name, health in ways.health.items() if health.failures]
    assert out == [seats[0].node.name]


def test_failures_cool_longer_and_longer_and_success_clears(ways, clock):
    settings = pooled("http://a:1")
    waits = []
    for _ in range(7):
        ways.failed(ways.take(settings, Scope.CHAT, 1), "proxy_reset")
        health = ways.health["pool-0"]
        waits.append(health.cooled_until - clock.now)
        with pytest.raises(GatewayError) as caught:
            ways.take(settings, Scope.CHAT, 1)
        assert caught.value.retry_after_s == min(int(waits[-1]) + 1, 600)
        clock.now = health.cooled_until + 1
    assert waits == [30, 60, 120, 240, 480, 600, 600]
    assert health.score == pytest.approx(0.7**7)
    ways.succeeded(ways.take(settings, Scope.CHAT, 1))
    assert (health.failures, health.cooled_until) == (0, 0.0)


def test_an_address_of_many_exits_is_patient(ways):
    settings = pooled("http://u-{account}:p@a:1")
    for _ in range(4):
        ways.failed(ways.take(settings, Scope.CHAT, 1), "proxy_reset")
    ways.failed(ways.take(settings, Scope.CHAT, 1), "proxy_reset")
    with pytest.raises(GatewayError):
        ways.take(settings, Scope.CHAT, 1)


def test_resources_have_nodes_of_their_own_or_those_of_chat(ways):
    both = pooled("http://a:1", proxy__egress__resource_proxy_pool=("http://r:1",))
    assert ways.take(both, Scope.RESOURCE, 1).node.name == "res-pool-0"
    assert ways.take(both, Scope.CHAT, 1).node.name == "pool-0"
    chat_only = pooled("http://a:1")
    assert ways.take(chat_only, Scope.RESOURCE, 1).node.name == "pool-0"


def test_a_cooled_resource_node_does_not_fall_back(ways):
    both = pooled("http://a:1", proxy__egress__resource_proxy_pool=("http://r:1",))
    ways.failed(ways.take(both, Scope.RESOURCE, 1), "proxy_reset")
    with pytest.raises(GatewayError):
        ways.take(both, Scope.RESOURCE, 1)
    assert taken(ways, both) == "pool-0"


def test_switched_off_nodes_are_not_used(ways):
    ways.rows = Rows(disabled=frozenset({"pool-0", "pool-1"}))
    assert {taken(ways, THREE, key) for key in KEYS[:20]} == {"pool-2"}


def test_operators_nodes_join_the_pool_but_not_the_single_proxy(ways):
    ways.rows = Rows(nodes=(node("mine"),))
    assert taken(ways, pooled()) == "mine"
    single = Chosen(
        proxy__egress__mode="single_proxy", proxy__egress__proxy_url="http://s:1"
    )
    assert taken(ways, single) == "single"
