"""What a request hears while upstream fails for everybody, in memory."""

import httpx
import pytest

from accounts import directory
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from tests.gateway.ground import Stream, ask, error, said
from tests.gateway.test_turn import GOOD, failure_of, text_of

FAST = "grok-4.20-fast"  # falls back to no other mode
CHALLENGE = b"<html><title>Just a moment...</title></html>"


def outage(stage, *replies):
    stage.add("a", "b", "c", "d", "e")
    stage.upstream.will(*replies)


async def fail(count):
    return [await failure_of(ask(model=FAST)) for _ in range(count)]


def breaker():
    (state,) = [one for one in directory.breakers() if one.opened_times]
    return state


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, Kind.UPSTREAM_ERROR),
        (429, Kind.RATE_LIMITED),
        (401, Kind.UPSTREAM_UNAVAILABLE),
    ],
)
async def test_it_hears_the_fault_of_the_outage(stage, status, kind):
    outage(stage, *[status] * 20)
    while not breakers_open():
        await fail(1)
    await fail(1)
    probed = len(stage.upstream.replies)
    (refused,) = await fail(1)
    assert (refused.kind, refused.retry_after_s) == (kind, 1)
    assert len(stage.upstream.replies) == probed
    assert all(entry_of(stage, n).row.status == "active" for n in range(1, 6))


async def test_a_challenge_is_told_from_an_accounts_own_fault(stage):
    page = httpx.Response(403, content=CHALLENGE)
    outage(stage, *[page] * 20)
    (told,) = await fail(1)
    assert told.kind is Kind.UPSTREAM_UNAVAILABLE
    assert all(entry_of(stage, n).row.strikes == () for n in range(1, 6))
    await fail(2)
    assert breaker().fault == "challenge"


async def test_another_mode_serves_meanwhile(stage):
    outage(stage, 500, 500, 500, 500, GOOD)
    for _ in range(4):
        await failure_of(ask())
    assert await text_of(ask()) == "Hello"
    assert stage.upstream.bodies[-1]["modeId"] == "fast"
    assert breaker().open


def breakers_open():
    return [state for state in directory.breakers() if state.open]


def entry_of(stage, number):
    return stage.accounts.entry(number)


async def test_the_next_answer_ends_it(stage):
    outage(stage, 500, 500, 500, GOOD)
    await fail(3)
    assert breaker().open
    assert await text_of(ask(model=FAST)) == "Hello"
    assert not breaker().open
    stage.upstream.will(GOOD)
    assert await text_of(ask(model=FAST)) == "Hello"


async def test_a_long_answer_ends_it_with_its_first_word(stage):
    outage(stage, 500, 500, 500, Stream(said("Hel"), error("broken")))
    await fail(3)
    await fail(1)
    assert not breaker().open


async def test_a_request_that_fails_everywhere_pauses_nobody(stage):
    outage(stage, *[401] * 6)
    await fail(1)
    assert not breakers_open()
    assert [len(stage.accounts.entry(n).row.strikes) for n in range(1, 6)] == [0] * 5
    doubted = [entry_of(stage, n).row.unauthorized_at > 0 for n in range(1, 6)]
    assert doubted.count(True) == 1


@pytest.mark.parametrize(
    ("status", "sent", "charged"),
    [
        (None, True, True),
        (None, False, False),
        (403, True, False),
        (400, True, False),
        (429, True, True),
        (502, True, True),
    ],
)
def test_a_refusal_is_not_charged(status, sent, charged):
    failure = UpstreamFailure(
        Kind.UPSTREAM_ERROR, "x", fault=UpstreamFault.SERVER, status=status
    )
    failure.sent = sent
    assert failure.charged is charged
    assert isinstance(failure, GatewayError)
