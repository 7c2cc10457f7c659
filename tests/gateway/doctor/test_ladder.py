"""The ladder stops at the guilty rung and says of the others why they have no word."""

import asyncio
import time

import pytest

from gateway.doctor import clearances, ladder, protection, ways
from gateway.doctor.findings import Check, State, failed, note, ok
from gateway.doctor.patients import Holder, Patient
from gateway.doctor.visit import Visit
from gateway.egress import causes
from gateway.egress.bundles import Bundle
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.proxies import parse
from gateway.errors import GatewayError, Kind
from gateway.upstream import failures, greetings, impersonation
from gateway.upstream.greetings import Greeting
from gateway.upstream.headers import Login
from tests.gateway.upstream.stand_in import Chosen

NODE = Node("mine", parse("http://h:1"))
SETTINGS = Chosen(proxy__clearance__refresh_interval=3600)
STAMP = "cf_clearance=abc_D.e-{}-1.2.1.1-xyz; __cf_bm=-1000000001-"


async def good(visit):
    return ok(Check.NAME, "connected")


def raising(error):
    async def rung(visit):
        raise error

    return rung


async def climbed(*rungs, paused=()):
    return await ladder.climb(Patient(), SETTINGS, paused, rungs)


async def test_what_comes_after_the_guilty_is_not_reached():
    async def bad(visit):
        return failed(Check.CONNECT, "no_node")

    case = await climbed(
        (Check.NAME, good), (Check.CONNECT, bad), (Check.EXIT, raising(AssertionError))
    )
    assert [(one.check, one.state, one.code) for one in case.findings] == [
        (Check.NAME, State.OK, "connected"),
        (Check.CONNECT, State.FAILED, "no_node"),
        (Check.EXIT, State.SKIPPED, "not_reached"),
    ]
    assert case.guilty is case.findings[1]


@pytest.mark.parametrize(
    ("cause", "check"),
    [
        (causes.PROXY_RESET, Check.CONNECT),
        (causes.CHALLENGED, Check.CHALLENGE),
        (causes.BLOCKED, Check.BLOCKED),
        (causes.LIMITED, Check.QUOTA),
        (causes.BROKEN, Check.UPSTREAM),
    ],
)
async def test_a_failed_call_is_told_where_it_belongs(cause, check):
    """Also where an earlier rung was content with the same thing."""

    async def fine(visit):
        return ok(check, "connected")

    tier = (Check.TIER, raising(failures.failure(cause)))
    case = await climbed((check, fine), tier, (Check.MODEL, good))
    assert case.guilty is not None
    assert (case.guilty.check, case.guilty.cause) == (check, cause.code)
    codes = {one.check: one.code for one in case.findings}
    assert (codes[Check.TIER], codes[Check.MODEL]) == ("not_told", "not_reached")


async def test_a_refusal_of_ones_own_and_a_rung_that_hangs(monkeypatch):
    refused = GatewayError(Kind.EGRESS_UNAVAILABLE, "none")
    case = await climbed((Check.TIER, raising(refused)))
    assert case.guilty is not None
    assert case.guilty.code == "refused_here"
    monkeypatch.setattr(ladder, "LONGEST_S", 0.01)

    async def hanging(visit):
        await asyncio.sleep(5)

    case = await climbed((Check.TIER, hanging))
    assert case.guilty is not None
    assert case.guilty.code == "too_long"


async def test_what_the_breaker_holds_back_is_a_note():
    case = await climbed((Check.UPSTREAM, ladder.upstream), paused=["chat auto"])
    assert case.findings == (
        note(Check.UPSTREAM, "paused", calls="chat auto").taking(case.findings[0].ms),
    )


@pytest.mark.parametrize(
    ("cookies", "age_s"),
    [
        (STAMP.format(1_000_000_000), 500),
        ("cf_clearance=fresh", None),
        ("__cf_bm=x-1000000000-", None),
        (STAMP.format(1_900_000_000), 0),
    ],
)
def test_the_age_in_a_value(monkeypatch, cookies, age_s):
    monkeypatch.setattr(time, "time", lambda: 1_000_000_500.0)
    assert clearances.age_in(cookies) == age_s


def test_the_age_of_one_that_was_solved(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 10_000.0)
    assert clearances.age_of(Bundle("k", 1, "", "A", made_at=4_000.0)) == 6_000.0
    assert clearances.age_of(Bundle("k", 1, "", "A")) is None
    assert clearances.too_old(6_000.0, SETTINGS)
    assert not clearances.too_old(4_000.0, SETTINGS)
    assert not clearances.too_old(None, SETTINGS)


@pytest.fixture
def ears(monkeypatch):
    """What is heard of each profile, instead of sockets."""
    own = Greeting(0x0304, (1,), (0,))
    known = {"": own, "chrome136": Greeting(0x0304, (2,), (0,))}

    async def heard(profile):
        return known.get(profile)

    monkeypatch.setattr(greetings, "heard", heard)
    return known


CHROME = "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/136.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "browser", "code"),
    [
        (CHROME, "chrome136", "tls_own"),
        (CHROME, "chrome", "tls_own"),
        (CHROME, "chrome120", "profile_differs"),
        (CHROME, "firefox135", "profile_differs"),
        (f"{CHROME} Edg/136.0.0.0", "edge136", "tls_own"),
        ("Mozilla/5.0 (X11) Gecko/20100101 Firefox/135.0", "firefox", "tls_own"),
        ("Mozilla/5.0 (Mac) Version/17.4 Safari/605.1", "safari17", "tls_own"),
        ("curl/8.5", "chrome136", "no_browser"),
        ("Chrome/136.0", "chrome136", "no_browser"),
    ],
)
async def test_the_browser_profile(ears, agent, browser, code):
    settings = Chosen(
        proxy__clearance__user_agent=agent, proxy__clearance__browser=browser
    )
    visit = Visit(Patient(), settings)
    finding = await protection.profile(visit)
    assert finding.code == code
    assert not finding.failed


@pytest.mark.parametrize(
    ("node", "enabled", "pin", "code"),
    [
        (None, True, "", "no_node"),
        (None, True, "gone", "cause_pinned_out"),
        (NODE, False, "mine", "cause_pinned_out"),
        (NODE, False, "", "node_off"),
        (NODE, True, "mine", "proxied"),
        (DIRECT_NODE, True, "", "direct"),
    ],
)
async def test_the_node(node, enabled, pin, code):
    holder = Holder("acc_1", Login("t", "", pin), "super", "active", ())
    patient = Patient(node, enabled, holder=holder)
    assert (await ways.node(Visit(patient, Chosen()))).code == code


@pytest.mark.parametrize(
    ("installed", "agent", "code"),
    [
        (False, CHROME, "tls_missing"),
        (True, CHROME, "tls_heard"),
        (True, CHROME.replace("136", "141"), "tls_nearest"),
    ],
)
async def test_the_browser_that_tls_is_spoken_as(
    ears, monkeypatch, installed, agent, code
):
    monkeypatch.setattr(impersonation, "INSTALLED", installed)
    monkeypatch.setattr(impersonation, "known", lambda: ("chrome131", "chrome136"))
    impersonation.profile.cache_clear()
    settings = Chosen(
        proxy__egress__impersonate=True, proxy__clearance__user_agent=agent
    )
    finding = await protection.profile(Visit(Patient(), settings))
    impersonation.profile.cache_clear()
    assert finding.code == code
    assert finding.about.get("tls", "") == ("chrome136" if installed else "")


@pytest.mark.parametrize(
    ("profile", "chrome", "python", "code"),
    [
        ("chrome136", "python", "python", "tls_unspoken"),
        ("chrome136", "", "python", "tls_agrees"),
        ("", "", "", "profile_agrees"),
    ],
)
async def test_what_is_heard_is_told(ears, monkeypatch, profile, chrome, python, code):
    ears["chrome136"] = ears[""] if chrome else None
    ears[""] = ears[""] if python else None
    monkeypatch.setattr(impersonation, "INSTALLED", True)
    monkeypatch.setattr(impersonation, "known", lambda: ("chrome136",))
    impersonation.profile.cache_clear()
    settings = Chosen(
        proxy__egress__impersonate=bool(profile), proxy__clearance__user_agent=CHROME
    )
    finding = await protection.profile(Visit(Patient(), settings))
    impersonation.profile.cache_clear()
    assert finding.code == code
