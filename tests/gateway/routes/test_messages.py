"""The messages endpoints over the lean entry, with an upstream in memory."""

import asyncio

import pytest
from anthropic.types import Message, ModelInfo

from gateway.entry import Entry
from grokgateway import config
from tests.gateway.asgi import Exchange, post, refused
from tests.gateway.ground import END, MODEL, Stream, error, said, searched, thought
from tests.gateway.protocols.messages_samples import events_of, folded

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
GOOD = thought("Hm.") + said("Hel") + said("lo") + END
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**ASK, "stream": True}
WHOLE = {**ASK, "stream": False}
SEARCH_TOOL = {"type": "web_search_20250305", "name": "web_search"}


@pytest.fixture
def app(stage):
    stage.add("a", "b")
    return Entry()


def ask(document, path=MESSAGES, **more):
    return post(document, path, **more)


async def test_a_whole_answer(app, stage):
    stage.upstream.will(GOOD)
    asking = await ask(WHOLE).through(app)
    assert asking.status == 200
    body = asking.json
    Message.model_validate(body)
    thinking, text = body["content"]
    assert (thinking["thinking"], text["text"]) == ("Hm.", "Hello")
    assert len(thinking["signature"]) == 64
    assert body["id"].startswith("msg_")
    assert body["stop_reason"] == "end_turn"
    assert body["usage"]["output_tokens_details"]["thinking_tokens"] > 0
    assert asking.answered["request-id"] == asking.answered["x-request-id"]
    assert "openai-processing-ms" not in asking.answered


async def test_a_stream_adds_up_to_the_same_answer(app, stage):
    stage.upstream.will(GOOD, GOOD)
    whole = (await ask(WHOLE).through(app)).json
    asking = await ask(STREAM, query=b"beta=true").through(app)
    assert asking.answered["content-type"] == "text/event-stream; charset=utf-8"
    assert asking.answered["request-id"] == asking.answered["x-request-id"]
    message = folded(events_of(asking.content))
    assert message.pop("id") != whole.pop("id")
    assert message == whole


async def test_the_stream_opens_with_the_tokens_of_the_request(app, stage):
    stage.upstream.will(GOOD)
    count = (await ask(ASK, COUNT).through(app)).json["input_tokens"]
    first, *_, last, _ = events_of((await ask(STREAM).through(app)).content)
    assert first["message"]["usage"]["input_tokens"] == count
    assert last["usage"]["input_tokens"] == count > 0


async def test_stream_omitted_follows_accept(app, stage):
    stage.upstream.will(GOOD, GOOD)
    with config.override({"features.stream": True}):
        plain = await ask(ASK, headers={"Accept": "application/json"}).through(app)
        asking = await ask(ASK, headers={"Accept": "*/*"}).through(app)
    assert plain.json["type"] == "message"
    assert asking.content.startswith(b"event: message_start\n")


async def test_thinking_can_be_switched_off(app, stage):
    stage.upstream.will(GOOD)
    off = {**WHOLE, "thinking": {"type": "disabled"}}
    content = (await ask(off).through(app)).json["content"]
    assert [block["type"] for block in content] == ["text"]


async def test_the_same_thinking_has_the_same_signature(app, stage):
    stage.upstream.will(GOOD, GOOD, thought("Other.") + said("x") + END)
    signed = [
        (await ask(WHOLE).through(app)).json["content"][0]["signature"]
        for _ in range(3)
    ]
    assert signed[0] == signed[1] != signed[2]


async def test_a_stop_sequence_is_named(app, stage):
    stage.upstream.will(said("one STOP two") + END)
    asking = await ask({**WHOLE, "stop_sequences": ["STOP"]}).through(app)
    assert asking.json["stop_reason"] == "stop_sequence"
    assert asking.json["stop_sequence"] == "STOP"
    assert asking.json["content"] == [{"type": "text", "text": "one "}]


async def test_a_prefill_is_continued_and_not_repeated(app, stage):
    stage.upstream.will(said("The answer is 4.") + END)
    begun = {"role": "assistant", "content": "The answer is"}
    asking = await ask({**WHOLE, "messages": [*ASK["messages"], begun]}).through(app)
    assert asking.json["content"] == [{"type": "text", "text": " 4."}]
    assert "beginning of your answer" in str(stage.upstream.bodies[0]["message"])


async def test_a_search_is_shown_before_the_text(app, stage):
    found = searched("https://a.example") + said("Rain.") + END
    stage.upstream.will(found, found, found)
    with_tool = {**WHOLE, "tools": [SEARCH_TOOL]}
    body = (await ask(with_tool).through(app)).json
    assert [block["type"] for block in body["content"]] == [
        "server_tool_use",
        "web_search_tool_result",
        "text",
    ]
    assert body["search_sources"][0]["url"] == "https://a.example"
    asking = await ask({**with_tool, "stream": True}).through(app)
    message = folded(events_of(asking.content))
    assert [block["type"] for block in message["content"]] == [
        block["type"] for block in body["content"]
    ]
    plain = (await ask(WHOLE).through(app)).json
    assert [block["type"] for block in plain["content"]] == ["text"]
    assert plain["search_sources"] == body["search_sources"]


async def test_text_is_not_held_back_once_the_sources_are_known(app, stage):
    gate = asyncio.Event()
    stage.upstream.will(
        Stream(searched("https://a.example"), said("Rain"), gate, said("."), END)
    )
    asking = ask({**STREAM, "tools": [SEARCH_TOOL]})
    running = asyncio.create_task(asking.through(app))
    while b"text_delta" not in asking.content:
        asking.started.clear()
        await asking.started.wait()
    gate.set()
    await running
    assert asking.content.count(b"text_delta") == 2


async def test_a_failure_before_output_has_its_status(app, stage):
    stage.upstream.will(429, 429)
    asking = await ask(STREAM).through(app)
    assert refused(asking) == (429, "rate_limit_error")
    assert int(asking.answered["retry-after"]) >= 1


async def test_a_failure_in_mid_stream_is_an_event(app, stage):
    stage.upstream.will(Stream(said("Hel"), error("overloaded")))
    events = events_of((await ask(STREAM).through(app)).content)
    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["type"] in {"api_error", "overloaded_error"}
    assert "message_stop" not in [event["type"] for event in events]


async def test_counting_takes_no_account(stage):
    asking = await ask({**ASK, "system": "Be brief."}, COUNT).through(Entry())
    assert asking.status == 200
    assert asking.json == {"input_tokens": asking.json["input_tokens"]}
    assert asking.json["input_tokens"] > 0
    assert stage.upstream.asked == []


IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
}


async def test_an_image_counts_as_a_thousand(app):
    told = {"type": "text", "text": "hi"}
    bare = {**ASK, "messages": [{"role": "user", "content": [told]}]}
    seen = {**ASK, "messages": [{"role": "user", "content": [told, IMAGE]}]}
    counts = [
        (await ask(document, COUNT).through(app)).json["input_tokens"]
        for document in (bare, seen)
    ]
    assert counts[1] - counts[0] == 1000


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
@pytest.mark.parametrize(
    ("changes", "status", "kind", "place"),
    [
        ({"model": None}, 400, "invalid_request_error", "model: "),
        ({"model": "grok-5"}, 404, "not_found_error", "model: "),
        ({"model": "grok-imagine-video"}, 400, "invalid_request_error", "model: "),
        ({"messages": []}, 400, "invalid_request_error", "messages: "),
        ({"max_tokens": 0}, 400, "invalid_request_error", "max_tokens: "),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            400,
            "invalid_request_error",
            "messages.0.content.0.text: ",
        ),
    ],
)
async def test_mistakes(app, path, changes, status, kind, place):
    asking = await ask({**ASK, **changes}, path).through(app)
    assert refused(asking) == (status, kind)
    assert asking.json["error"]["message"].startswith(place)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "expected"),
    [
        ("POST", MESSAGES, {}, b"{", (400, "invalid_request_error")),
        ("POST", COUNT, {}, b"[]", (400, "invalid_request_error")),
        (
            "POST",
            MESSAGES,
            {"Content-Type": "text/plain"},
            b"{}",
            (415, "invalid_request_error"),
        ),
        ("GET", MESSAGES, {}, b"", (405, "invalid_request_error")),
        ("POST", "/v1/messages/batches", {}, b"", (404, "not_found_error")),
        (
            "POST",
            "/v1/models",
            {"anthropic-version": "2023-06-01"},
            b"",
            (405, "invalid_request_error"),
        ),
        (
            "GET",
            "/v1/models/grok-5",
            {"anthropic-version": "2023-06-01"},
            b"",
            (404, "not_found_error"),
        ),
    ],
)
async def test_what_no_view_answers(app, method, path, headers, body, expected):
    asking = await Exchange(method, path, body, headers=headers).through(app)
    assert refused(asking) == expected


async def test_a_body_too_large(app):
    with config.override({"limits.json_body_mb": 1}):
        asking = await Exchange("POST", MESSAGES, b"x" * (1024 * 1025)).through(app)
    assert refused(asking) == (413, "request_too_large")


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
async def test_a_wrong_key(app, path):
    with config.override({"app.api_key": "sesame"}):
        asking = await ask(ASK, path).through(app)
        allowed = await ask(ASK, COUNT, headers={"x-api-key": "sesame"}).through(app)
    assert refused(asking) == (401, "authentication_error")
    assert allowed.status == 200


async def test_a_preflight_tells_the_request_id_twice(app):
    asking = await Exchange("OPTIONS", MESSAGES).through(app)
    assert asking.status == 204
    assert asking.answered["request-id"] == asking.answered["x-request-id"]


async def test_models_in_the_callers_dialect(app):
    headers = {"anthropic-version": "2023-06-01"}
    listed = await Exchange("GET", "/v1/models", headers=headers).through(app)
    assert listed.json["first_id"] == MODEL
    for item in listed.json["data"]:
        ModelInfo.model_validate(item)
    page = Exchange("GET", "/v1/models", headers=headers, query=b"limit=1")
    paged = (await page.through(app)).json
    assert (len(paged["data"]), paged["has_more"]) == (1, True)
    one = await Exchange("GET", f"/v1/models/{MODEL}", headers=headers).through(app)
    assert one.json == listed.json["data"][0]


async def test_a_bad_page_is_refused(app):
    headers = {"anthropic-version": "2023-06-01"}
    page = Exchange("GET", "/v1/models", headers=headers, query=b"limit=0")
    assert refused(await page.through(app)) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "named",
    [
        {"headers": {"x-claude-code-session-id": "s1"}},
        {"metadata": {"user_id": "user_1_account__session_s1"}},
        {"metadata": {"user_id": '{"session_id":"s1"}'}},
    ],
)
async def test_a_session_stays_with_its_account(app, stage, named):
    headers = named.get("headers", {})
    document = {**WHOLE, "metadata": named.get("metadata", {})}
    stage.upstream.will(*[GOOD] * 6)
    for _ in range(6):
        await ask(document, headers=headers).through(app)
    assert len(set(stage.upstream.asked)) == 1


async def test_metadata_of_any_type_is_ignored(app):
    for metadata in (3, "x", ["y"], {"user_id": {"a": 1}}, {"user_id": "x" * 9999}):
        document = {**ASK, "metadata": metadata}
        assert (await ask(document, COUNT).through(app)).status == 200
