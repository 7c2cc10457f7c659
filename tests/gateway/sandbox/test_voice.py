"""Passes to rooms: who gets one, and what is asked of the body."""

import json

import pytest

from tests.gateway.sandbox.asking import call, cookies

PATH = "/rest/livekit/tokens"
SESSION = {
    "voice": "ara",
    "personality": "assistant",
    "playback_speed": 1.0,
    "enable_vision": False,
    "turn_detection": {"type": "server_vad"},
}


async def asked(sandbox, account="sandbox-super-1", url="wss://x.example", **session):
    payload = {
        "sessionPayload": json.dumps({**SESSION, **session}),
        "livekitUrl": url,
    }
    return await call(sandbox, "POST", PATH, payload, cookie=cookies(account))


def told(directive):
    return {"personality": None, "instructions": f"Be kind. [[{directive}]]"}


async def test_a_pass_names_its_room(sandbox):
    answer = (await asked(sandbox)).json()
    assert answer["token"].count(".") == 2
    assert answer["livekitUrl"] == "wss://x.example"
    assert answer["roomName"].startswith("room-")
    assert answer["token"] != (await asked(sandbox)).json()["token"]


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ("sandbox-basic-1", 400),
        ("sandbox-super-quota0", 429),
        ("sandbox-heavy-ratelimited", 429),
        ("sandbox-heavy-expired", 401),
        ("sandbox-heavy-err500", 500),
        ("sandbox-heavy-challenged", 403),
        ("sandbox-heavy-1", 200),
    ],
)
async def test_accounts(sandbox, account, status):
    assert (await asked(sandbox, account)).status == status


async def test_a_session_costs_one_query(sandbox):
    assert (await asked(sandbox, "sandbox-super-quota1")).status == 200
    assert (await asked(sandbox, "sandbox-super-quota1")).status == 429


@pytest.mark.parametrize(
    "session",
    [
        {"voice": "bob"},
        {"personality": None},
        {"instructions": "x"},
        {"playback_speed": "fast"},
        {"turn_detection": None},
    ],
)
async def test_a_session_must_be_whole(sandbox, session):
    assert (await asked(sandbox, **session)).status == 400


@pytest.mark.parametrize("body", [b"no json", {}, {"sessionPayload": {}}])
async def test_a_body_must_hold_a_session(sandbox, body):
    cookie = cookies("sandbox-super-1")
    assert (await call(sandbox, "POST", PATH, body, cookie=cookie)).status == 400


async def test_directives_stand_in_the_instruction(sandbox):
    assert "token" not in (await asked(sandbox, **told("notoken"))).json()
    refusal = await asked(sandbox, **told("status=429]] [[retry_after=7"))
    assert (refusal.status, refusal.headers[b"retry-after"]) == (429, b"7")
