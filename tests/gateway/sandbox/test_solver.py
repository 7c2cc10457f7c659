"""The solver beside the guard: what it gives is what the guard takes."""

import pytest

from tests.gateway.sandbox.asking import call

QUESTION = {"cmd": "request.get", "url": "https://grok.com", "maxTimeout": 1000}


async def ask(sandbox, question=QUESTION):
    return await call(sandbox, "POST", "/v1", question)


@pytest.mark.parametrize("agent", ["", "Agent/1"])
async def test_its_clearance_opens_the_door(sandbox, agent):
    sandbox.state.settings.change(
        {"guarded": True, "clearance": "new", "clearance_agent": agent}.items()
    )
    solution = (await ask(sandbox)).json()["solution"]
    (cookie,) = solution["cookies"]
    agent = solution["userAgent"].encode()
    held = f"{cookie['name']}={cookie['value']}".encode()
    shut = await call(sandbox, "GET", "/", user_agent=agent)
    opened = await call(sandbox, "GET", "/", user_agent=agent, cookie=held)
    assert (shut.status, opened.status) == (403, 200)


@pytest.mark.parametrize("question", [b"", b"[]", {"cmd": "sessions.list"}, {}])
async def test_what_is_no_question_is_an_error(sandbox, question):
    answer = await ask(sandbox, question)
    assert (answer.status, answer.json()["status"]) == (500, "error")


async def test_it_fails_on_demand(sandbox):
    sandbox.state.settings.change([("solver", "error")])
    assert (await ask(sandbox)).json()["status"] == "error"
    sandbox.state.settings.change([("solver", "garbage")])
    with pytest.raises(UnicodeDecodeError):
        (await ask(sandbox)).json()
