"""The ladder: one rung after the other, up to the layer that is at fault."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from gateway.doctor import membership, protection, ways
from gateway.doctor.findings import (
    NOT_REACHED,
    NOT_TOLD,
    Case,
    Check,
    Finding,
    failed,
    note,
    of_code,
    ok,
    ordered,
    skipped,
)
from gateway.doctor.patients import Patient
from gateway.doctor.visit import Visit
from gateway.egress.settings import Settings
from gateway.errors import GatewayError, UpstreamFailure
from gateway.upstream.passage import fixed

logger = logging.getLogger(__name__)

Rung = Callable[[Visit], Awaitable[Finding]]
LONGEST_S = 240.0  # a solver may take its time


async def upstream(visit: Visit) -> Finding:
    """All rungs before have had their answers from it."""
    return ok(Check.UPSTREAM, "answers")


RUNGS: tuple[tuple[Check, Rung], ...] = (
    (Check.NODE, ways.node),
    (Check.NAME, ways.name),
    (Check.CONNECT, ways.connect),
    (Check.EXIT, ways.exit_address),
    (Check.PROFILE, protection.profile),
    (Check.AGENT, protection.agent),
    (Check.CLEARANCE, protection.clearance),
    (Check.CHALLENGE, protection.challenge),
    (Check.STATSIG, membership.statsig),
    (Check.CREDENTIAL, membership.credential),
    (Check.BLOCKED, membership.blocked),
    (Check.TIER, membership.tier),
    (Check.QUOTA, membership.quota),
    (Check.MODEL, membership.model),
    (Check.ANSWER, membership.answer),
    (Check.UPSTREAM, upstream),
)


async def climb(
    patient: Patient,
    settings: Settings,
    paused: Iterable[str] = (),
    rungs: tuple[tuple[Check, Rung], ...] = RUNGS,
) -> Case:
    """`paused` names what the breaker holds back in this process."""
    visit = Visit(patient, settings)
    found: list[Finding] = []
    with fixed(visit.node):
        for check, rung in rungs:
            if any(one.failed for one in found):
                found.append(skipped(check, NOT_REACHED))
                continue
            began = time.perf_counter()
            one = await stepped(check, rung, visit)
            took = round((time.perf_counter() - began) * 1000)
            found.append(one.taking(took))
            if one.check is not check:
                found.append(skipped(check, NOT_TOLD))
    if held := ", ".join(paused):
        found = [with_breaker(one, held) for one in found]
    account = patient.holder.public_id if patient.holder else ""
    model = patient.wish.model if patient.wish else ""
    guilty = [one for one in found if one.failed]
    rest = [one for one in found if one.check not in {bad.check for bad in guilty}]
    return Case(patient.name, account, model, ordered([*rest, *guilty]))


async def stepped(check: Check, rung: Rung, visit: Visit) -> Finding:
    """A failure of a call is a finding, at the rung where it belongs."""
    try:
        async with asyncio.timeout(LONGEST_S):
            return await rung(visit)
    except UpstreamFailure as failure:
        return of_code(failure.cause)
    except GatewayError as failure:
        logger.info("The check %s ended early: %s", check, failure.message)
        return failed(check, "refused_here")
    except TimeoutError:
        return failed(check, "too_long")


def with_breaker(one: Finding, held: str) -> Finding:
    if one.check is not Check.UPSTREAM or one.failed:
        return one
    return note(Check.UPSTREAM, "paused", calls=held)
