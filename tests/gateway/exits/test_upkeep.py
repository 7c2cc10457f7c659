"""What happens to nodes and clearances without a call: probes, renewals, alerts."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.alerts import conditions
from gateway.egress.bundles import Bundle, Place
from gateway.egress.nodes import DIRECT_NODE, Node, Scope
from gateway.egress.proxies import parse
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import clearances, renewal, store
from gateway.exits.probing import Prober
from gateway.exits.queries import apart
from gateway.exits.solving import SharedSolver
from gateway.upstream import pool
from gateway.upstream.solver import Solved
from grokgateway import config
from grokgateway.jobs.models import LeaderLease

pytestmark = pytest.mark.django_db(transaction=True)

SOLVER = "http://127.0.0.1:1"
SOLVED = {
    "proxy.clearance.mode": "flaresolverr",
    "proxy.clearance.flaresolverr_url": SOLVER,
    "proxy.clearance.refresh_interval": 600,
}
POOL = {"proxy.egress.mode": "proxy_pool", "proxy.egress.proxy_pool": ("http://a:1",)}
TRACE = b"fl=1\nip=203.0.113.9\nloc=DE\n"


def kinds(source):
    return [(one.kind, one.subject) for one in source(datetime.now(UTC))]


def place() -> Place:
    return Place(DIRECT_NODE, "https://grok.com", SOLVER)


def solved(minutes_ago: int, used_minutes_ago: int = 0) -> None:
    clearances.keep(place(), Solved("cf_clearance=x", "A/1"), "chrome136")
    now = datetime.now(UTC)
    ClearanceBundle.objects.update(
        made_at=now - timedelta(minutes=minutes_ago),
        used_at=now - timedelta(minutes=used_minutes_ago),
    )


@pytest.mark.parametrize(
    ("made", "used", "due"), [(12, 1, 1), (8, 1, 0), (60, 30, 0), (12, 10, 1)]
)
def test_only_what_is_in_use_and_old_is_due(ways, made, used, due):
    solved(made, used)
    with config.override(SOLVED):
        assert len(renewal.due(config.current(), datetime.now(UTC))) == due


def test_renewals_are_spread_around_the_interval():
    spread = [renewal.jitter(f"key {number}") for number in range(200)]
    assert 0.9 <= min(spread) < 0.92
    assert 1.08 < max(spread) <= 1.1


async def test_what_is_due_is_built_and_then_swapped(ways, answers):
    ways.solver = SharedSolver()
    await apart(solved, 12)
    await apart(store.load)
    with config.override(SOLVED):
        answers.failing = True
        await renewal.beat()
        bundle = ways.bundle(place())
        assert bundle is not None
        assert (bundle.version, bundle.valid) == (1, True)
        await ClearanceBundle.objects.aupdate(retry_at=None)
        answers.failing = False
        await apart(free_leases)
        await renewal.beat()
    bundle = ways.bundle(place())
    assert bundle is not None
    assert bundle.version == 2


def free_leases() -> None:
    LeaderLease.objects.all().delete()


async def test_nothing_is_renewed_in_other_modes(ways, answers):
    ways.solver = SharedSolver()
    await apart(solved, 12)
    for mode in ("none", "manual", "on_demand"):
        with config.override(SOLVED | {"proxy.clearance.mode": mode}):
            await renewal.beat()
    assert not answers.calls


@pytest.mark.parametrize("answer", ["trace", "nothing"])
async def test_a_node_that_is_out_is_tried_and_comes_back(ways, answer):
    def upstream(request: httpx.Request) -> httpx.Response:
        assert "cookie" not in request.headers
        if answer == "nothing":
            raise httpx.ConnectError("x")
        return httpx.Response(200, content=TRACE)

    with config.override(POOL), pool.carried_by(httpx.MockTransport(upstream)):
        await apart(store.load)
        ways.failed(ways.take(config.current(), Scope.CHAT, 1), "proxy_reset")
        await Prober().beat()
        row = await EgressNode.objects.aget(name="pool-0")
        if answer == "trace":
            assert (row.exit_address, row.failures) == ("203.0.113.9", 0)
            assert ways.take(config.current(), Scope.CHAT, 1).node.name == "pool-0"
        else:
            assert (row.last_error, row.failures) == ("proxy_unreachable", 2)
            assert kinds_later(row)


def kinds_later(row: EgressNode) -> bool:
    return row.is_out(datetime.now(UTC) + timedelta(seconds=50))


def test_sound_nodes_are_tried_now_and_then(ways):
    prober, nodes = Prober(), [Node("n", parse("http://n:1"))]
    assert not prober.due(nodes, 1000.0)
    assert not prober.due(nodes, 1800.0)
    assert prober.due(nodes, 1900.0) == nodes
    assert not prober.due(nodes, 1950.0)


def test_clearances_that_nobody_uses_go(ways):
    solved(60 * 24 * 20, used_minutes_ago=60 * 24 * 20)
    clearances.purge(datetime.now(UTC) - timedelta(days=10))
    assert ClearanceBundle.objects.exists()
    clearances.purge(datetime.now(UTC))
    assert not ClearanceBundle.objects.exists()


def test_one_that_is_used_or_failed_lately_stays(ways):
    solved(60 * 24 * 20, used_minutes_ago=1)
    clearances.note_failure(
        Place(Node("n", parse("http://n:1")), "https://grok.com", SOLVER), "no"
    )
    clearances.purge(datetime.now(UTC))
    assert ClearanceBundle.objects.count() == 2


def test_only_what_is_new_is_opened_again(ways, monkeypatch):
    solved(5)
    store.load()
    first = ways.rows.bundles[place().key]
    opened: list[ClearanceBundle] = []
    real = store.bundle_of

    def noted(row: ClearanceBundle) -> Bundle | None:
        opened.append(row)
        return real(row)

    monkeypatch.setattr(store, "bundle_of", noted)
    store.load()
    assert ways.rows.bundles[place().key] is first
    assert opened == []
    clearances.keep(place(), Solved("cf_clearance=y", "A/2"), "")
    ways.rows = ways.rows.__class__(bundles={place().key: first})  # another process
    store.load()
    assert ways.rows.bundles[place().key].cookies == "cf_clearance=y"
    ClearanceBundle.objects.update(valid=False)
    store.load()
    assert not ways.rows.bundles[place().key].valid
    assert len(opened) == 2


def test_no_usable_node_is_an_alert(ways):
    with config.override(POOL):
        store.load()
        assert kinds(conditions.ways_out) == []
        later = datetime.now(UTC) + timedelta(minutes=1)
        EgressNode.objects.update(cooled_until=later)
        found = kinds(conditions.ways_out)
        assert found == [("no_egress", "chat"), ("no_egress", "resource")]
    with config.override({"proxy.egress.mode": "single_proxy"}):
        assert len(kinds(conditions.ways_out)) == 2
    with config.override({}):
        assert kinds(conditions.ways_out) == []


def test_a_clearance_that_cannot_be_had_is_an_alert(ways):
    with config.override(SOLVED):
        clearances.note_failure(place(), "the solver cannot be reached")
        assert kinds(conditions.clearances) == [("clearance_failing", "direct")]
        clearances.keep(place(), Solved("", "A/1"), "")
        assert kinds(conditions.clearances) == []
