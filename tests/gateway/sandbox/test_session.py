"""GET /api/auth/session, and the pages beside it."""

import pytest

from tests.gateway.sandbox.asking import call, cookies

SESSION = "/api/auth/session"


async def test_the_session_names_the_account(sandbox):
    async def user_id(token):
        answer = await call(sandbox, "GET", SESSION, cookie=cookies(token))
        assert answer.json()["status"] == "authenticated"
        return answer.json()["session"]["userId"]

    assert await user_id("sandbox-super-1") == await user_id("sandbox-super-1")
    assert await user_id("sandbox-super-1") != await user_id("sandbox-super-2")


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [("blocked", 200, "blocked"), ("expired", 200, "unauthenticated")],
)
async def test_a_dead_account_is_told_by_its_status(sandbox, fault, status, said):
    cookie = cookies(f"sandbox-super-{fault}")
    answer = await call(sandbox, "GET", SESSION, cookie=cookie)
    assert (answer.status, answer.json()["status"]) == (status, said)


@pytest.mark.parametrize(
    ("token", "status"), [("sandbox-super-bare401", 401), ("", 401)]
)
async def test_without_a_login_there_is_no_session(sandbox, token, status):
    answer = await call(sandbox, "GET", SESSION, cookie=cookies(token))
    assert answer.status == status


@pytest.mark.parametrize("path", ["/", "/index"])
async def test_the_pages_carry_the_verification_tag(sandbox, path):
    answer = await call(sandbox, "GET", path)
    assert answer.status == 200
    assert b'name="grok-site-verification" content="' in answer.reply


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/")])
async def test_anything_else_is_not_found(sandbox, method, path):
    assert (await call(sandbox, method, path)).status == 404
