"""The stream and the reply of the responses dialect."""

import os
from pathlib import Path

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
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
from gateway.protocols.base import Json
from gateway.protocols.openai_responses import Encoder, reply
from tests.gateway.protocols.responses_samples import (
    ANSWERS,
    CALLED,
    OSLO,
    STAMP,
    STOP,
    events_of,
    head,
    streamed,
    whole,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "openai_responses"
EVENT = TypeAdapter(ResponseStreamEvent)
BROKEN = GatewayError(Kind.UPSTREAM_ERROR, "It broke.")


def failing(*events):
    encoder = Encoder(head())
    return encoder.opening() + encoder.feed(events) + encoder.failure(BROKEN)


STREAMS = {
    **{name: streamed(events) for name, events in ANSWERS.items()},
    "failure_at_once": failing(),
    "failure_in_text": failing(ReasoningDelta("Think."), TextDelta("Half an ans")),
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
def test_every_event_is_of_the_sdks_type_and_numbered(name):
    events = events_of(STREAMS[name])
    for event in events:
        EVENT.validate_python(event)
    numbers = [event["sequence_number"] for event in events]
    assert numbers == list(range(len(events)))


@pytest.mark.parametrize("name", STREAMS)
def test_items_are_announced_once_and_never_change_their_place(name):
    events = events_of(STREAMS[name])
    added = [e for e in events if e["type"] == "response.output_item.added"]
    done = [e for e in events if e["type"] == "response.output_item.done"]
    assert [e["output_index"] for e in added] == list(range(len(added)))
    assert [e["output_index"] for e in done] == list(range(len(done)))
    for event, later in zip(added, done, strict=False):
        assert event["item"]["id"] == later["item"]["id"]
    assert events[-1]["response"]["output"] == [e["item"] for e in done]
    assert {e["response"]["id"] for e in events if "response" in e} == {STAMP.id}


def client_of(data, **more):
    """The SDK before a server that says just this."""
    answer = httpx2.Response(
        200, content=data, headers={"content-type": "text/event-stream"}
    )
    carrier = httpx2.MockTransport(lambda _: answer)
    return openai.OpenAI(
        api_key="x",
        base_url="http://gateway.example/v1",
        http_client=httpx2.Client(transport=carrier),
        **more,
    )


def helped(data):
    with client_of(data).responses.stream(model="m", input="Hi") as stream:
        kinds = [event.type for event in stream]
        return kinds, stream


@pytest.mark.parametrize(
    "name", [name for name in ANSWERS if name not in {"incomplete", "filtered"}]
)
def test_the_sdks_helper_folds_the_stream_to_the_reply(name):
    kinds, stream = helped(STREAMS[name])
    final = stream.get_final_response()
    assert kinds[-1] == "response.completed"
    body = whole(ANSWERS[name])
    assert final.output_text == Response.model_validate(body).output_text
    assert [item.id for item in final.output] == [i["id"] for i in body["output"]]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("incomplete", "response.incomplete"),
        ("filtered", "response.incomplete"),
        ("failure_at_once", "response.failed"),
        ("failure_in_text", "response.failed"),
    ],
)
def test_the_sdks_helper_hears_how_an_answer_ended_early(name, kind):
    kinds, _ = helped(STREAMS[name])
    assert kinds[-1] == kind


@pytest.mark.parametrize("name", ANSWERS)
def test_the_reply_is_the_object_the_stream_ends_with(name):
    events = ANSWERS[name]
    body = whole(events)
    Response.model_validate(body)
    assert body == events_of(STREAMS[name])[-1]["response"]


TEXTS = st.text(max_size=4)
EVENTS = st.one_of(
    st.builds(TextDelta, TEXTS),
    st.builds(ReasoningDelta, TEXTS, st.booleans()),
    st.builds(Searched, TEXTS),
    st.builds(Source, TEXTS, TEXTS),
    st.builds(Citation, TEXTS, TEXTS, st.integers(0, 9), st.integers(0, 9)),
    st.builds(ToolCall, TEXTS, TEXTS, st.booleans(), TEXTS),
    st.builds(MediaProgress, TEXTS, st.integers(0, 100)),
    st.builds(MediaReady, TEXTS, TEXTS),
)
ENDS = st.builds(
    Finished,
    st.sampled_from(FinishReason),
    st.builds(Usage, st.integers(0, 9), st.integers(5, 9), st.integers(0, 4)),
)


@given(st.lists(EVENTS), ENDS, st.lists(st.integers(0, 3), max_size=6))
def test_any_answer_streamed_in_any_pieces_is_the_whole_reply(body, end, chunks):
    answer = [*body, end]
    events = events_of(streamed(answer, chunks=chunks))
    final = events[-1]["response"]
    assert final == whole(answer)
    said = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    parts = [p for item in final["output"] for p in item.get("content", ())]
    assert "".join(said) == "".join(part["text"] for part in parts)
    for number, event in enumerate(events):
        EVENT.validate_python(event)
        assert event["sequence_number"] == number


def test_the_created_response_has_no_output_and_both_openings_agree():
    created, progress = events_of(STREAMS["text"])[:2]
    assert created["type"] == "response.created"
    assert progress["type"] == "response.in_progress"
    assert created["response"] == progress["response"]
    assert created["response"]["output"] == []
    assert created["response"]["status"] == "in_progress"
    assert created["response"]["usage"] is None


def test_a_whole_reply_says_when_it_was_completed():
    body = whole(ANSWERS["text"])
    assert (body["created_at"], body["completed_at"]) == (1_795_300_000, 1_795_300_004)
    assert whole(ANSWERS["incomplete"])["completed_at"] is None


def test_usage_has_all_members_agents_need():
    assert whole(ANSWERS["text"])["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 17,
    }


def test_sources_stand_on_the_message_or_without_one_on_the_root():
    body = whole(ANSWERS["search"])
    assert [one["type"] for one in body["output"][-1]["search_sources"]] == [
        "web",
        "x_post",
    ]
    assert "search_sources" not in body
    body = whole(ANSWERS["sources_call"])
    assert body["search_sources"][0]["url"] == "https://a.example"


def test_reasoning_is_sealed_where_that_is_asked_for():
    made = head(seal=lambda text: f"sealed {len(text)}")
    events = events_of(streamed(ANSWERS["reasoning_text"], made=made))
    items = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert items[0]["encrypted_content"] == "sealed 11"
    assert "encrypted_content" not in whole(ANSWERS["reasoning_text"])["output"][0]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.RATE_LIMITED, "rate_limit_exceeded"),
        (Kind.UPSTREAM_REJECTED, "invalid_prompt"),
        (Kind.CONTENT_POLICY, "invalid_prompt"),
        (Kind.UPSTREAM_ERROR, "server_error"),
        (Kind.IDLE_TIMEOUT, "server_error"),
        (Kind.NO_ACCOUNT, "server_error"),
        (Kind.INTERNAL, "server_error"),
    ],
)
def test_a_failure_has_a_code_that_the_sdk_knows(kind, code):
    (event,) = events_of(Encoder(head()).failure(GatewayError(kind, "It broke.")))
    EVENT.validate_python(event)
    assert event["response"]["status"] == "failed"
    assert event["response"]["error"] == {"code": code, "message": "It broke."}


def test_the_final_object_is_handed_over_to_be_kept():
    kept: list[Json] = []
    streamed(ANSWERS["text"], made=head(keep=kept.append))
    whole(ANSWERS["text"], made=head(keep=kept.append))
    assert kept == [whole(ANSWERS["text"])] * 2


def test_a_broken_answer_is_not_kept():
    kept: list[Json] = []
    encoder = Encoder(head(keep=kept.append))
    encoder.feed([TextDelta("Hi")])
    encoder.failure(BROKEN)
    assert kept == []


def test_ids_have_the_prefixes_and_the_length_clients_expect():
    output = whole([ReasoningDelta("a"), TextDelta("b"), OSLO, CALLED])["output"]
    assert [item["id"].partition("_")[0] for item in output] == ["rs", "msg", "fc"]
    assert all(len(item["id"].partition("_")[2]) >= 24 for item in output)
    assert len({item["id"] for item in output}) == 3
    assert output[2]["call_id"].startswith("call_")
    assert len(output[2]["call_id"]) == len("call_") + 24


def test_percent_signs_do_not_disturb_the_prepared_frames():
    text = "100% of %d and %s"
    events = events_of(streamed([TextDelta(text), STOP]))
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == text


def test_an_answer_without_an_end_is_not_sent():
    with pytest.raises(ValueError, match="without an end"):
        reply(head(), Completion())


def test_it_is_kept_alive_by_a_comment():
    assert Encoder(head()).keep_alive() == b": keep-alive\n\n"
