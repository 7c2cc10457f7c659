"""Calls through the responses API: with the official SDK, and as Codex sends them.

What Codex sends was written down from its own sources (see docs/clients.md); the last
user message carries directives of the sandbox.
"""

import json
from pathlib import Path

import httpx
import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.e2e import told
from tests.gateway.protocols.responses_samples import events_of

QUICK = "grok-4.20-fast"
EVENT = TypeAdapter(ResponseStreamEvent)
RECORDED = Path(__file__).parents[1] / "recorded" / "codex"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALL = (
    "<tool_call><tool_name>get_weather</tool_name>"
    '<parameters>{"city":"%s"}</parameters></tool_call>'
)
OSLO, ROME = CALL % "Oslo", CALL % "Rome"


@pytest.fixture
def client(gateway):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=30
    ) as client:
        yield client


def shape(response):
    return [
        (item.type, item.arguments) if item.type == "function_call" else item.type
        for item in response.output
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            f"<tool_calls>{OSLO}</tool_calls>",
            [("function_call", '{"city":"Oslo"}')],
        ),
        (
            f"Let me check.\n<tool_calls>{OSLO}</tool_calls>",
            ["message", ("function_call", '{"city":"Oslo"}')],
        ),
        (
            f"<tool_calls>{OSLO}{ROME}</tool_calls>",
            [
                ("function_call", '{"city":"Oslo"}'),
                ("function_call", '{"city":"Rome"}'),
            ],
        ),
        ("It rains.", ["message"]),
    ],
)
@pytest.mark.parametrize("thinking", [False, True])
def test_calls_fold_to_the_whole_answer(client, said, expected, thinking):
    prompt = f"[[text={said}]] [[split=7]]"
    if thinking:
        prompt += " [[thinking=1]]"
        expected = ["reasoning", *expected]
    asked = {"model": QUICK, "input": prompt, "tools": [WEATHER]}
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        for event in stream:
            EVENT.validate_python(event.to_dict(warnings=False))
        final = stream.get_final_response()
    assert shape(final) == shape(whole) == expected
    assert final.output_text == whole.output_text
    assert final.usage.to_dict() == whole.usage.to_dict()
    for item in final.output:
        if item.type == "function_call":
            assert item.parsed_arguments["city"] in {"Oslo", "Rome"}


def test_one_call_at_most_where_parallel_ones_are_not_wanted(client):
    reply = client.responses.create(
        model=QUICK,
        input=f"[[text=<tool_calls>{OSLO}{ROME}</tool_calls>]]",
        tools=[WEATHER],
        parallel_tool_calls=False,
    )
    assert shape(reply) == [("function_call", '{"city":"Oslo"}')]


def test_a_result_is_given_back_by_previous_response_id(client, sandbox):
    call = client.responses.create(
        model=QUICK,
        input=f"[[text=<tool_calls>{OSLO}</tool_calls>]]",
        tools=[WEATHER],
    )
    (item,) = call.output
    sandbox.settings(record=True)
    reply = client.responses.create(
        model=QUICK,
        previous_response_id=call.id,
        tools=[WEATHER],
        input=[
            {
                "type": "function_call_output",
                "call_id": item.call_id,
                "output": "Snow.",
            },
            {"role": "user", "content": "[[text=It snows.]]"},
        ],
    )
    sandbox.settings(record=False)
    assert reply.output_text == "It snows."
    prompt = told.chats(sandbox.requests(9))[-1].message
    assert f"[tool result for {item.call_id} (get_weather)]:" in prompt
    assert "<tool_name>get_weather</tool_name>" in prompt


def codex(gateway, name):
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    path = "/v1/responses/compact" if name == "compact" else "/v1/responses"
    return httpx.post(
        f"{gateway.url}{path}",
        headers={**recorded["headers"], **gateway.headers()},
        json=recorded["body"],
        timeout=30,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "first_turn",
            {
                "type": "function_call",
                "name": "exec_command",
                "arguments": '{"cmd":"ls"}',
            },
        ),
        (
            "free_form_call",
            {
                "type": "custom_tool_call",
                "name": "apply_patch",
                "input": "*** Begin Patch\n*** End Patch\n",
            },
        ),
        (
            "namespaced_call",
            {
                "type": "function_call",
                "name": "find",
                "namespace": "mcp__notes",
                "arguments": '{"text":"hello"}',
            },
        ),
        ("later_turn", {"type": "message", "role": "assistant"}),
    ],
)
def test_what_codex_sends_is_answered_as_it_reads(gateway, name, expected):
    answer = codex(gateway, name)
    assert answer.status_code == 200, answer.text
    events = events_of(answer.content)
    for event in events:
        EVENT.validate_python(event)
    assert events[-1]["type"] == "response.completed"
    final = events[-1]["response"]
    Response.model_validate(final)
    assert final["store"] is False
    assert final["usage"]["input_tokens_details"]["cached_tokens"] == 0
    item = final["output"][-1]
    assert expected.items() <= item.items()
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert done == final["output"]


def test_what_codex_is_not_offered_is_never_refused(gateway):
    final = events_of(codex(gateway, "first_turn").content)[-1]["response"]
    kinds = [tool["type"] for tool in final["tools"]]
    assert kinds == [*["function"] * 3, "custom", "function", "web_search", "namespace"]


def test_codex_compacts_and_goes_on(gateway):
    answer = codex(gateway, "compact")
    assert answer.status_code == 200, answer.text
    output = answer.json()["output"]
    assert output[-1]["type"] == "compaction"
    assert {item["role"] for item in output[:-1]} == {"user"}
    recorded = json.loads((RECORDED / "later_turn.json").read_text())
    said = {"type": "message", "role": "user"}
    wish = {**said, "content": [{"type": "input_text", "text": "[[text=Go on.]]"}]}
    answer = httpx.post(
        f"{gateway.url}/v1/responses",
        headers={**recorded["headers"], **gateway.headers()},
        json={**recorded["body"], "input": [*output, wish]},
        timeout=30,
    )
    final = events_of(answer.content)[-1]["response"]
    assert final["output"][-1]["content"][0]["text"] == "Go on."
