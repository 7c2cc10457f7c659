"""Responses through the official SDK against a running gateway."""

import threading
import time

import httpx
import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.e2e import told
from tests.e2e.gateway_process import KEY, eventually

MODEL = "grok-4.20-auto"
QUICK = "grok-4.20-fast"  # does not think
EVENT = TypeAdapter(ResponseStreamEvent)
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8"
    "z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
OTHER_KEY = "e2e-other-key-0123456789"


def client_for(gateway, key=KEY):
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=30
    )


@pytest.fixture
def client(gateway):
    with client_for(gateway) as client:
        yield client


def ask(client, prompt, **options):
    options.setdefault("model", QUICK)
    return client.responses.create(input=prompt, **options)


def kinds(response):
    return [item.type for item in response.output]


def test_a_plain_call_is_whole(client):
    reply = ask(client, "[[text=fine]]")
    assert reply.output_text == "fine"
    assert reply.status == "completed"
    assert kinds(reply) == ["message"]
    Response.model_validate(reply.to_dict())
    assert reply.usage.total_tokens == (
        reply.usage.input_tokens + reply.usage.output_tokens
    )


def test_a_plain_stream_holds_only_valid_events_in_order(client):
    events = list(ask(client, "[[tokens=20]] [[thinking=2]]", stream=True))
    for number, event in enumerate(events):
        EVENT.validate_python(event.to_dict())
        assert event.sequence_number == number
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert kinds(events[-1].response) == ["reasoning", "message"]


@pytest.mark.parametrize(
    ("prompt", "options", "expected"),
    [
        ("[[text=fine]]", {"model": QUICK}, ["message"]),
        ("[[thinking=3]] [[text=fine]]", {}, ["reasoning", "message"]),
        (
            "[[thinking=3]] [[text=fine]]",
            {"reasoning": {"effort": "none"}},
            ["message"],
        ),
        ("[[thinking=3]] [[empty]]", {}, ["reasoning", "message"]),
        ("[[text=fine]] [[late_thinking]]", {"model": QUICK}, ["message"]),
        ("[[image=1]] [[empty]]", {"model": QUICK}, ["message"]),
        (
            "[[citations]] [[text=fine]]",
            {"model": QUICK, "tools": [{"type": "web_search"}]},
            ["reasoning", "web_search_call", "message"],
        ),
        (
            "[[citations]] [[text=fine]]",
            {"model": QUICK},
            ["reasoning", "message"],
        ),
    ],
)
def test_the_stream_helper_folds_to_the_whole_answer(client, prompt, options, expected):
    options.setdefault("model", MODEL)
    whole = ask(client, prompt, **options)
    with client.responses.stream(input=prompt, **options) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert kinds(final) == kinds(whole) == expected
    assert final.output_text == whole.output_text
    assert final.usage.to_dict() == whole.usage.to_dict()


def test_a_picture_is_text_even_where_nothing_was_said(client):
    reply = ask(client, "[[image=1]] [[empty]]")
    assert "http" in reply.output_text


def test_citations_are_annotations_that_fit_the_text(client):
    reply = ask(client, "[[citations]] [[text=Snow fell.]]")
    part = reply.output[-1].content[0]
    assert part.annotations
    for mark in part.annotations:
        assert mark.url in part.text[mark.start_index : mark.end_index]
    assert reply.output[-1].search_sources


def test_a_break_in_the_middle_ends_in_response_failed(client):
    events = list(ask(client, "[[error=13]] [[error_after=3]]", stream=True))
    assert events[-1].type == "response.failed"
    assert events[-1].response.status == "failed"
    assert events[-1].response.error.code == "server_error"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(events[-1].response.id)


def test_a_failure_before_output_is_an_ordinary_error(client):
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, "[[status=429]]", stream=True)
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_a_json_schema_is_asked_for_and_echoed(client):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    wanted = {"type": "json_schema", "name": "thing", "schema": schema}
    reply = ask(client, '[[text={"a":1}]]', text={"format": wanted})
    assert reply.output_text == '{"a":1}'
    assert reply.text.format.name == "thing"


def test_it_is_retrieved_listed_and_deleted(client):
    reply = ask(client, "[[text=fine]]", metadata={"topic": "test"})
    assert client.responses.retrieve(reply.id) == reply
    items = client.responses.input_items.list(reply.id).data
    assert [item.content[0].text for item in items] == ["[[text=fine]]"]
    client.responses.delete(reply.id)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.retrieve(reply.id)
    assert caught.value.code == "response_not_found"


def test_input_items_page_by_page(client):
    said = [{"role": "user", "content": f"part {n}"} for n in range(7)]
    reply = ask(client, said)
    listed = client.responses.input_items.list(reply.id, limit=3, order="asc")
    assert [item.content[0].text for item in listed] == [one["content"] for one in said]


def test_a_streamed_response_can_be_retrieved_at_once(client):
    for _ in range(5):
        *_, last = ask(client, "[[tokens=5]]", stream=True)
        assert client.responses.retrieve(last.response.id) == last.response


def test_a_conversation_goes_on(client, sandbox):
    first = ask(client, "My name is Ada. [[text=Noted.]]")
    second = ask(client, "[[text=Ada.]]", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    third = ask(client, "Say it again. [[text=Ada!]]", previous_response_id=second.id)
    listed = client.responses.input_items.list(third.id).data
    assert len(listed) == 1
    assert third.usage.input_tokens > second.usage.input_tokens > 10
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "Hi", previous_response_id=third.id)
    assert caught.value.param == "previous_response_id"


def test_a_picture_goes_on_with_the_conversation(client, sandbox):
    said = [
        {"type": "input_text", "text": "Look. [[text=A dot.]]"},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
    ]
    first = ask(client, [{"role": "user", "content": said}])
    listed = client.responses.input_items.list(first.id).data
    assert listed[0].content[1].image_url == PNG
    sandbox.settings(record=True)
    second = ask(client, "[[text=Red.]]", previous_response_id=first.id)
    sandbox.settings(record=False)
    assert second.output_text == "Red."
    assert told.chats(sandbox.requests(9))[-1].files
    assert second.usage.input_tokens > first.usage.input_tokens > 1000
    counted = client.responses.input_tokens.count(
        model=QUICK, input="[[text=Red.]]", previous_response_id=first.id
    )
    assert counted.input_tokens == second.usage.input_tokens


def test_the_count_is_that_of_the_call(client):
    members = {"instructions": "Be brief.", "model": QUICK}
    counted = client.responses.input_tokens.count(input="How long?", **members)
    reply = ask(client, "How long?", **members)
    assert counted.input_tokens == reply.usage.input_tokens


def test_a_compacted_conversation_goes_on(client):
    compacted = client.responses.compact(
        model=QUICK,
        input=[
            {"role": "user", "content": "My name is Ada."},
            {"role": "assistant", "content": "Noted."},
        ],
    )
    assert compacted.object == "response.compaction"
    assert [item.type for item in compacted.output] == ["message", "compaction"]
    # The SDK's type of an output item knows no user's message, so it is not asked.
    items = [item.model_dump(warnings=False) for item in compacted.output]
    reply = ask(client, [*items, {"role": "user", "content": "[[text=Ada.]]"}])
    assert reply.output_text == "Ada."


@pytest.mark.load
def test_another_key_does_not_see_it(launch):
    keys = f"{KEY},{OTHER_KEY}"
    with launch({"super": ["sandbox-super-own"]}, GROK_APP_API_KEY=keys) as gateway:
        with client_for(gateway) as mine, client_for(gateway, OTHER_KEY) as theirs:
            reply = ask(mine, "[[text=fine]]")
            with pytest.raises(openai.NotFoundError):
                theirs.responses.retrieve(reply.id)
            with pytest.raises(openai.NotFoundError):
                ask(theirs, "Hi", previous_response_id=reply.id)
            assert mine.responses.retrieve(reply.id) == reply
            written = b"[[text=fine]]"
            database = gateway.data_dir / "gateway.db"
            eventually(lambda: gateway.rows("SELECT id FROM gateway_storedresponse"))
            for path in gateway.data_dir.glob(f"{database.name}*"):
                assert written not in path.read_bytes()


def test_it_outlives_a_restart_and_is_seen_by_every_worker(launch):
    with launch({"super": ["sandbox-super-own"]}, workers=2) as gateway:
        with client_for(gateway) as client:
            made = [ask(client, f"[[text=answer {n}]]") for n in range(6)]
            for reply in made:
                assert client.responses.retrieve(reply.id) == reply
            follow = [
                ask(client, "[[text=more]]", previous_response_id=reply.id)
                for reply in made
            ]
            assert {one.output_text for one in follow} == {"more"}
    with launch({}) as gateway, client_for(gateway) as client:
        assert client.responses.retrieve(made[0].id) == made[0]


def test_a_client_that_leaves_stores_nothing(launch):
    with launch({"super": ["sandbox-super-own"]}) as gateway:
        with httpx.Client(headers=gateway.headers(), timeout=30) as http:
            body = {"model": QUICK, "input": "[[tokens=200]] [[delay_ms=20]]"}
            with http.stream(
                "POST", f"{gateway.url}/v1/responses", json={**body, "stream": True}
            ) as answer:
                next(answer.iter_bytes())
            query = "SELECT status FROM gateway_requestrecord"
            assert eventually(lambda: gateway.rows(query)) == [(499,)]
            assert gateway.rows("SELECT id FROM gateway_storedresponse") == []


def test_many_at_once_keep_apart(client):
    said: dict[int, str] = {}

    def one(number):
        reply = ask(client, f"[[text=answer {number}]]", stream=number % 2 == 0)
        if number % 2 == 0:
            *_, last = reply
            reply = last.response
        said[number] = client.responses.retrieve(reply.id).output_text

    threads = [threading.Thread(target=one, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said == {number: f"answer {number}" for number in range(12)}


def test_an_unknown_response_is_answered_soon(client):
    began = time.monotonic()
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_" + "0" * 32)
    assert time.monotonic() - began < 3
