"""Requests that fail while they are captured: proven, covered, gone through again."""

import asyncio
from dataclasses import replace

import httpx
import orjson
import pytest

from gateway import streaming
from gateway.captures import document, making, store, taking
from gateway.captures.encoding import PLAIN
from gateway.captures.replay import play
from gateway.entry import Entry
from gateway.keys import home, identity
from gateway.keys.cards import Capturing, KeyBook
from gateway.tape import Asked
from grokgateway import config
from tests.gateway.asgi import post
from tests.gateway.ground import (
    END,
    MODEL,
    Stream,
    error,
    frame,
    said,
    searched,
    thought,
)
from tests.gateway.named_keys import KEY, bearer, issue

FOREVER = 2e9
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
CANARY = "canary7secret9canary"
PROMPT = "of-the-prompt"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Oslo", CANARY]}},
    "required": ["city"],
}
CALL = (
    "<tool_calls><tool_call><tool_name>get_weather</tool_name>"
    '<parameters>{"city":"Oslo"}</parameters></tool_call></tool_calls>'
)
ANSWER = (
    thought("Let me think about Bergen.")
    + searched(f"https://example.org/{CANARY}?sig={CANARY}")
    + said("Hello ")
    + said(f"from {CANARY[:9]}")
    + said(f"{CANARY[9:]} and Oslo, 42 times.")
)


@pytest.fixture(params=[False, True], ids=["covered", "words"])
def wished(request, stage):
    """All requests with the key are captured."""
    issue(capturing=Capturing(FOREVER, request.param))
    return request.param


@pytest.fixture
def app(stage):
    stage.add("sso-canary7secret9canary", "b")
    return Entry()


def asked(dialect, **more):
    text = f"Tell me {PROMPT}."
    body = {"model": MODEL, "stream": True, "user": PROMPT, **more}
    if dialect == "responses":
        body |= {"input": text, "instructions": PROMPT, "metadata": {PROMPT: PROMPT}}
    else:
        body |= {"messages": [{"role": "user", "content": text}]}
    if dialect == "messages":
        del body["user"]
        body |= {"max_tokens": 99, "metadata": {"user_id": PROMPT}}
    headers = {**bearer(), "X-Request-ID": "fault-1"}
    return post(body, PATHS[dialect], headers=headers)


def tool(dialect):
    described = {"name": "get_weather", "description": PROMPT}
    match dialect:
        case "chat":
            inner = {**described, "parameters": SCHEMA}
            return {"tools": [{"type": "function", "function": inner}]}
        case "responses":
            made = {"type": "function", **described, "parameters": SCHEMA}
            return {"tools": [made]}
    return {"tools": [{**described, "input_schema": SCHEMA}]}


def taken(stage):
    return [row for sink, row in stage.kept.rows if sink is store.CAPTURES]


def kept(stage):
    """The one capture, through its file."""
    (row,) = taken(stage)
    capture = making.made(row.tape, row.request_id, row.about)
    written = document.dumped(capture)
    for secret in ("sso-canary7secret9canary", "k" * 43, PROMPT):
        assert secret.encode() not in written
    if not row.tape.keep_words:
        assert CANARY.encode() not in written
        assert b"Oslo" not in written
    again = document.loaded(written)
    assert again.tape.steps == capture.tape.steps
    assert again.tape.shape == capture.tape.shape
    played = play(again.tape, PLAIN, again.request_id)
    assert bytes(played.sent) == capture.sent == again.sent
    assert played.misjudged is None
    return row, capture


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", PATHS)
async def test_an_error_in_the_answer_goes_again(app, stage, wished, dialect, stream):
    pieces = ANSWER + error("Too many requests", 8)
    cuts = [pieces[at : at + 97] for at in range(0, len(pieces), 97)]
    stage.upstream.will(Stream(*cuts))
    with config.override({"features.show_search_sources": True}):
        asking = await asked(dialect, stream=stream).through(app)
    row, capture = kept(stage)
    assert bytes(row.tape.sent) == asking.content
    assert (capture.faithful, capture.alike) == (True, True)
    assert row.error_code == "rate_limit_exceeded"
    assert capture.about["attempts"][0]["reason"] == "rate_limited"
    assert [len(s.data) for s in capture.tape.steps if hasattr(s, "data")] == [
        len(cut) for cut in cuts
    ]


async def test_without_secrets_and_with_words_the_bytes_are_those_sent(app, stage):
    issue(capturing=Capturing(FOREVER, keep_words=True))
    stage.upstream.will(Stream(said("Hello "), said("world."), error()))
    asking = await asked("chat").through(app)
    _row, capture = kept(stage)
    assert capture.sent == asking.content


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_call_of_a_tool_in_pieces_goes_again(app, stage, wished, dialect):
    """Kept because of the field that nobody knows."""
    pieces = [said(CALL[at : at + 7]) for at in range(0, len(CALL), 7)]
    stage.upstream.will(Stream(frame(token="", strange=1), *pieces, END))
    asking = await asked(dialect, **tool(dialect)).through(app)
    assert b"get_weather" in asking.content
    row, capture = kept(stage)
    assert row.tape.odd
    assert (capture.faithful, capture.alike) == (True, True)
    assert (b"get_weather" in capture.sent) is wished
    assert any(line.startswith("ToolCall") for line in outline(capture))


def outline(capture):
    return play(capture.tape, PLAIN, capture.request_id).course


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_second_question_goes_again(app, stage, wished, dialect):
    required = {"tool_choice": {"type": "any"} if dialect == "messages" else "required"}
    bad = CALL.replace("city", "town")
    stage.upstream.will(
        Stream(frame(token="", strange=1), said(bad), END), Stream(said("No."), error())
    )
    await asked(dialect, **tool(dialect), **required).through(app)
    row, capture = kept(stage)
    assert sum(isinstance(step, Asked) for step in row.tape.steps) == 2
    assert (capture.faithful, capture.alike) == (True, True)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (httpx.Response(429, content=b'{"error":"Too many requests"}'), 429),
        (httpx.Response(403, text="<html>Just a moment...</html>"), 503),
        (httpx.Response(400, text=f"no good, {CANARY}"), 400),
        (httpx.ReadError("reset"), 502),
        (Stream(), 502),
        (Stream(b'{"result":{"resp'), 502),
    ],
    ids=["limited", "challenge", "rejected", "reset", "empty", "cut"],
)
async def test_a_failure_before_the_first_byte_goes_again(
    app, stage, wished, reply, status
):
    with config.override({"retry.max_retries": 0}):
        stage.upstream.will(reply)
        asking = await asked("messages").through(app)
    assert asking.status == status
    row, capture = kept(stage)
    assert bytes(row.tape.sent) == asking.content
    assert (capture.faithful, capture.alike) == (True, True)


async def test_what_was_tried_before_is_in_it(app, stage, wished):
    stage.upstream.will(429, Stream(said("Hi"), error()))
    await asked("chat").through(app)
    _row, capture = kept(stage)
    assert capture.faithful
    reasons = [one["reason"] for one in capture.about["attempts"]]
    assert reasons == ["rate_limited", "server"]


async def test_signs_of_life_have_their_place(app, stage, wished, monkeypatch):
    monkeypatch.setattr(streaming, "COMMIT_AFTER_S", 0.02)
    monkeypatch.setattr(streaming, "KEEP_ALIVE_S", 0.03)
    gates = [asyncio.Event(), asyncio.Event()]
    stage.upstream.will(Stream(gates[0], said("Hi"), gates[1], error()))
    for number, gate in enumerate(gates):
        asyncio.get_running_loop().call_later(0.1 * (number + 1), gate.set)
    asking = await asked("messages").through(app)
    row, capture = kept(stage)
    assert asking.content.count(b"event: ping") > 2
    assert bytes(row.tape.sent) == asking.content
    assert capture.faithful


async def test_a_stop_and_a_beginning_fit_the_covered_words(app, stage, wished):
    stage.upstream.will(
        Stream(
            frame(token="", strange=1), said("Dear friend, all is we"), said("ll END")
        )
    )
    asking = post(
        {
            "model": MODEL,
            "stream": True,
            "max_tokens": 99,
            "stop_sequences": ["END"],
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": "Dear friend,"},
            ],
        },
        PATHS["messages"],
        headers=bearer(),
    )
    await asking.through(app)
    _row, capture = kept(stage)
    assert b'"stop_sequence":"END"' in asking.content
    assert (capture.faithful, capture.alike) == (True, True)


async def test_a_fault_of_an_encoder_goes_again(app, stage, wished, monkeypatch):
    def broken(*_args):
        raise ValueError("no such thing")

    monkeypatch.setattr("gateway.protocols.openai_chat.Encoder._finish", broken)
    stage.upstream.will(Stream(said("Hi"), END))
    asking = await asked("chat").through(app)
    row, capture = kept(stage)
    assert row.error_code == "internal_error"
    assert capture.faithful
    assert bytes(row.tape.sent) == asking.content
    assert play(capture.tape, PLAIN, "x").raised == ["ValueError"]


async def test_a_long_answer_is_kept_from_its_beginning(
    app, stage, wished, monkeypatch
):
    monkeypatch.setattr("gateway.tape.UPSTREAM_BYTES", 1000)
    stage.upstream.will(Stream(*[said("Hello ") for _ in range(50)], error()))
    asking = await asked("responses").through(app)
    row, capture = kept(stage)
    assert row.tape.cut
    assert capture.faithful
    assert asking.content.startswith(bytes(row.tape.sent))
    assert 500 < len(row.tape.sent) < len(asking.content)


async def test_no_tape_without_a_wish(app, stage):
    issue()
    stage.upstream.will(Stream(said("Hi"), error()))
    await asked("chat").through(app)
    assert taken(stage) == []


async def test_good_answers_and_those_nobody_waits_for_are_not_kept(app, stage, wished):
    stage.upstream.will(said("Hi") + END, Stream(said("Hi"), asyncio.Event()))
    await asked("chat").through(app)
    leaving = asked("chat")
    going = asyncio.create_task(leaving.through(app))
    await leaving.started.wait()
    leaving.left.set()
    await going
    assert taken(stage) == []


async def test_a_request_that_was_refused_has_nothing_to_go_through(app, stage, wished):
    refused = await asked("chat", model="no-such-model").through(app)
    assert refused.status == 404
    assert taken(stage) == []
    assert taking.HOME.running == 0


async def test_requests_are_wished_for_by_their_ids(app, stage):
    card = issue()
    known = {identity.hashed(KEY): card}
    home.HOME.book = KeyBook(known, [Capturing(FOREVER, prefix="fault-")])
    stage.upstream.will(*[Stream(said("Hi"), error()) for _ in range(2)])
    await asked("chat").through(app)
    other = replace(asked("chat"), headers={**bearer(), "X-Request-ID": "other-1"})
    await other.through(app)
    assert [row.request_id for row in taken(stage)] == ["fault-1"]


def test_a_wish_ends():
    wish = Capturing(100.0, prefix="a")
    book = KeyBook({}, [wish])
    assert taking.wish(book, None, "abc", 99.0) is wish
    assert taking.wish(book, None, "abc", 100.0) is None
    assert taking.wish(book, None, "bc", 99.0) is None


async def test_there_are_never_many_tapes(app, stage, wished, monkeypatch):
    monkeypatch.setattr(taking, "MOST_TAPES", 1)
    waiting = asyncio.Event()
    stage.upstream.will(
        Stream(said("Hi"), waiting, error()), *[Stream(said("Hi"), error())] * 2
    )
    first = asked("chat")
    going = asyncio.create_task(first.through(app))
    await first.started.wait()
    await asked("chat").through(app)
    assert taken(stage) == []
    waiting.set()
    await going
    await asked("chat").through(app)
    assert len(taken(stage)) == 2


async def test_a_replay_that_differs_is_told(app, stage, monkeypatch):
    issue(capturing=Capturing(FOREVER))
    stage.upstream.will(Stream(said("Hi"), error()))
    await asked("chat").through(app)
    (row,) = taken(stage)
    row.tape.sent += b"more"
    assert not making.made(row.tape, "r", {}).faithful
    capture = orjson.loads(document.dumped(making.made(row.tape, "r", {})))
    assert (capture["faithful"], capture["words"]) == (False, "covered")
