"""The account calls, byte for byte as section 10.2 has them."""

from datetime import date

import httpx
import pytest

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import identity, operations, pool, quota
from gateway.upstream.headers import Login
from grokgateway import config

LOGIN = Login("the-token")
BORN = date(1990, 5, 17)
OK = b"\0\0\0\0\0\x80\0\0\0\x0fgrpc-status:0\r\n"


@pytest.fixture
def upstream():
    """Answers every call with what is set; keeps the calls."""

    class Upstream:
        def __init__(self):
            self.calls = []
            self.answer = httpx.Response(200, content=OK)

        async def __call__(self, request):
            self.calls.append(request)
            answer = self.answer
            return answer(request) if callable(answer) else answer

    found = Upstream()
    with config.override({}), pool.carried_by(httpx.MockTransport(found)):
        yield found


async def test_terms_are_accepted_on_the_accounts_host(upstream):
    await operations.accept_terms(LOGIN, config.current())
    call, told = upstream.calls
    assert str(call.url) == f"https://accounts.x.ai{operations.TERMS_PATH}"
    assert call.content.hex() == "00000000021001"
    assert call.headers["content-type"] == "application/grpc-web+proto"
    assert call.headers["x-grpc-web"] == "1"
    assert call.headers["origin"] == "https://accounts.x.ai"
    assert call.headers["referer"] == "https://accounts.x.ai/accept-tos"
    assert "sso=the-token" in call.headers["cookie"]
    assert "x-statsig-id" not in call.headers
    assert str(told.url) == "https://grok.com/rest/auth/set-tos-accepted"
    assert told.content == b'{"tosVersion":5}'


async def test_cloudflares_cookies_of_one_host_go_to_no_other(upstream):
    with config.override({"proxy.clearance.cf_clearance": "the-base-hosts"}):
        await operations.accept_terms(LOGIN, config.current())
    call, told = upstream.calls
    assert "the-base-hosts" not in call.headers["cookie"]
    assert "cf_clearance=the-base-hosts" in told.headers["cookie"]


@pytest.mark.parametrize(("status", "fails"), [(404, False), (405, False), (500, True)])
async def test_an_upstream_without_the_second_step_is_content(upstream, status, fails):
    def answer(request):
        if request.url.path == operations.TERMS_SET_PATH:
            return httpx.Response(status, content=b"{}")
        return httpx.Response(200, content=OK)

    upstream.answer = answer
    accepting = operations.accept_terms(LOGIN, config.current())
    if fails:
        with pytest.raises(UpstreamFailure):
            await accepting
    else:
        await accepting
    assert len(upstream.calls) == 2


@pytest.mark.parametrize(("enabled", "bit"), [(True, "01"), (False, "00")])
async def test_the_switch_of_adult_content(upstream, enabled, bit):
    settings = config.current()
    await operations.show_adult_content(LOGIN, settings, enabled=enabled)
    name = b"always_show_nsfw_content".hex()
    assert upstream.calls[0].content.hex() == f"00000000200a0210{bit}121a0a18{name}"
    assert upstream.calls[0].headers["referer"].endswith("/?_s=data")


async def test_the_birth_date_is_the_one_declared(upstream):
    assert await operations.declare_birth_date(LOGIN, config.current(), BORN)
    assert upstream.calls[0].content == b'{"birthDate":"1990-05-17T16:00:00.000Z"}'


async def test_a_birth_date_that_stands_is_no_error(upstream):
    told = b"[WKE=account:birth-date-change-limit-reached]"
    upstream.answer = httpx.Response(429, content=told)
    assert not await operations.declare_birth_date(LOGIN, config.current(), BORN)
    upstream.answer = httpx.Response(429, content=b"slow down")
    with pytest.raises(UpstreamFailure) as caught:
        await operations.declare_birth_date(LOGIN, config.current(), BORN)
    assert caught.value.fault is UpstreamFault.RATE_LIMITED


async def test_a_grpc_failure_is_a_failure(upstream):
    upstream.answer = httpx.Response(200, headers={"grpc-status": "7"})
    with pytest.raises(UpstreamFailure):
        await operations.accept_terms(LOGIN, config.current())


@pytest.mark.parametrize(
    ("document", "user_id"),
    [
        ({"status": "authenticated", "session": {"userId": "u1"}}, "u1"),
        ({"user": {"sub": "u2"}}, "u2"),
        ({"id": "u3"}, "u3"),
        ({}, ""),
    ],
)
async def test_who_a_login_belongs_to(upstream, document, user_id):
    upstream.answer = httpx.Response(200, json=document)
    found = await identity.fetch(LOGIN, config.current())
    assert found.user_id == user_id


@pytest.mark.parametrize(
    ("status", "cause"), [("blocked", "blocked"), ("unauthenticated", "dead_login")]
)
async def test_a_dead_session_is_told_in_a_good_answer(upstream, status, cause):
    upstream.answer = httpx.Response(200, json={"status": status, "user": {"id": "u"}})
    with pytest.raises(UpstreamFailure) as caught:
        await identity.fetch(LOGIN, config.current())
    assert caught.value.fault is UpstreamFault.CREDENTIAL
    assert caught.value.cause == cause


async def test_a_survey_tells_refused_modes_from_silent_ones(upstream):
    def answer(request):
        if b"auto" in request.content:
            return httpx.Response(400, json={"code": 3})
        if b"expert" in request.content:
            return httpx.Response(500)
        return httpx.Response(200, json={"remainingQueries": 9, "totalQueries": 30})

    upstream.answer = answer
    modes = ("auto", "fast", "expert")
    found = await quota.survey(LOGIN, modes, config.current())
    assert set(found.readings) == {"fast"}
    assert found.refused == {"auto"}


async def test_a_dead_login_ends_the_survey(upstream):
    upstream.answer = httpx.Response(401, content=b"bad-credentials")
    with pytest.raises(UpstreamFailure) as caught:
        await quota.survey(LOGIN, ("fast", "auto"), config.current())
    assert caught.value.fault is UpstreamFault.CREDENTIAL
