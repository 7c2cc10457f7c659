"""Chat front-ends in the shapes they send, and their answers read as they read them.

Shapes were written down from the sources and recorded calls of each (docs/clients.md);
the last user message carries directives of the sandbox.
"""

import json
from pathlib import Path

import httpx
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.e2e.test_answers import CHAT

RECORDED = Path(__file__).parents[1] / "recorded"
FRONT_ENDS = ("cherry-studio", "lobechat", "nextchat", "open-webui", "sillytavern")
SHAPES = sorted(
    path.relative_to(RECORDED).with_suffix("").as_posix()
    for name in FRONT_ENDS
    for path in (RECORDED / name).glob("*.json")
)
ANSWER = "Fine, thank you."
CALL = ("get_weather", {"city": "Oslo"})
OTHERWISE = {
    "lobechat/object": '{"title":"Tides"}',
    "open-webui/title": '{ "title": "Morning" }',
}


def sent(gateway, shape, **changes):
    recorded = json.loads((RECORDED / f"{shape}.json").read_text())
    headers = {
        name: value.replace("$KEY", gateway.key)
        for name, value in recorded["headers"].items()
    }
    content = json.dumps({**recorded["body"], **changes})
    return httpx.post(f"{gateway.url}{CHAT}", headers=headers, content=content)


def read(answer):
    """Text, thoughts and calls, as the front-ends put them together.

    A new call begins where an id stands; what follows without one belongs to the last.
    `finish_reason` is looked up without asking whether it is there.
    """
    text, thoughts, calls, reasons = "", "", [], []
    for line in answer.text.split("\n"):
        if not line.startswith("data: ") or line == "data: [DONE]":
            continue
        chunk = json.loads(line.removeprefix("data: "))
        ChatCompletionChunk.model_validate(chunk, strict=True)
        if not chunk["choices"]:
            continue
        choice = chunk["choices"][0]
        reasons.append(choice["finish_reason"])
        delta = choice["delta"]
        text += delta.get("content") or ""
        thoughts += delta.get("reasoning_content") or ""
        for piece in delta.get("tool_calls") or []:
            if piece.get("id"):
                calls.append([piece["function"]["name"], ""])
            calls[-1][1] += piece["function"]["arguments"]
    assert [reason for reason in reasons if reason] == reasons[-1:]
    return text, thoughts, [(name, json.loads(given)) for name, given in calls]


def read_whole(answer):
    ChatCompletion.model_validate(answer.json(), strict=True)
    message = answer.json()["choices"][0]["message"]
    return message["content"], message.get("reasoning_content", ""), []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_recorded_request_is_understood(gateway, shape):
    answer = sent(gateway, shape)
    assert answer.status_code == 200, answer.text
    streamed = json.loads(answer.request.content).get("stream", False)
    assert answer.headers["content-type"].startswith("text/event-stream") is streamed
    text, thoughts, calls = read(answer) if streamed else read_whole(answer)
    if shape.endswith("/tools"):
        assert (text, calls) == ("", [CALL])
    else:
        assert (text, calls) == (OTHERWISE.get(shape, ANSWER), [])
    asked_to_think = b"[[thinking=" in answer.request.content
    assert bool(thoughts) is asked_to_think


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_every_front_end_was_recorded_with_and_without_tools(front_end):
    names = {shape for shape in SHAPES if shape.startswith(f"{front_end}/")}
    assert f"{front_end}/chat" in names
    assert f"{front_end}/tools" in names


@pytest.mark.parametrize("shape", ["cherry-studio/chat", "open-webui/chat"])
def test_usage_comes_last_when_it_is_always_asked_for(gateway, shape):
    lines = sent(gateway, shape).text.strip().split("\n\n")
    assert lines[-1] == "data: [DONE]"
    last = json.loads(lines[-2].removeprefix("data: "))
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] > 0


def test_thinking_can_be_turned_off_by_a_front_end(gateway):
    text, thoughts, _calls = read(
        sent(gateway, "nextchat/chat", reasoning_effort="none")
    )
    assert (text, thoughts) == (ANSWER, "")


@pytest.mark.parametrize("path", ["/v1/models", CHAT])
def test_a_browser_may_ask(gateway, path):
    """The preflight of LobeChat's and NextChat's calls straight from the page."""
    wanted = "authorization,content-type,x-stainless-lang,x-stainless-os,x-title"
    asked = httpx.options(
        f"{gateway.url}{path}",
        headers={
            "Origin": "https://chat.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert asked.headers["access-control-allow-headers"] == wanted
    assert "access-control-allow-credentials" not in asked.headers


def test_the_model_list_in_a_browser(gateway):
    answer = httpx.get(
        f"{gateway.url}/v1/models",
        headers={"Origin": "https://chat.example", **gateway.headers()},
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    for model in answer.json()["data"]:
        assert {"id", "object", "created", "owned_by"} <= set(model)
        assert isinstance(model["created"], int)


def test_an_error_reaches_a_browser_too(gateway):
    answer = httpx.post(
        f"{gateway.url}{CHAT}",
        headers={"Origin": "https://chat.example", "Authorization": "Bearer no"},
        json={},
    )
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_picture_is_markdown_with_an_absolute_url(launch):
    accounts = {"super": ["sandbox-super-painter"]}
    with launch(accounts, GROK_FEATURES_IMAGE_FORMAT="grok_md") as gateway:
        messages = [{"role": "user", "content": "Paint! [[text=Here.]] [[image=1]]"}]
        text, _thoughts, _calls = read(
            sent(gateway, "nextchat/chat", messages=messages)
        )
    said, picture = text.split("\n\n")
    assert said == "Here."
    assert picture.startswith("![image](http")
    assert picture.endswith(")")
