"""Who may pass, what is wrong with whom, and quotas that count down."""

import asyncio

import pytest

from gateway.sandbox import accounts
from gateway.sandbox.accounts import COMPUTER_USE, Window
from gateway.sandbox.app import Sandbox
from gateway.sandbox.settings import Settings
from tests.gateway.sandbox.asking import CHAT, call, chat, cookies, limits

MODES = ("auto", "fast", "expert", "heavy", COMPUTER_USE)
DEAD_MARKERS = (b"bad-credentials", b"blocked-user")


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        (cookies("sandbox-super-1"), 200),
        (b"a=b; sso-rw=sandbox-super-1;sso=sandbox-super-1", 200),
        (b"sso=sandbox-super-1", 401),
        (b"sso=sandbox-super-1; sso-rw=sandbox-super-2", 401),
        (b"xsso=sandbox-super-1; sso-rw=sandbox-super-1", 401),
        (b"", 401),
        (cookies("eyJhbGciOiJIUzI1NiJ9.e30.x"), 401),
        (cookies("sandbox-golden-1"), 401),
    ],
)
async def test_both_cookies_name_the_account(sandbox, cookie, status):
    answer = await call(
        sandbox, "POST", CHAT, {"message": "hi", "modeId": "fast"}, cookie=cookie
    )
    assert answer.status == status
    assert (status == 401) is (b"bad-credentials" in answer.reply)


async def test_unknown_tokens_can_be_allowed():
    sandbox = Sandbox(Settings(allow_any=True))
    answer = await limits(sandbox, "eyJhbGciOiJIUzI1NiJ9.e30.x", "fast")
    assert answer.json()["totalQueries"] == 30
    assert (await limits(sandbox, "", "fast")).status == 401


async def test_a_post_must_be_json(sandbox):
    for content_type, status in (
        (b"text/plain", 415),
        (b"application/json; charset=utf-8", 400),
    ):
        answer = await call(
            sandbox,
            "POST",
            CHAT,
            b"{",
            cookie=cookies("sandbox-super-1"),
            content_type=content_type,
        )
        assert answer.status == status


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"message":1,"modeId":"fast"}', b'{"message":"x","modeId":[]}'],
)
async def test_a_malformed_body_is_refused(sandbox, body):
    cookie = cookies("sandbox-super-1")
    answer = await call(sandbox, "POST", CHAT, body, cookie=cookie)
    assert answer.status == 400


@pytest.mark.parametrize(
    ("fault", "status", "dead"),
    [
        ("blocked", 403, True),
        ("expired", 401, True),
        ("bare401", 401, False),
        ("forbidden", 403, False),
        ("policy", 403, False),
        ("ratelimited", 429, False),
        ("challenged", 403, False),
        ("err500", 500, False),
        ("err503", 503, False),
    ],
)
async def test_the_name_decides_what_is_wrong(sandbox, fault, status, dead):
    token = f"sandbox-super-{fault}-7"
    for answer in (
        await chat(sandbox, "hi", token=token),
        await limits(sandbox, token, "fast"),
    ):
        assert answer.status == status
        assert any(marker in answer.reply for marker in DEAD_MARKERS) is dead


async def test_the_rate_limit_error_has_upstreams_form(sandbox):
    answer = await chat(sandbox, "hi", token="sandbox-super-ratelimited")
    assert answer.json() == {"error": {"code": 8, "message": "Too many requests"}}


async def test_policy_refusals_say_so(sandbox):
    answer = await chat(sandbox, "hi", token="sandbox-super-policy")
    assert answer.json()["message"] == "content-moderated"


async def test_the_current_clearance_opens_the_challenge(sandbox):
    async def asked(*clearance):
        cookie = cookies("sandbox-super-challenged", *clearance)
        payload = {"message": "hi", "modeId": "fast"}
        return await call(sandbox, "POST", CHAT, payload, cookie=cookie)

    refused = await asked()
    assert refused.status == 403
    assert b"Just a moment" in refused.reply
    assert refused.headers[b"server"] == b"cloudflare"
    assert (await asked("cf_clearance=stale")).status == 403
    assert (await asked("cf_clearance=fresh")).status == 200


async def test_an_empty_account_answers_without_text(sandbox):
    answer = await chat(sandbox, "[[tokens=5]]", token="sandbox-super-empty")
    assert answer.status == 200
    assert answer.text() == ""
    assert "finalMetadata" in answer.responses()[-1]


async def test_a_slow_account_takes_its_time(sandbox, monkeypatch):
    monkeypatch.setattr("gateway.sandbox.doors.SLOW_S", 0.05)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert (await chat(sandbox, "hi", token="sandbox-super-slow")).status == 200
    assert loop.time() - begun >= 0.05


async def test_a_hanging_account_never_answers(sandbox):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await chat(sandbox, "hi", token="sandbox-super-hang")


async def test_a_resetting_account_closes_without_a_word(sandbox):
    answer = await chat(sandbox, "hi", token="sandbox-super-reset")
    assert answer.sent == []
    assert answer.transport.aborted.is_set()


@pytest.mark.parametrize(
    ("tier", "totals", "window_s"),
    [
        ("basic", (None, 30, None, None, None), 86_400),
        ("super", (50, 140, 50, None, 50), 7_200),
        ("heavy", (150, 400, 150, 20, 150), 7_200),
    ],
)
async def test_the_tiers_totals(sandbox, tier, totals, window_s):
    for mode, total in zip(MODES, totals, strict=True):
        answer = await limits(sandbox, f"sandbox-{tier}-1", mode)
        if total is None:
            assert answer.status == 400
            spoken = await chat(sandbox, "hi", mode, f"sandbox-{tier}-1")
            assert spoken.status == 400
        else:
            assert answer.json() == {
                "windowSizeSeconds": window_s,
                "remainingQueries": total,
                "totalQueries": total,
                "lowEffortRateLimits": None,
                "highEffortRateLimits": None,
            }


async def test_a_turn_spends_one_query_of_its_mode(sandbox):
    token = "sandbox-super-quota2"
    for left in (1, 0):
        assert (await chat(sandbox, "hi", "auto", token)).status == 200
        answer = await limits(sandbox, token, "auto")
        assert answer.json()["remainingQueries"] == left
        assert answer.json()["totalQueries"] == 50
    refused = await chat(sandbox, "hi", "auto", token)
    assert refused.status == 429
    assert refused.json()["error"]["code"] == 8
    assert (await chat(sandbox, "hi", "fast", token)).status == 200


@pytest.mark.parametrize("prompt", ["[[status=500]]", "[[challenge]]"])
async def test_a_refused_turn_costs_nothing(sandbox, prompt):
    await chat(sandbox, prompt, "auto", "sandbox-super-1")
    answer = await limits(sandbox, "sandbox-super-1", "auto")
    assert answer.json()["remainingQueries"] == 50


async def test_more_quota_than_usual_can_be_had(sandbox):
    answer = await limits(sandbox, "sandbox-super-quota1000-win60", "auto")
    assert answer.json()["totalQueries"] == 1000
    assert answer.json()["windowSizeSeconds"] == 60


def test_a_window_opens_with_the_first_query_and_is_full_again_after():
    window = Window(total=2, remaining=2, length_s=10)
    assert window.spend(100)
    assert window.spend(109)
    assert not window.spend(109.9)
    assert window.spend(110)
    assert window.remaining == 1
    window.renew(119.9)
    assert window.remaining == 1
    window.renew(120)
    assert window.remaining == 2


def test_a_window_that_starts_spent_resets_too():
    account = accounts.from_token("sandbox-basic-quota0-win5", 100.0)
    assert account is not None
    window = account.windows["fast"]
    assert not window.spend(104.9)
    assert window.spend(105)
    assert window.remaining == 29


def test_samples_are_healthy_accounts_of_all_tiers():
    assert accounts.sample(4) == {
        "basic": ["sandbox-basic-0001", "sandbox-basic-0002"],
        "super": ["sandbox-super-0001"],
        "heavy": ["sandbox-heavy-0001"],
    }
    assert accounts.sample(1, ("heavy",)) == {"heavy": ["sandbox-heavy-0001"]}
