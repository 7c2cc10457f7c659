"""Rungs of the bot protection: the browser we are, its clearance, the challenge."""

import re
from collections.abc import Iterator
from dataclasses import replace

from gateway.doctor.clearances import age_in, age_of, minutes, too_old
from gateway.doctor.findings import Check, Finding, failed, note, of_cause, ok, skipped
from gateway.doctor.visit import AGENT, Visit
from gateway.egress import causes, home
from gateway.errors import GatewayError
from gateway.exits import browser
from gateway.exits.solving import YOUNG_S
from gateway.upstream import greetings
from grokgateway import config

BROWSER = "proxy.clearance.browser"
FAMILIES = (
    ("edge", re.compile(r"(?:EdgA|EdgiOS|Edge|Edg)/(\d+)")),
    ("firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("chrome", re.compile(r"(?:CriOS|Chromium|Chrome)/(\d+)")),
    ("safari", re.compile(r"Version/(\d+)\S* (?:Mobile/\S+ )?Safari/")),
)
NAMED = re.compile(r"([a-z]+)\D*(\d{2,3})?")
CHROME_VERSION = re.compile(r"((?:CriOS|Chromium|Chrome|Edg)/)\d+")


def family_of(agent: str) -> tuple[str, str]:
    """The browser that an agent names, and its version; both empty for no browser."""
    for name, pattern in FAMILIES:
        if found := pattern.search(agent):
            return name, found.group(1)
    return "", ""


def profile_of(browser: str) -> tuple[str, str]:
    found = NAMED.match(browser)
    return (found.group(1), found.group(2) or "") if found else ("", "")


async def profile(visit: Visit) -> Finding:
    """User agent, configured profile and TLS are of one browser; else it is odd.

    TLS is heard as it leaves this process; what it is beyond a proxy is not known.
    """
    sent, settings = visit.agent, visit.settings
    family, version = family_of(sent)
    if not family or not sent.startswith("Mozilla/5.0"):
        return note(Check.PROFILE, "no_browser")
    of_agent = f"{family} {version}"
    tls = browser.judged(sent, settings)
    if tls.trouble:
        code = "tls_nearest" if tls.profile else "tls_missing"
        return note(Check.PROFILE, code, agent=of_agent, tls=tls.profile)
    ja4 = await fingerprint(tls.profile)
    if tls.profile:
        return await imitated(of_agent, tls.profile, ja4)
    named, wanted = profile_of(settings.text(BROWSER))
    if named != family or (wanted and wanted != version):
        own = f"{named} {wanted}".strip()
        return note(Check.PROFILE, "profile_differs", agent=of_agent, profile=own)
    if ja4:
        return ok(Check.PROFILE, "tls_own", agent=of_agent, ja4=ja4)
    return ok(Check.PROFILE, "profile_agrees", agent=of_agent)


async def fingerprint(profile: str) -> str:
    """JA4, empty where it could not be heard."""
    greeting = await greetings.heard(profile)
    return greeting.ja4 if greeting else ""


async def imitated(agent: str, tls: str, ja4: str) -> Finding:
    """That a profile is chosen is not yet that it is spoken."""
    if not ja4:
        return ok(Check.PROFILE, "tls_agrees", agent=agent, tls=tls)
    if ja4 == await fingerprint(""):
        return note(Check.PROFILE, "tls_unspoken", agent=agent, tls=tls, ja4=ja4)
    return ok(Check.PROFILE, "tls_heard", agent=agent, tls=tls, ja4=ja4)


async def agent(visit: Visit) -> Finding:
    """Whether the clearance goes with the browser that it was given to.

    That of a solver always does: calls are dressed by it. What was set by hand is
    proved: a page that is refused and comes with another user agent.
    """
    if not visit.cookies:
        return skipped(Check.AGENT, "no_clearance")
    if not await visit.look():
        return ok(Check.AGENT, "agent_taken")
    if not visit.by_hand:
        return ok(Check.AGENT, "agent_of_solver")
    for other in others(visit):
        if await visit.passes(other):
            own = visit.bundle is not None and bool(visit.bundle.user_agent)
            code = "agent_wrong_node" if own else "agent_wrong"
            cause = causes.CHALLENGED.code
            return failed(Check.AGENT, code, cause=cause, agent=other)
    return ok(Check.AGENT, "agent_unproved")


def others(visit: Visit) -> Iterator[str]:
    """Agents that may have been meant: the configured, the shipped, the profile's."""
    sent, own = visit.agent, visit.settings.text(AGENT)
    shipped = str(config.KEYS[AGENT].default)
    _named, wanted = profile_of(visit.settings.text(BROWSER))
    fitting = CHROME_VERSION.sub(rf"\g<1>{wanted}", sent) if wanted else sent
    likely = dict.fromkeys((own, shipped, fitting))
    yield from (one for one in likely if one and one != sent)


async def clearance(visit: Visit) -> Finding:
    """What is there, how old it is, and whether upstream takes it."""
    challenged = await visit.look()
    if challenged and visit.place is not None:
        return await renewed(visit)
    if not visit.cookies:
        return skipped(Check.CLEARANCE, "none_set")
    age_s = age_in(visit.cookies)
    if visit.bundle is not None and not visit.by_hand:
        age_s = age_of(visit.bundle)
    if age_s is None:
        return refused() if challenged else ok(Check.CLEARANCE, "clearance")
    if challenged:
        return refused("clearance_refused_aged", age=minutes(age_s))
    if too_old(age_s, visit.settings):
        return note(Check.CLEARANCE, "clearance_old", age=minutes(age_s))
    return ok(Check.CLEARANCE, "clearance_aged", age=minutes(age_s))


def refused(code: str = "clearance_refused", **about: int) -> Finding:
    found = failed(Check.CLEARANCE, code, cause=causes.CHALLENGED.code)
    return replace(found, about=about)


async def renewed(visit: Visit) -> Finding:
    """As a challenged call would: a new one, if the solver gets one."""
    place, bundle, solver = visit.place, visit.bundle, home.current().solver
    if place is None or solver is None:
        return of_cause(causes.NO_CLEARANCE)
    age_s = age_of(bundle) if bundle else None
    if age_s is not None and age_s < YOUNG_S:  # another would fare no better
        visit.renewed = True
        return ok(Check.CLEARANCE, "clearance_new")
    try:
        await solver.replaced(place, bundle.version if bundle else 0, visit.settings)
    except GatewayError:
        if age_s is None:
            return of_cause(causes.NO_CLEARANCE)
        return failed(
            Check.CLEARANCE,
            "clearance_unrenewed",
            cause=causes.NO_CLEARANCE.code,
            age=minutes(age_s),
        )
    if await visit.look_again():
        return ok(Check.CLEARANCE, "clearance_new")
    return note(Check.CLEARANCE, "clearance_renewed")


async def challenge(visit: Visit) -> Finding:
    if not await visit.look():
        return ok(Check.CHALLENGE, "no_challenge")
    code = "challenged_anew" if visit.renewed else "challenged"
    return failed(Check.CHALLENGE, code, cause=causes.CHALLENGED.code)
