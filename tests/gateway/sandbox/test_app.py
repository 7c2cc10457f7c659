"""How requests reach their endpoints."""

import asyncio

import pytest

from tests.gateway.sandbox.asking import CHAT, LIMITS, Cycle, call, chat, cookies

COOKIE = cookies("sandbox-heavy-1")


class Uploaded(Cycle):
    """A request whose body comes in parts."""

    parts_left: list[bytes]

    async def receive(self):
        if not self.parts_left:
            return await super().receive()
        body = self.parts_left.pop(0)
        self.asked = not self.parts_left
        return {
            "type": "http.request",
            "body": body,
            "more_body": bool(self.parts_left),
        }


async def upload(sandbox, *parts):
    cycle = Uploaded(b"")
    cycle.parts_left = list(parts)
    headers = [(b"content-type", b"application/json"), (b"cookie", COOKIE)]
    scope = {
        "type": "http",
        "method": "POST",
        "path": LIMITS,
        "query_string": b"",
        "headers": headers,
    }
    await sandbox(scope, cycle.receive, cycle.send)
    return cycle


async def test_a_body_may_come_in_parts(sandbox):
    answer = await upload(sandbox, b'{"model', b'Name":"heavy"}', b"")
    assert answer.json()["totalQueries"] == 20


async def test_a_body_has_a_limit(sandbox, monkeypatch):
    monkeypatch.setattr("gateway.sandbox.app.MAX_BODY_BYTES", 8)
    assert (await upload(sandbox, b"12345678", b"9")).status == 413


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"modelName":7}'])
async def test_a_quota_question_must_name_a_mode(sandbox, body):
    assert (await call(sandbox, "POST", LIMITS, body, cookie=COOKIE)).status == 400


async def test_latency_comes_before_every_answer(sandbox):
    sandbox.state.settings.latency_ms = 30
    loop = asyncio.get_running_loop()
    for token in ("sandbox-heavy-1", "unknown"):
        begun = loop.time()
        await chat(sandbox, "hi", token=token)
        assert loop.time() - begun >= 0.03


async def test_a_long_message_is_not_repeated_whole(sandbox):
    assert len((await chat(sandbox, "long " * 1000)).text()) < 600


async def test_requests_are_recorded_whatever_the_answer(sandbox):
    sandbox.state.settings.record = True
    await call(sandbox, "POST", "/rest/nowhere", {"a": 1}, query="b=2")
    await call(sandbox, "POST", CHAT, {})
    first, second = sandbox.state.requests
    assert (first.path, first.query, first.body) == ("/rest/nowhere", "b=2", '{"a": 1}')
    assert second.path == CHAT
