"""The control API: counters, recordings, settings."""

import base64
import json

import pytest

from tests.gateway.sandbox.asking import CHAT, LIMITS, call, chat, cookies, limits

SETTINGS = "/_sandbox/settings"


async def stats(sandbox):
    return (await call(sandbox, "GET", "/_sandbox/stats")).json()


async def test_stats_count_by_account_endpoint_and_mode(sandbox):
    await chat(sandbox, "hi", "fast", "sandbox-super-1")
    await chat(sandbox, "hi", "auto", "sandbox-super-1")
    await limits(sandbox, "sandbox-basic-1", "fast")
    await limits(sandbox, "unknown", "fast")
    counted = await stats(sandbox)
    one = counted["accounts"]["sandbox-super-1"]
    assert one["endpoints"] == {CHAT: 2}
    assert one["modes"] == {"fast": 1, "auto": 1}
    assert one["remaining"]["auto"] == 49
    assert counted["accounts"]["sandbox-basic-1"]["endpoints"] == {LIMITS: 1}
    assert counted["endpoints"] == {CHAT: 2, LIMITS: 2}
    assert (counted["total"], counted["open_streams"]) == (4, 0)


async def test_a_stream_the_client_leaves_is_counted(sandbox):
    answer = await chat(sandbox, "[[tokens=99]] [[delay_ms=20]]", leaves_after=3)
    assert not answer.complete
    assert len(answer.parts) < 9
    counted = await stats(sandbox)
    assert (counted["closed_early"], counted["open_streams"]) == (1, 0)


async def test_reset_forgets_quotas_counts_and_recordings(sandbox):
    await call(sandbox, "POST", SETTINGS, {"record": True})
    await chat(sandbox, "hi", "fast", "sandbox-super-1")
    await call(sandbox, "POST", "/_sandbox/reset")
    assert await stats(sandbox) == {
        "accounts": {},
        "endpoints": {},
        "total": 0,
        "open_streams": 0,
        "closed_early": 0,
        "peers": [],
    }
    found = await call(sandbox, "GET", "/_sandbox/requests", query="last=9")
    assert found.json() == {"requests": []}


async def test_requests_are_recorded_when_asked(sandbox):
    await chat(sandbox, "unheard")
    await call(sandbox, "POST", SETTINGS, query="record=1")
    for number in range(3):
        await chat(sandbox, f"number {number}")
    found = await call(sandbox, "GET", "/_sandbox/requests", query="last=2")
    first, second = found.json()["requests"]
    assert first["headers"]["cookie"] == "sso=sandbox-heavy-1; sso-rw=sandbox-heavy-1"
    assert (second["method"], second["path"]) == ("POST", CHAT)
    assert json.loads(second["body"])["message"] == "[user]: number 2"
    assert sandbox.state.requests.maxlen == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [("429", 429), ("503", 503), ("challenge", 403), ("blocked", 403), ("reset", None)],
)
async def test_a_fault_strikes_everyone_until_it_is_taken_back(sandbox, fault, status):
    await call(sandbox, "POST", SETTINGS, {"fault": fault})
    assert (await chat(sandbox, "hi")).status == status
    await call(sandbox, "POST", SETTINGS, {"fault": None})
    assert (await chat(sandbox, "hi")).status == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"fault": "earthquake"},
        {"latency_ms": "long"},
        {"latency_ms": -1},
        {"record": 7},
        {"clearance": 5},
        {"unheard_of": 1},
        [],
    ],
)
async def test_a_bad_setting_changes_nothing(sandbox, settings):
    if settings:
        settings = {"pace_ms": 9, **settings}
    answer = await call(sandbox, "POST", SETTINGS, settings)
    assert answer.status == 400
    assert sandbox.state.settings.pace_ms == 0


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (base64.b64encode(bytes(70)), 200),
        (base64.b64encode(bytes(70)).rstrip(b"="), 200),
        (
            base64.b64encode(
                b"e:TypeError: Cannot read properties of undefined (reading 'x')"
            ),
            200,
        ),
        (base64.b64encode(bytes(69)), 403),
        (b"not base64!", 403),
        (b"", 403),
    ],
)
async def test_the_anti_bot_value_is_checked_when_strict(sandbox, value, status):
    payload = {"message": "hi", "modeId": "fast"}
    cookie = cookies("sandbox-super-1")
    for strict, expected in ((False, 200), (True, status)):
        await call(sandbox, "POST", SETTINGS, {"strict_statsig": strict})
        answer = await call(
            sandbox, "POST", CHAT, payload, cookie=cookie, x_statsig_id=value
        )
        assert answer.status == expected


async def test_the_guard_wants_the_clearance_of_the_right_browser(sandbox):
    async def asked(path="/", *clearance, agent=b"A/1"):
        cookie = cookies("sandbox-super-1", *clearance)
        answer = await call(sandbox, "GET", path, cookie=cookie, user_agent=agent)
        return answer.status, answer.headers.get(b"cf-mitigated")

    good = "cf_clearance=fresh"
    assert await asked() == (200, None)
    await call(sandbox, "POST", SETTINGS, {"guarded": True, "clearance_agent": "A/1"})
    assert await asked() == (403, b"challenge")
    assert await asked("/no-such-path") == (403, b"challenge")
    assert await asked("/", "cf_clearance=stale") == (403, b"challenge")
    assert await asked("/", good) == (200, None)
    assert await asked("/", good, agent=b"A/2") == (403, b"challenge")
    assert await asked("/cdn-cgi/trace") == (200, None)
    assert (await stats(sandbox))["total"] == 7
