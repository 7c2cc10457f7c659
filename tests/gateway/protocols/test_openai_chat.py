import json

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import ValidationError

from gateway.conversation import prompting
from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Source,
    TextDelta,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_chat
from gateway.protocols.base import Stamp
from gateway.protocols.openai_chat import Encoder, Request, reply

STAMP = Stamp("chatcmpl-1", 1_795_300_000, "grok-4.20-auto")
FINISHED = Finished(FinishReason.STOP, Usage(9, 8, 5))
EVENTS: list[Event] = [
    ReasoningDelta("Greets."),
    TextDelta("Hi "),
    TextDelta("there."),
    ReasoningDelta("Late.", late=True),
    Source("https://a.example", "A"),
    Citation("https://a.example", "A", 0, 3),
    FINISHED,
]


def request(**members):
    return Request(
        **{
            "model": "grok-4.20-auto",
            "messages": [{"role": "user", "content": "Hi"}],
            **members,
        }
    )


def parse(request):
    return openai_chat.parse(request, stream=False)


def chunks(include_usage=False, events=EVENTS):
    encoder = Encoder(STAMP, include_usage=include_usage)
    data = encoder.opening() + encoder.feed(events)
    frames = data.decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]


def test_every_chunk_is_of_the_sdk_type_and_indexes_finish_reason():
    for body in chunks():
        ChatCompletionChunk.model_validate(body)
        assert all("finish_reason" in choice for choice in body["choices"])
        assert body["id"] == STAMP.id
        assert body["created"] == STAMP.created


def test_the_order_is_role_reasoning_text_annotations_finish():
    deltas = [body["choices"][0]["delta"] for body in chunks()]
    assert deltas[:4] == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Greets."},
        {"content": "Hi "},
        {"content": "there."},
    ]
    assert deltas[4]["annotations"][0]["url_citation"]["end_index"] == 3
    assert deltas[5] == {}
    assert len(deltas) == 6


def test_the_finish_chunk_carries_sources_and_usage():
    last = chunks()[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["search_sources"] == [
        {"url": "https://a.example", "title": "A", "type": "web"}
    ]
    assert last["usage"]["total_tokens"] == 17


def test_include_usage_moves_usage_to_a_chunk_of_its_own():
    *earlier, last = chunks(include_usage=True)
    assert last["choices"] == []
    assert last["usage"]["completion_tokens_details"]["reasoning_tokens"] == 5
    assert all(body["usage"] is None for body in earlier)
    ChatCompletionChunk.model_validate(last)


def test_a_failure_is_one_error_frame_and_done():
    encoder = Encoder(STAMP, include_usage=False)
    error = GatewayError(Kind.UPSTREAM_ERROR, "It broke.")
    frame, done, rest = encoder.failure(error).decode().split("\n\n")
    assert json.loads(frame.removeprefix("data: "))["error"] == {
        "message": "It broke.",
        "type": "server_error",
        "param": None,
        "code": "upstream_error",
    }
    assert (done, rest) == ("data: [DONE]", "")


def test_lone_surrogates_become_the_replacement_character():
    text = chunks(events=[TextDelta("a\ud800b"), FINISHED])[1]
    assert text["choices"][0]["delta"]["content"] == "a\ufffdb"


def test_the_reply_is_of_the_sdk_type():
    completion = Completion()
    completion.add(EVENTS)
    body = reply(STAMP, completion)
    parsed = ChatCompletion.model_validate(body)
    assert parsed.choices[0].message.content == "Hi there."
    assert body["choices"][0]["message"]["reasoning_content"] == "Greets.Late."
    assert body["search_sources"][0]["type"] == "web"
    assert body["usage"]["total_tokens"] == 17


def test_an_answer_without_an_end_is_not_sent():
    with pytest.raises(ValueError, match="without an end"):
        reply(STAMP, Completion())


def test_unknown_members_and_nulls_are_ignored():
    parsed = parse(request(seed=1, store=None, stop=None, tools=None, odd={"a": 1}))
    assert prompting.prompt(parsed) == "[user]: Hi"
    assert parsed.options.stop == ()


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning": {"effort": "none"}}, False),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": {"type": "enabled"}}, True),
        ({"reasoning": {}}, None),
    ],
)
def test_reasoning_is_decided_by_any_of_three_members(members, expected):
    assert parse(request(**members)).options.reasoning is expected


def test_all_text_blocks_are_read():
    content = [
        {"type": "text", "text": "a"},
        {"type": "input_text", "text": "b"},
        {"type": "refusal", "refusal": "c"},
    ]
    messages = [{"role": "developer", "content": content}]
    assert prompting.prompt(parse(request(messages=messages))) == "[system]: a\nb\nc"


def test_history_loses_our_own_sources_section():
    messages = [
        {"role": "assistant", "content": "x\n\n## Sources\n[grok2api-sources]: #\n- a"},
        {"role": "user", "content": "go on"},
    ]
    assert prompting.prompt(parse(request(messages=messages))) == (
        "[assistant]: x\n\n[user]: go on"
    )


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({"n": 2}, Kind.UNSUPPORTED, "n"),
        ({"tools": [{"type": "function"}]}, Kind.UNSUPPORTED, "tools"),
        ({"functions": [{"name": "f"}]}, Kind.UNSUPPORTED, "functions"),
        (
            {"response_format": {"type": "json_object"}},
            Kind.UNSUPPORTED,
            "response_format",
        ),
        ({"stop": 3}, Kind.INVALID_TYPE, "stop"),
        ({"stop": ["a", 3]}, Kind.INVALID_TYPE, "stop.1"),
        ({"stop": [""]}, Kind.INVALID_VALUE, "stop"),
        ({"stop": ["a"] * 5}, Kind.INVALID_VALUE, "stop"),
        (
            {"messages": [{"role": "user", "content": " "}]},
            Kind.MISSING,
            "messages",
        ),
        (
            {"messages": [{"role": "user", "content": 3}]},
            Kind.INVALID_TYPE,
            "messages.0.content",
        ),
        (
            {"messages": [{"role": "user", "content": ["x"]}]},
            Kind.INVALID_TYPE,
            "messages.0.content.0",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "odd"}]}]},
            Kind.INVALID_VALUE,
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            Kind.MISSING,
            "messages.0.content.0.text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
            Kind.INVALID_TYPE,
            "messages.0.content.0.text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            Kind.UNSUPPORTED,
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "x"}]}]},
            Kind.UNSUPPORTED,
            "messages.0.tool_calls",
        ),
        (
            {"messages": [{"role": "tool", "content": "x"}]},
            Kind.UNSUPPORTED,
            "messages.0.role",
        ),
    ],
)
def test_bad_requests_name_the_exact_place(members, kind, param):
    with pytest.raises(GatewayError) as caught:
        parse(request(**members))
    assert (caught.value.kind, caught.value.param) == (kind, param)


@pytest.mark.parametrize(
    "members",
    [{"model": 3}, {"model": ""}, {"messages": []}, {"temperature": 2.1}, {"n": "1"}],
)
def test_the_schema_is_strict(members):
    with pytest.raises(ValidationError):
        request(**members)


def test_error_headers_say_when_to_come_back():
    busy = GatewayError(Kind.RATE_LIMITED, "Busy.", retry_after_s=0)
    assert openai_chat.failure(busy, "r").headers == {"Retry-After": "1"}
    none = openai_chat.failure(GatewayError(Kind.NO_ACCOUNT, "None."), "r")
    assert (none.status, none.headers) == (503, {"x-should-retry": "false"})
    wrong = openai_chat.failure(GatewayError(Kind.INVALID_API_KEY, "No."), "r")
    assert wrong.headers == {"WWW-Authenticate": "Bearer"}
