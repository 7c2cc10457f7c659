"""A voice session: whose account, what it costs, what is noted."""

import httpx
import pytest

from gateway import rooms
from gateway.conversation.speaking import Speaking
from gateway.errors import GatewayError, Kind
from gateway.recorder import Journal

GOOD = {"token": "a-room-token", "roomName": "r"}


def journal():
    return Journal("req_1", "/webui/api/voice/token")


def good():
    return httpx.Response(200, json=GOOD)


async def refused(notes=None):
    with pytest.raises(GatewayError) as caught:
        await rooms.enter(Speaking(), notes or journal())
    return caught.value


async def test_a_session_is_counted_as_auto(stage):
    stage.add("a")
    stage.upstream.will(good(), good())
    notes = journal()
    room = await rooms.enter(Speaking("eve"), notes)
    assert (room.token, room.name) == ("a-room-token", "r")
    first = notes.attempts[0]
    await rooms.enter(Speaking(), notes)
    assert (first.mode, notes.attempts[1].mode) == ("auto", "auto")
    assert notes.attempts[1].grounds["left"] == first.grounds["left"] - 1


async def test_it_is_recorded_without_its_token(stage):
    stage.add("a")
    stage.upstream.will(good())
    await rooms.enter(Speaking(instruction="a secret wish"), journal())
    (row,) = stage.kept.records
    assert row[3:6] == ("/webui/api/voice/token", rooms.MODEL, "acc_a")
    assert row[7] == 200
    assert "a-room-token" not in str(stage.kept.rows)
    assert "a secret wish" not in str(stage.kept.rows)


async def test_another_account_is_asked_when_one_is_dead_or_spent(stage):
    stage.add("a", "b")
    stage.upstream.will(429, good())
    notes = journal()
    assert (await rooms.enter(Speaking(), notes)).token == "a-room-token"
    assert [one.reason for one in notes.attempts] == ["rate_limited", "ok"]
    assert len(set(stage.upstream.asked)) == 2


async def test_what_all_refuse_is_told_with_a_time(stage):
    stage.add("a", "b")
    stage.upstream.will(429, 429)
    error = await refused()
    assert error.kind is Kind.RATE_LIMITED
    assert error.retry_after_s
    (row,) = stage.kept.records
    assert row[7:9] == (429, "rate_limit_exceeded")


async def test_a_refused_wish_is_not_tried_elsewhere(stage):
    stage.add("a", "b")
    stage.upstream.will(400)
    assert (await refused()).kind is Kind.UPSTREAM_REJECTED
    assert len(stage.upstream.asked) == 1


async def test_an_answer_without_a_token_is_an_upstream_error(stage):
    stage.add("a")
    stage.upstream.will(b"{}")
    assert (await refused()).kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize("tiers", [(), ("basic",)])
async def test_the_wrong_tier_names_the_right_one(stage, tiers):
    for tier in tiers:
        stage.add("a", tier=tier)
    error = await refused()
    assert (error.kind, error.code) == (Kind.NO_ACCOUNT, "tier_required")
    assert "super or heavy" in error.message
    assert not stage.upstream.asked


async def test_heavy_accounts_talk_too(stage):
    stage.add("a", tier="heavy")
    stage.upstream.will(good())
    assert await rooms.enter(Speaking(), journal())
