"""The stream and the reply of the messages dialect."""

import os
from pathlib import Path

import anthropic
import httpx2
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.conversation.events import (
    Citation,
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
from gateway.protocols.anthropic_messages import Encoder, reply
from tests.gateway.protocols.messages_samples import (
    ANSWERS,
    CASES,
    SEARCHING,
    STAMP,
    STOP,
    events_of,
    folded,
    head,
    streamed,
    whole,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "anthropic_messages"
EVENT = TypeAdapter(RawMessageStreamEvent)
BROKEN = GatewayError(Kind.UPSTREAM_ERROR, "It broke.")
OUT_OF_BAND = {"ping", "error"}  # frames the SDK reads before it looks at types


def failing(*events):
    encoder = Encoder(head())
    return encoder.opening() + encoder.feed(events) + encoder.failure(BROKEN)


FAILURES = {
    "failure_at_once": failing(),
    "failure_in_text": failing(ReasoningDelta("Think."), TextDelta("Half an ans")),
}
STREAMS = {
    **{name: streamed(events, made) for name, (events, made) in CASES.items()},
    **FAILURES,
}


@pytest.mark.parametrize("name", STREAMS)
def test_the_events_are_those_of_the_golden_file(name):
    path = GOLDEN / f"{name}.sse"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_bytes(STREAMS[name])
    assert STREAMS[name] == path.read_bytes()


def test_every_golden_file_is_of_a_stream():
    assert {path.stem for path in GOLDEN.iterdir()} == set(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_every_event_is_of_the_sdks_type(name):
    for event in events_of(STREAMS[name]):
        if event["type"] not in OUT_OF_BAND:
            EVENT.validate_python(event)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_opens_with_the_message_and_a_ping(name):
    first, second = events_of(STREAMS[name])[:2]
    assert first["message"]["usage"] == {
        "input_tokens": 9,
        "output_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    assert first["message"]["stop_reason"] is None
    assert second == {"type": "ping"}


@pytest.mark.parametrize("name", CASES)
def test_the_stream_adds_up_to_the_reply(name):
    events, made = CASES[name]
    body = whole(events, made)
    assert folded(events_of(STREAMS[name])) == body
    Message.model_validate(body)


def client_of(data):
    """The SDK before a server that says just this."""
    answer = httpx2.Response(
        200, content=data, headers={"content-type": "text/event-stream"}
    )
    carrier = httpx2.MockTransport(lambda _: answer)
    return anthropic.Anthropic(
        api_key="x",
        base_url="http://gateway.example",
        http_client=httpx2.Client(transport=carrier),
    )


def helped(data):
    with client_of(data).messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
    ) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("name", CASES)
def test_the_sdks_helper_folds_the_stream_to_the_reply(name):
    final = helped(STREAMS[name])
    expected = Message.model_validate(whole(*CASES[name]))
    assert [b.to_dict() for b in final.content] == [
        b.to_dict() for b in expected.content
    ]
    assert final.stop_reason == expected.stop_reason
    assert final.stop_sequence == expected.stop_sequence
    assert final.usage.to_dict() == expected.usage.to_dict()


@pytest.mark.parametrize("name", FAILURES)
def test_the_sdks_helper_raises_what_broke_the_stream(name):
    with pytest.raises(anthropic.APIStatusError) as caught:
        helped(STREAMS[name])
    assert caught.value.body == {
        "type": "error",
        "error": {"type": "api_error", "message": "It broke."},
    }


def kinds(name):
    return [block["type"] for block in whole(*CASES[name])["content"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", ["text"]),
        ("nothing", ["text"]),
        ("thinking_only", ["thinking", "text"]),
        ("call", ["tool_use"]),
        ("text_call", ["text", "tool_use"]),
        ("thinking_two_calls", ["thinking", "tool_use", "tool_use"]),
        ("search_call", ["server_tool_use", "web_search_tool_result", "tool_use"]),
        ("search_unused", ["thinking", "text"]),
        ("search_empty", ["server_tool_use", "web_search_tool_result", "text"]),
        (
            "forced_unused",
            ["thinking", "server_tool_use", "web_search_tool_result", "text"],
        ),
    ],
)
def test_the_blocks_and_their_order(name, expected):
    assert kinds(name) == expected


def test_late_thinking_is_not_shown():
    thinking, text = whole(*CASES["late_thinking"])["content"]
    assert thinking["thinking"] == "Early."
    assert text["text"] == "Hi."


def test_ids_are_unique_and_of_their_kind():
    one, two = (b["id"] for b in whole(*CASES["thinking_two_calls"])["content"][1:])
    assert one != two
    assert one.startswith("toolu_")
    assert len(one) == len("toolu_") + 24


def test_every_search_has_what_it_found():
    first, found, second, more = whole(*CASES["search"])["content"][1:5]
    assert first["input"] == {"query": "weather oslo"}
    assert [one["url"] for one in found["content"]] == [
        "https://a.example",
        "https://b.example",
    ]
    assert second["input"] == {"query": "rain"}
    assert [one["url"] for one in more["content"]] == ["https://x.com/a/status/1"]
    assert first["id"] == found["tool_use_id"] != second["id"]
    usage = whole(*CASES["search"])["usage"]
    assert usage["server_tool_use"] == {
        "web_search_requests": 2,
        "web_fetch_requests": 0,
    }


def test_a_demanded_search_that_did_not_happen_is_an_error_of_the_tool():
    body = whole(*CASES["forced_unused"])
    assert body["content"][2]["content"] == {
        "type": "web_search_tool_result_error",
        "error_code": "unavailable",
    }
    assert body["usage"]["server_tool_use"]["web_search_requests"] == 0
    assert body["stop_reason"] == "end_turn"


def test_without_the_tool_there_are_no_search_blocks():
    events = SEARCHING["search"]
    assert [b["type"] for b in whole(events, head())["content"]] == ["thinking", "text"]
    assert "server_tool_use" not in whole(events, head())["usage"]


def test_text_is_sent_as_soon_as_the_sources_are_known():
    encoder = Encoder(head(search=True))
    assert encoder.feed([Searched("a"), TextDelta("x")]) == b""
    early = Encoder(head(search=True))
    assert early.feed([Searched("a"), Source("https://a.example", "A")]) == b""
    assert b"text_delta" in early.feed([TextDelta("x")])


def test_a_keep_alive_is_a_ping():
    assert events_of(Encoder(head()).keep_alive()) == [{"type": "ping"}]


def test_an_answer_without_an_end_is_not_sent():
    with pytest.raises(ValueError, match="without an end"):
        reply(head(), Completion())


def test_lone_surrogates_become_the_replacement_character():
    events = [ReasoningDelta("a\ud800b"), TextDelta("c\udfffd"), STOP]
    thinking, text = folded(events_of(streamed(events, head())))["content"]
    assert (thinking["thinking"], text["text"]) == ("a\ufffdb", "c\ufffdd")


def test_the_model_and_the_id_are_the_stamps():
    body = whole(ANSWERS["text"], head())
    assert (body["id"], body["model"]) == (STAMP.id, STAMP.model)


words = st.text(max_size=5)
counts = st.integers(0, 9)
sources = st.builds(Source, words, words, st.sampled_from(["web", "x_post"]))
BEFORE_THE_END = st.one_of(
    st.builds(TextDelta, words),
    st.builds(ReasoningDelta, words, st.booleans()),
    st.builds(ToolCall, words, st.just('{"a":1}')),
    st.builds(Searched, words),
    sources,
    st.builds(Citation, words, words, counts, counts),
    st.builds(MediaProgress, words, counts),
    st.builds(MediaReady, words, words),
)
ENDS = st.builds(
    Finished,
    st.sampled_from(FinishReason),
    st.builds(Usage, counts, counts, counts),
    st.none() | words,
)
HEADS = st.builds(
    lambda search, forced: head(search=search, forced=forced),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(BEFORE_THE_END), ENDS, HEADS, st.lists(st.integers(0, 4)))
def test_any_stream_adds_up_to_its_reply_however_it_came(events, end, made, chunks):
    data = streamed([*events, end], made, chunks)
    assert folded(events_of(data)) == whole([*events, end], made)
    assert data == streamed([*events, end], made)
