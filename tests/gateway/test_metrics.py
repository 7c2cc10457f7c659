"""`/metrics`: who may read it, and what it tells of the ways out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from prometheus_client.parser import text_string_to_metric_families

from gateway.egress import home
from gateway.egress.bundles import Place
from gateway.egress.counts import Counted, Measure
from gateway.egress.home import Home
from gateway.egress.nodes import DIRECT_NODE
from gateway.egress_tables import EgressCount, EgressNode
from gateway.entry import Entry
from gateway.errors import UpstreamFailure
from gateway.exits import clearances, figures, store, totals
from gateway.exits.queries import apart
from gateway.exits.solving import SharedSolver
from gateway.upstream import calls, solver, websocket
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from gateway.upstream.solver import Solved, Unsolved
from grokgateway import config
from tests.gateway.asgi import Exchange
from tests.gateway.egress.proxy_servers import PASSWORD, QUOTED, proxy
from tests.gateway.upstream.stand_in import Chosen, Peer, Request, serving, whole

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-scrapers-token"
OUTSIDE = ("8.8.8.8", 1)


@pytest.fixture
def ways(monkeypatch):
    fresh = Home()
    monkeypatch.setattr(home, "HOME", fresh)
    return fresh


@pytest.fixture(autouse=True)
def scraped():
    with config.override({"admin.metrics_token": TOKEN}):
        yield


async def asked(client=OUTSIDE, method="GET", **headers):
    headers = {"host": "whatever-they-call-us:8000", **headers}
    exchange = Exchange(method, "/metrics", headers=headers, client=client)
    return await exchange.through(Entry())


async def status(**more):
    return (await asked(**more)).status


async def test_a_scraper_shows_its_token_to_whatever_name(ways):
    answer = await asked(authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    assert answer.answered["content-type"].startswith("text/plain; version=")
    assert await status(method="HEAD", authorization=f"Bearer {TOKEN}") == 200
    assert await status(method="POST", authorization=f"Bearer {TOKEN}") == 405


@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", "Bearer grok2api"]
)
async def test_nobody_else_sees_anything(ways, shown):
    answer = await asked(authorization=shown)
    assert answer.status == 401
    assert b"grokgateway_" not in answer.content


async def test_no_token_is_set_and_none_is_shown(ways):
    with config.override({"admin.metrics_token": ""}):
        assert await status() == 401
        assert await status(authorization="Bearer ") == 401


async def test_the_console_key_is_good_for_it(ways):
    with config.override({"app.app_key": "an-operators-key"}):
        assert await status(authorization="Bearer an-operators-key") == 200


async def test_so_is_a_session_that_may_see_nodes(ways, client):
    user = await sync_to_async(User.objects.create_user)("op", is_staff=True)
    await sync_to_async(client.force_login)(user)
    name = settings.SESSION_COOKIE_NAME
    cookie = f"{name}={client.cookies[name].value}"
    assert await status(cookie=cookie) == 401
    may = await Permission.objects.aget(codename="view_egressnode")
    await user.user_permissions.aadd(may)
    assert await status(cookie=cookie) == 200
    assert await status(cookie=f"{name}=made-up") == 401


def told() -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name of the sample and values of its labels, in their order."""
    families = text_string_to_metric_families(totals.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }


async def test_sums_of_all_processes_are_told_and_never_shrink(ways, monkeypatch):
    call = Counted(Measure.REQUEST, "mine", "chat", "http")
    failed = Counted(Measure.FAILURE, "mine", "chat", "http", "proxy_auth")
    key = ("grokgateway_egress_requests_total", ("chat", "http", "mine"))
    ways.counts.add(call)
    ways.counts.add(failed)
    await apart(figures.write)
    other = Home()
    monkeypatch.setattr(home, "HOME", other)
    for _ in range(2):
        other.counts.add(call)
    await apart(figures.write)
    await apart(figures.write)
    found = await apart(told)
    assert found[key] == 3
    labels = ("chat", "http", "mine", "proxy", "proxy_auth")
    assert found["grokgateway_egress_failures_total", labels] == 1


async def test_what_the_database_does_not_take_is_told_later(ways, monkeypatch):
    ways.counts.add(Counted(Measure.WAIT, "n"), 1.5)
    ways.counts.add(Counted(Measure.WAIT, "m"), 2.5)

    def away(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(totals, "add", away)
        with pytest.raises(OperationalError):
            await apart(totals.write)
    ways.counts.add(Counted(Measure.WAIT, "n"), 0.5)
    await apart(totals.write)
    found = await apart(told)
    assert found["grokgateway_clearance_wait_seconds_total", ("n",)] == 2.0
    assert found["grokgateway_clearance_waits_total", ("n",)] == 2
    assert found["grokgateway_clearance_waits_total", ("m",)] == 1


async def test_old_sums_go(ways):
    ways.counts.add(Counted(Measure.WAIT, "n"), 1.0)
    await apart(totals.write)
    now = datetime.now(UTC)
    await apart(totals.purge, now)
    assert await EgressCount.objects.acount() == 1
    await apart(totals.purge, now + totals.KEPT + timedelta(days=1))
    assert not await EgressCount.objects.aexists()


async def test_nodes_and_clearances_are_told_as_they_are(ways):
    pool = ("http://u:p-canary@a:1", "http://b:1")
    modes = {"proxy.egress.mode": "proxy_pool", "proxy.egress.proxy_pool": pool}
    with config.override(modes):
        await apart(store.load)
    later = datetime.now(UTC) + timedelta(minutes=1)
    await EgressNode.objects.filter(name="pool-1").aupdate(
        cooled_until=later, score=0.7
    )
    place = Place(DIRECT_NODE, "https://grok.com", "")
    await apart(clearances.keep, place, Solved("cf_clearance=c-canary", "A/1"), "")
    found = await apart(told)
    assert found["grokgateway_egress_node_up", ("pool-0",)] == 1
    assert found["grokgateway_egress_node_up", ("pool-1",)] == 0
    assert found["grokgateway_egress_node_health", ("pool-1",)] == 0.7
    labels = ("direct", "https://grok.com")
    assert 0 <= found["grokgateway_clearance_age_seconds", labels] < 10
    assert b"canary" not in await apart(totals.text)


def counted(ways: Home) -> dict[tuple[str, str, str, str], int]:
    return {
        (str(one.measure), one.scope, one.kind, one.detail): amount.count
        for one, amount in ways.counts.taken()
    }


async def called(settings: Chosen) -> None:
    signed = json_headers(Login("tok"), settings)
    answer = await calls.post("/x", signed, b"{}", settings, Limits(2.0, 2.0))
    await answer.aclose()


@pytest.mark.e2e
async def test_each_way_is_counted_once(ways):
    replies = [
        whole(b"good"),
        whole(b"{}", status="429 Slow"),
        whole(b"<html>", "cf-mitigated: challenge\r\n", status="403 No"),
        b"",
    ]

    async def upstream(peer: Peer, request: Request) -> None:
        reply = replies.pop(0)
        if reply:
            await peer.send(reply)
        else:
            peer.reset()

    async with serving(upstream) as server, proxy("http") as carrier:
        settings = server.settings(
            proxy__egress__mode="single_proxy", proxy__egress__proxy_url=carrier.url()
        )
        await called(settings)
        for _ in range(3):
            with pytest.raises(UpstreamFailure):
                await called(settings)
        ways.health.clear()
        wrong = server.settings(
            proxy__egress__mode="single_proxy",
            proxy__egress__proxy_url=carrier.url(password=f"{QUOTED}-no"),
        )
        with pytest.raises(UpstreamFailure):
            async with websocket.opened(Login("tok"), "/ws", wrong):
                raise AssertionError("it was opened")
        leaving = asyncio.ensure_future(called(server.settings()))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    found = counted(ways)
    assert found == {
        ("request", "chat", "http", ""): 4,
        ("failure", "chat", "http", "rate_limited"): 1,
        ("failure", "chat", "http", "challenge"): 1,
        ("failure", "chat", "http", "proxy_reset"): 1,
        ("request", "chat", "websocket", ""): 1,
        ("failure", "chat", "websocket", "proxy_auth"): 1,
    }
    assert PASSWORD not in str(found)


async def test_solves_and_waits_are_counted(ways, monkeypatch):
    ways.solver = SharedSolver()
    modes = {"proxy__clearance__mode": "flaresolverr"}

    async def solved(place: Place, timeout_s: float) -> Solved:
        await asyncio.sleep(0.02)
        return Solved("cf_clearance=x", "A/1")

    async def unsolved(place: Place, timeout_s: float) -> Solved:
        raise Unsolved("no")

    async def upstream(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"good"))

    monkeypatch.setattr(solver, "solve", unsolved)
    settings = Chosen(**modes)
    with pytest.raises(UpstreamFailure):
        await called(settings)
    monkeypatch.setattr(solver, "solve", solved)
    place = Place(DIRECT_NODE, "https://grok.com", "")
    await apart(clearances.allow_again, "direct")
    await ways.solver.renew(place, 0, settings)
    amounts = dict(ways.counts.taken())
    waited = amounts[Counted(Measure.WAIT, "direct")]
    assert waited.count == 1
    assert amounts[Counted(Measure.SOLVE, "direct", detail="failed")].count == 1
    good = amounts[Counted(Measure.SOLVE, "direct", detail="ok")]
    assert good.count == 1
    assert good.seconds >= 0.02
