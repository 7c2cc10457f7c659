import json
import re

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_chat
from gateway.protocols.base import Stamp
from gateway.protocols.openai_chat import Encoder, reply

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


CALLS: list[Event] = [
    TextDelta("Looking."),
    ToolCall("get_weather", '{"city":"Oslo"}'),
    ToolCall("write", "two\nlines", custom=True),
    ToolCall("read", "{}", namespace="disk"),
    Finished(FinishReason.TOOL_CALLS, Usage(9, 8, 0)),
]


def test_a_call_is_streamed_in_two_chunks():
    deltas = [body["choices"][0]["delta"] for body in chunks(events=CALLS)]
    assert deltas[1] == {"content": "Looking."}
    calls = [delta["tool_calls"] for delta in deltas[2:8]]
    ids = [call[0].pop("id") for call in calls[::2]]
    assert calls == [
        [
            {
                "index": 0,
                "type": "function",
                "function": {"name": "get_weather", "arguments": ""},
            }
        ],
        [{"index": 0, "function": {"arguments": '{"city":"Oslo"}'}}],
        [{"index": 1, "type": "custom", "custom": {"name": "write", "input": ""}}],
        [{"index": 1, "custom": {"input": "two\nlines"}}],
        [
            {
                "index": 2,
                "type": "function",
                "function": {"name": "read", "namespace": "disk", "arguments": ""},
            }
        ],
        [{"index": 2, "function": {"arguments": "{}"}}],
    ]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("call_[0-9a-f]{24}", one) for one in ids)
    assert deltas[8:] == [{}]


def test_calls_in_a_reply_stand_beside_the_text_before_them():
    completion = Completion()
    completion.add(CALLS)
    body = reply(STAMP, completion)
    (choice,) = ChatCompletion.model_validate(body).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Looking."
    calls = [call.to_dict() for call in choice.message.tool_calls or []]
    assert [{k: v for k, v in call.items() if k != "id"} for call in calls] == [
        {
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'},
        },
        {"type": "custom", "custom": {"name": "write", "input": "two\nlines"}},
        {
            "type": "function",
            "function": {"name": "read", "namespace": "disk", "arguments": "{}"},
        },
    ]


def test_calls_without_text_have_null_content():
    completion = Completion()
    completion.add(CALLS[1:])
    assert reply(STAMP, completion)["choices"][0]["message"]["content"] is None


def test_no_call_means_no_member_for_it():
    completion = Completion()
    completion.add([FINISHED])
    message = reply(STAMP, completion)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "", "refusal": None}


def test_empty_pieces_are_not_sent():
    pieces: list[Event] = [ReasoningDelta(""), TextDelta(""), FINISHED]
    assert len(chunks(events=pieces)) == 2


def test_what_the_dialect_has_no_word_for_is_not_sent():
    silent: list[Event] = [
        Searched("tides"),
        MediaProgress("m", 50),
        MediaReady("https://a.example/x.png", "m"),
        FINISHED,
    ]
    assert len(chunks(events=silent)) == 2


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


def test_error_headers_say_when_to_come_back():
    busy = GatewayError(Kind.RATE_LIMITED, "Busy.", retry_after_s=0)
    assert openai_chat.failure(busy, "r").headers == {"Retry-After": "1"}
    none = openai_chat.failure(GatewayError(Kind.NO_ACCOUNT, "None."), "r")
    assert (none.status, none.headers) == (503, {"x-should-retry": "false"})
    wrong = openai_chat.failure(GatewayError(Kind.INVALID_API_KEY, "No."), "r")
    assert wrong.headers == {"WWW-Authenticate": "Bearer"}
