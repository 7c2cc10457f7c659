"""What single rungs say, with an upstream that is a function."""

import json
import time
from collections.abc import Sequence

import httpx
import pytest

from gateway.doctor import jobs, ladder, membership, protection, ways
from gateway.doctor.findings import Check, State
from gateway.doctor.patients import Holder, Patient, Wish
from gateway.doctor.visit import Visit
from gateway.egress.bundles import Bundle, Place
from gateway.egress.home import Home, Rows
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.proxies import parse
from gateway.upstream import network, pool
from gateway.upstream.headers import Login
from gateway.upstream.passage import fixed
from gateway.upstream.probes import Probe
from grokgateway.jobs.batch_runner import ItemFailed
from tests.gateway.upstream.stand_in import Chosen

SUPER = {"fast": (140, 140), "auto": (50, 50), "expert": (9, 50)}


@pytest.fixture
def ways_out(request) -> Home:
    """The fixture, by another name than the module."""
    found: Home = request.getfixturevalue("ways")
    return found


def holder(**values) -> Holder:
    given = {"pool": "super", "status": "active", "modes": ("auto", "fast")}
    return Holder("acc_1", Login("t"), **{**given, **values})


def telling(left):
    """An upstream that knows these modes: what is left, and of how many."""

    def upstream(request: httpx.Request) -> httpx.Response:
        mode = json.loads(request.content or b"{}").get("modelName")
        if mode not in left:
            return httpx.Response(400, json={"message": "no such mode"})
        remaining, total = left[mode]
        body = {"remainingQueries": remaining, "totalQueries": total}
        return httpx.Response(200, json=body)

    return pool.carried_by(httpx.MockTransport(upstream))


async def said(rung, patient, left, **settings):
    with telling(left):
        return await rung(Visit(patient, Chosen(**settings)))


@pytest.mark.parametrize(
    ("pool_name", "left", "code"),
    [
        ("super", SUPER, "tier"),
        ("basic", SUPER, "tier_higher"),
        ("heavy", SUPER, "tier_lower"),
        ("super", {"fast": (30, 30)}, "tier_lower"),
        ("super", {"fast": (9, 77), "auto": (9, 77)}, "tier_untold"),
        ("super", {}, "tier_untold"),
    ],
)
async def test_the_tier(pool_name, left, code):
    found = await said(membership.tier, Patient(holder=holder(pool=pool_name)), left)
    assert found.code == code
    assert found.failed is (code == "tier_lower")


@pytest.mark.parametrize(
    ("left", "cooling", "modes", "code"),
    [
        (SUPER, (), ("auto",), "quota"),
        (SUPER, ("auto",), ("auto", "fast"), "quota_cooling"),
        (SUPER, ("heavy",), ("auto", "fast"), "quota"),
        ({**SUPER, "auto": (0, 50)}, (), ("auto", "fast"), "quota_partly"),
        ({**SUPER, "auto": (0, 50)}, (), ("auto",), "quota_spent"),
        (SUPER, (), ("no-such",), "quota_untold"),
    ],
)
async def test_the_quota(left, cooling, modes, code):
    wish = Wish("m", modes[0], modes, ("super",))
    patient = Patient(holder=holder(cooling=cooling), wish=wish)
    found = await said(membership.quota, patient, left)
    assert found.code == code
    assert found.failed is (code == "quota_spent")


@pytest.mark.parametrize(
    ("mode", "chat", "code"),
    [
        ("auto", True, "mode_known"),
        ("heavy", True, "mode_unknown"),
        ("heavy", False, "mode_of_media"),
        ("no-such", False, "mode_unknown"),
    ],
)
async def test_the_mode_of_a_model(mode, chat, code):
    wish = Wish("m", mode, (mode,), ("super",), chat)
    found = await said(membership.model, Patient(holder=holder(), wish=wish), SUPER)
    assert found.code == code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("active", "login_taken"),
        ("expired", "login_expired"),
        ("disabled", "login_disabled"),
    ],
)
async def test_a_login_that_is_good_though_the_account_is_out(status, code):
    patient = Patient(holder=holder(status=status))
    assert (await said(membership.credential, patient, SUPER)).code == code


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ("pool_empty", State.FAILED),
        ("unreadable", State.FAILED),
        ("by_its_own", State.SKIPPED),
    ],
)
async def test_without_an_account_the_rungs_say_why(missing, state):
    wish = Wish("m", "auto", ("auto",), ("super",))
    visit = Visit(Patient(missing=missing, wish=wish, spend=True), Chosen())
    rungs = [rung for check, rung in ladder.RUNGS if check in ASKING]
    found = [await rung(visit) for rung in rungs]
    assert {one.state for one in found if one.check is not Check.CREDENTIAL} == {
        State.SKIPPED
    }
    (one,) = [one for one in found if one.check is Check.CREDENTIAL]
    assert (one.code, one.state) == (missing, state)


ASKING = (
    Check.STATSIG,
    Check.CREDENTIAL,
    Check.BLOCKED,
    Check.TIER,
    Check.QUOTA,
    Check.MODEL,
    Check.ANSWER,
)


class Names:
    """A network that knows some names."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if host.endswith(".test"):
            return ["203.0.113.1", "203.0.113.2", "203.0.113.1"]
        raise OSError("no such name")


@pytest.mark.parametrize(
    ("proxy", "base", "code"),
    [
        ("", "https://grok.test", "name_known_upstream"),
        ("", "https://grok.nowhere", "name_unknown_upstream"),
        ("", "http://[::1]:9", "name_is_address_upstream"),
        ("http://p.test:1", "https://grok.nowhere", "name_known_proxy"),
        ("http://p.nowhere:1", "https://grok.test", "name_unknown_proxy"),
        ("socks5://127.0.0.1:1", "https://grok.test", "name_is_address_proxy"),
    ],
)
async def test_names(monkeypatch, proxy, base, code):
    monkeypatch.setattr(network.HOME, "network", Names())
    node = Node("mine", parse(proxy)) if proxy else DIRECT_NODE
    found = await ways.name(Visit(Patient(node), Chosen(upstream__base_url=base)))
    assert found.code == code
    assert found.failed is ("unknown" in code)
    if "known" in code and not found.failed:
        assert found.about == {"addresses": 2}


@pytest.mark.parametrize(
    ("seen", "before", "code"),
    [
        ("203.0.113.1", "", "exit"),
        ("203.0.113.1", "203.0.113.1", "exit"),
        ("203.0.113.1", "203.0.113.9", "exit_changed"),
        ("", "203.0.113.9", "exit_untold"),
    ],
)
async def test_the_exit_address(seen, before, code):
    visit = Visit(Patient(seen_exit=before), Chosen())
    visit.probe = Probe(exit_address=seen)
    assert (await ways.exit_address(visit)).code == code


async def test_a_node_that_is_out_is_told_and_tried(ways_out):
    ways_out.named("mine").cooled_until = 9e12
    ways_out.named("mine").failures = 4
    visit = Visit(Patient(Node("mine", parse("http://h:1"))), Chosen())
    found = await ways.node(visit)
    assert (found.code, found.about["failures"]) == ("node_out", 4)


SOLVED = {
    "proxy__clearance__mode": "flaresolverr",
    "proxy__clearance__flaresolverr_url": "http://127.0.0.1:1",
    "proxy__clearance__refresh_interval": 3600,
}


@pytest.mark.parametrize(
    ("minutes", "code"), [(10, "clearance_aged"), (600, "clearance_old")]
)
async def test_a_clearance_that_is_taken(ways_out, minutes, code):
    place = Place(DIRECT_NODE, "https://grok.com", "http://127.0.0.1:1")
    made_at = time.time() - 60 * minutes
    bundle = Bundle(place.key, 1, "cf_clearance=x", "Mozilla/5.0 A/1", made_at)
    ways_out.rows = Rows(bundles={place.key: bundle})
    answer = httpx.Response(200, html="<html>")
    transport = httpx.MockTransport(lambda request: answer)
    with pool.carried_by(transport), fixed(DIRECT_NODE):
        visit = Visit(Patient(), Chosen(**SOLVED))
        assert (await protection.agent(visit)).code == "agent_taken"
        found = await protection.clearance(visit)
    assert (found.code, found.about) == (code, {"age": minutes})
    assert not ways_out.used  # a look is no use of it


async def test_a_solver_that_nobody_set_up(ways_out):
    ways_out.solver = None
    page = httpx.Response(403, headers={"cf-mitigated": "challenge"})
    transport = httpx.MockTransport(lambda request: page)
    with pool.carried_by(transport), fixed(DIRECT_NODE):
        found = await protection.clearance(Visit(Patient(), Chosen(**SOLVED)))
    assert (found.failed, found.cause) == (True, "no_clearance")


@pytest.mark.django_db(transaction=True)
async def test_an_examination_that_is_gone_fails_as_an_item():
    with pytest.raises(ItemFailed, match="gone"):
        await jobs.examine("no-such", {})
