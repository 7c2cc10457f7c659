"""`/v1/responses` through the lean entry, with a database behind it."""

import asyncio

import pytest
from openai.types.responses import CompactedResponse, Response, ResponseItem
from openai.types.responses import InputTokenCountResponse as Counted
from pydantic import TypeAdapter

from gateway.entry import Entry
from gateway.models import StoredResponse
from gateway.stored import reading, sealing
from grokgateway import config
from grokgateway.jobs import outbox
from tests.gateway.asgi import Exchange, envelope, post
from tests.gateway.ground import END, MODEL, error, said, thought
from tests.gateway.protocols.responses_samples import events_of

PATH = "/v1/responses"
GOOD = said("Hel") + said("lo") + END
KEYS = {"app.api_key": "sesame,simsim"}
ITEM: TypeAdapter[object] = TypeAdapter(ResponseItem)


@pytest.fixture
def app(stage, monkeypatch, transactional_db):
    stage.add("a", "b")
    box = outbox.Outbox()
    monkeypatch.setattr(outbox, "current", lambda: box)
    monkeypatch.setattr(reading, "PAUSES_S", (0.0,))
    return Entry()


@pytest.fixture
def asked(app, stage):
    """Post a body, to be answered by what upstream says."""

    async def ask(body, *replies, path=PATH, **more):
        stage.upstream.will(*replies)
        body = {"model": MODEL, "stream": False, "input": "Hi", **body}
        return await post(body, path, **more).through(app)

    return ask


@pytest.fixture
def got(app):
    async def get(path, method="GET", query=b"", **more):
        asking = Exchange(method, f"{PATH}/{path}", query=query, **more)
        return await asking.through(app)

    return get


def prompts(stage):
    return [body["message"] for body in stage.upstream.bodies]


async def test_a_whole_reply_is_of_the_sdks_type(asked):
    asking = await asked({}, thought("Hm.") + GOOD)
    reply = Response.model_validate(asking.json)
    assert asking.status == 200
    assert reply.output_text == "Hello"
    assert reply.status == "completed"
    assert [item.type for item in reply.output] == ["reasoning", "message"]
    assert reply.usage is not None
    assert reply.usage.input_tokens > 0


async def test_a_stream_ends_with_the_completed_response(asked):
    asking = await asked({"stream": True}, GOOD)
    assert asking.answered["content-type"].startswith("text/event-stream")
    events = events_of(asking.content)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert Response.model_validate(events[-1]["response"]).output_text == "Hello"


async def test_a_failure_before_the_stream_is_an_ordinary_error(asked):
    asking = await asked({"stream": True}, 500, 500)
    assert envelope(asking)[0] in {429, 502, 503}


async def test_a_failure_within_the_stream_is_told_in_it(asked):
    asking = await asked({"stream": True}, said("Hel") + error())
    last = events_of(asking.content)[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["error"]["code"] == "server_error"


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"model": "grok-5"}, 404, "model_not_found", "model"),
        ({"model": "grok-imagine-video"}, 400, "unsupported_model", "model"),
        ({"model": None}, 400, "missing_required_parameter", "model"),
        ({"input": None}, 400, "missing_required_parameter", "input"),
        ({"input": [{"role": "x"}]}, 400, "invalid_value", "input.0.role"),
        (
            {"reasoning": {"effort": "x"}},
            400,
            "invalid_value",
            "reasoning.effort",
        ),
        ({"temperature": 3}, 400, "invalid_value", "temperature"),
        ({"temperature": "warm"}, 400, "invalid_type", "temperature"),
        ({"conversation": "c"}, 400, "unsupported_parameter", "conversation"),
        ({"prompt": {}}, 400, "unsupported_parameter", "prompt"),
        (
            {"previous_response_id": "resp_1"},
            404,
            "response_not_found",
            "previous_response_id",
        ),
        (
            {"previous_response_id": "resp_" + "0" * 32},
            404,
            "response_not_found",
            "previous_response_id",
        ),
    ],
)
async def test_bad_requests(asked, body, status, code, param):
    asking = await asked(body)
    assert envelope(asking) == (status, code)
    assert asking.json["error"]["param"] == param


async def test_a_response_can_be_retrieved_listed_and_deleted(asked, got):
    made = (await asked({"metadata": {"a": "b"}}, GOOD)).json
    again = await got(made["id"])
    assert again.json == made
    listed = (await got(f"{made['id']}/input_items")).json
    (item,) = listed["data"]
    ITEM.validate_python(item)
    assert item["content"] == [{"type": "input_text", "text": "Hi"}]
    assert listed["first_id"] == listed["last_id"] == item["id"]
    deleted = await got(made["id"], "DELETE")
    assert deleted.json == {"id": made["id"], "object": "response", "deleted": True}
    for method in ("GET", "DELETE"):
        assert envelope(await got(made["id"], method)) == (404, "response_not_found")


async def test_a_streamed_response_is_stored_as_it_was_sent(asked, got):
    events = events_of((await asked({"stream": True}, GOOD)).content)
    final = events[-1]["response"]
    assert (await got(final["id"])).json == final


async def test_what_users_said_cannot_be_read_in_the_table(asked, got):
    made = (await asked({"input": "my secret"}, said("your secret") + END)).json
    await got(made["id"])
    row = await StoredResponse.objects.aget()
    assert b"secret" not in bytes(row.sealed)
    assert row.owner == "open"


async def test_nothing_is_kept_without_store(asked, got):
    made = (await asked({"store": False}, GOOD)).json
    assert made["store"] is False
    assert envelope(await got(made["id"])) == (404, "response_not_found")


async def test_a_failed_response_is_not_stored(asked, got):
    events = events_of((await asked({"stream": True}, said("Hel") + error())).content)
    failed = events[-1]["response"]
    assert envelope(await got(failed["id"])) == (404, "response_not_found")


async def test_an_incomplete_response_is_stored(asked, got):
    with config.override({"features.enforce_max_tokens": True}):
        wordy = said("one two ") + said("three") + END
        made = (await asked({"max_output_tokens": 1}, wordy)).json
    assert made["status"] == "incomplete"
    assert made["incomplete_details"] == {"reason": "max_output_tokens"}
    assert (await got(made["id"])).json == made


async def test_another_key_sees_nothing(asked, got):
    first = {"headers": {"Authorization": "Bearer sesame"}}
    second = {"headers": {"Authorization": "Bearer simsim"}}
    with config.override(KEYS):
        made = (await asked({}, GOOD, **first)).json
        follow = {"previous_response_id": made["id"]}
        seen = [
            await got(made["id"], **second),
            await got(made["id"], "DELETE", **second),
            await got(f"{made['id']}/input_items", **second),
            await asked(follow, **second),
        ]
        own = await got(made["id"], **first)
    assert {envelope(one) for one in seen} == {(404, "response_not_found")}
    assert own.json == made


async def test_a_conversation_goes_on_from_response_to_response(asked, stage):
    one = (await asked({"input": "One?", "instructions": "First."}, GOOD)).json
    two = await asked(
        {"input": "Two?", "previous_response_id": one["id"], "stream": True},
        thought("Hm.") + said("2") + END,
    )
    third = {
        "input": [{"role": "user", "content": "Three?"}],
        "previous_response_id": events_of(two.content)[-1]["response"]["id"],
        "instructions": "Third.",
    }
    three = (await asked(third, GOOD)).json
    assert three["previous_response_id"] == third["previous_response_id"]
    assert prompts(stage)[-1] == (
        "[system]: Third.\n\n[user]: One?\n\n[assistant]: Hello\n\n[user]: Two?\n\n"
        "[assistant]: 2\n\n[user]: Three?"
    )


async def test_a_link_that_is_deleted_breaks_the_chain(asked, got):
    one = (await asked({}, GOOD)).json
    two = (await asked({"previous_response_id": one["id"]}, GOOD)).json
    assert (await got(one["id"], "DELETE")).status == 200
    asking = await asked({"previous_response_id": two["id"]})
    assert envelope(asking) == (404, "response_not_found")
    assert asking.json["error"]["param"] == "previous_response_id"


async def test_only_so_many_links_are_replayed(asked, stage, monkeypatch):
    monkeypatch.setattr(reading, "CHAIN_LINKS", 2)
    previous = None
    for number in range(4):
        follow = {"input": f"{number}?", "previous_response_id": previous}
        previous = (await asked(follow, GOOD)).json["id"]
    assert "1?" in prompts(stage)[-1]
    assert "0?" not in prompts(stage)[-1]


async def test_an_empty_previous_id_is_none(asked):
    assert (await asked({"previous_response_id": ""}, GOOD)).status == 200


async def test_a_conversation_stays_on_its_account(asked, stage):
    one = (await asked({}, GOOD)).json
    for _ in range(4):
        one = (await asked({"previous_response_id": one["id"]}, GOOD)).json
    assert len(set(stage.upstream.asked)) == 1


async def test_items_are_referred_to_by_their_id(asked, stage, got):
    made = (await asked({}, said("Oslo") + END)).json
    reference = {"type": "item_reference", "id": made["output"][-1]["id"]}
    foreign = {"type": "item_reference", "id": "msg_of_another"}
    items = [reference, foreign, {"role": "user", "content": "Again?"}]
    after = (await asked({"input": items}, GOOD)).json
    assert prompts(stage)[-1] == "[assistant]: Oslo\n\n[user]: Again?"
    listed = (await got(f"{after['id']}/input_items", query=b"order=asc")).json
    assert [item["role"] for item in listed["data"]] == ["assistant", "user"]


@pytest.mark.parametrize(
    ("query", "numbers", "more"),
    [
        (b"", [4, 3, 2, 1, 0], False),
        (b"order=asc&limit=2", [0, 1], True),
        (b"limit=2", [4, 3], True),
        (b"order=asc&after=item_1", [2, 3, 4], False),
        (b"after=item_1", [0], False),
        (b"after=item_0", [], False),
        (b"limit=100&include=x", [4, 3, 2, 1, 0], False),
    ],
)
async def test_input_items_come_in_pages(asked, got, query, numbers, more):
    items = [
        {"role": "user", "id": f"item_{number}", "content": str(number)}
        for number in range(5)
    ]
    made = (await asked({"input": items}, GOOD)).json
    page = (await got(f"{made['id']}/input_items", query=query)).json
    assert [item["id"] for item in page["data"]] == [f"item_{n}" for n in numbers]
    assert page["has_more"] is more


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        (b"limit=0", "invalid_value", "limit"),
        (b"limit=101", "invalid_value", "limit"),
        (b"limit=many", "invalid_type", "limit"),
        (b"order=up", "invalid_value", "order"),
        (b"after=item_9", "invalid_value", "after"),
    ],
)
async def test_bad_pages(asked, got, query, code, param):
    made = (await asked({}, GOOD)).json
    asking = await got(f"{made['id']}/input_items", query=query)
    assert envelope(asking) == (400, code)
    assert asking.json["error"]["param"] == param


async def test_a_stored_response_is_not_streamed_again(asked, got):
    made = (await asked({}, GOOD)).json
    asking = await got(made["id"], query=b"stream=true")
    assert envelope(asking) == (400, "unsupported_parameter")
    assert (await got(made["id"], query=b"stream=false")).status == 200


async def test_only_background_responses_could_be_cancelled(asked, got):
    made = (await asked({"background": True}, GOOD)).json
    assert made["background"] is False
    asking = await got(f"{made['id']}/cancel", "POST")
    assert envelope(asking) == (400, "unsupported_parameter")
    unknown = await got(f"resp_{'0' * 32}/cancel", "POST")
    assert envelope(unknown) == (404, "response_not_found")


async def test_the_count_is_that_of_a_real_call(asked):
    body = {
        "instructions": "Be brief.",
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        "text": {"format": {"type": "json_object"}},
    }
    real = (await asked(body, said("{}") + END)).json
    follow = {**body, "previous_response_id": real["id"], "input": "And now?"}
    counted = await asked(follow, path=f"{PATH}/input_tokens")
    later = (await asked(follow, said("{}") + END)).json
    Counted.model_validate(counted.json)
    assert counted.json["object"] == "response.input_tokens"
    assert counted.json["input_tokens"] == later["usage"]["input_tokens"]
    assert counted.json["input_tokens"] > real["usage"]["input_tokens"]


async def test_a_count_needs_no_model_but_an_input(asked):
    counted = await asked({"model": None}, path=f"{PATH}/input_tokens")
    assert counted.json["input_tokens"] > 0
    asking = await asked({"input": []}, path=f"{PATH}/input_tokens")
    assert envelope(asking) == (400, "missing_required_parameter")
    asking = await asked({"model": "grok-5"}, path=f"{PATH}/input_tokens")
    assert envelope(asking) == (404, "model_not_found")


async def test_a_conversation_is_compacted_and_goes_on(asked, stage):
    first = (await asked({"input": "One?"}, GOOD)).json
    compacted = await asked(
        {"previous_response_id": first["id"], "input": "Two?", "stream": True},
        said("They counted.") + END,
        path=f"{PATH}/compact",
    )
    body = compacted.json
    assert body["object"] == "response.compaction"
    assert body["usage"]["output_tokens"] > 0
    *asked_before, summary = body["output"]
    assert [item["content"][0]["text"] for item in asked_before] == ["One?", "Two?"]
    assert "[assistant]: Hello" in prompts(stage)[-1]
    only = {**body, "output": [summary]}  # the SDK's type knows no user's message here
    CompactedResponse.model_validate(only)
    foreign = {"type": "compaction", "encrypted_content": "gAAAA"}
    items = [*body["output"], foreign, {"role": "user", "content": "Three?"}]
    await asked({"input": items}, GOOD)
    assert prompts(stage)[-1] == (
        "[user]: One?\n\n[user]: Two?\n\n[system]: Summary of the conversation "
        "so far:\nThey counted.\n\n[user]: Three?"
    )


async def test_reasoning_is_encrypted_on_request(asked):
    asking = await asked(
        {"include": ["reasoning.encrypted_content"], "store": False},
        thought("Hm.") + GOOD,
    )
    reasoning = asking.json["output"][0]
    assert reasoning["type"] == "reasoning"
    assert reasoning["encrypted_content"]


async def test_a_response_that_another_process_is_writing_is_waited_for(
    asked, got, monkeypatch
):
    made = (await asked({}, GOOD)).json
    here, there = outbox.current(), outbox.Outbox()
    monkeypatch.setattr(outbox, "current", lambda: there)
    monkeypatch.setattr(reading, "PAUSES_S", (0.0, 0.0))
    waits = []

    async def other_process_writes(pause_s):
        waits.append(pause_s)
        if len(waits) == 2:
            await here.flush()

    monkeypatch.setattr(asyncio, "sleep", other_process_writes)
    assert (await got(made["id"])).json == made
    assert len(waits) == 2


def test_nobody_is_kept_waiting_long():
    assert sum(reading.PAUSES_S) <= 0.3


def test_blobs_are_told_from_foreign_ones_at_once():
    assert not sealing.summary("x" * 1_000_000)
