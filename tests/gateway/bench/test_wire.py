import json

import pytest

from gateway.bench import dialects, wire
from gateway.bench.work import Leg, Work, load_work

CHAT = Leg("gateway", 80, "chat", key="k")
WORK = Work((CHAT,), 1, tokens=3, stream=True, delay_ms=7)


def chunked(*parts: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (*parts, b""))


def frame(content: str | None, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def test_a_work_order_survives_its_journey():
    assert load_work(WORK.dump()) == WORK


def test_the_chat_request_is_complete():
    head, _, body = wire.request(CHAT, WORK, 0).partition(b"\r\n\r\n")
    assert b"Authorization: Bearer k" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert "[[tokens=3]] [[delay_ms=7]]" in json.loads(body)["messages"][0]["content"]


def test_the_direct_leg_takes_its_accounts_in_turn():
    leg = Leg("direct", 80, "upstream", tokens=("a", "b"))
    assert b"sso=b; sso-rw=b" in wire.request(leg, WORK, 3)


def test_a_chunked_stream_gives_its_text():
    raw = chunked(frame(""), frame("to") + frame("kens"), frame(None, "stop"))
    raw = (
        raw[: -len(b"0\r\n\r\n")]
        + chunked(b"data: [DONE]\n\n").partition(b"\r\n\r\n")[2]
    )
    assert wire.text(raw, "chat", stream=True) == "tokens"


@pytest.mark.parametrize(
    "body",
    [
        frame("a"),
        frame("a") + b"data: [DONE]\n\n",
        b'data: {"error": {"code": "x"}}\n\ndata: [DONE]\n\n',
    ],
)
def test_a_stream_that_is_not_whole_is_refused(body):
    with pytest.raises(ValueError, match=r"DONE|finish_reason|error"):
        dialects.chat_stream(body)


def test_a_plain_reply_gives_its_text():
    body = json.dumps({"choices": [{"message": {"content": "hi"}}]}).encode()
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n" + body
    assert wire.text(raw, "chat", stream=False) == "hi"
    with pytest.raises(ValueError, match="no message"):
        wire.text(b"HTTP/1.1 200 OK\r\n\r\n{}", "chat", stream=False)


def test_upstream_lines_give_the_final_text_only():
    lines = [
        {"result": {"response": {"token": "hm", "isThinking": True}}},
        {"result": {"response": {"token": "a", "messageTag": "final"}}},
        {"result": {"response": {"token": "b", "messageTag": "final"}}},
        {"result": {"response": {"token": "b", "messageTag": "header"}}},
    ]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    assert wire.text(chunked(body), "upstream", stream=True) == "ab"
    with pytest.raises(ValueError, match="error"):
        dialects.upstream_text(b'{"error": {"code": 8}}')


def events(*documents):
    return b"".join(
        f"event: {d['type']}\ndata: {json.dumps(d)}\n\n".encode() for d in documents
    )


DELTA = {"type": "response.output_text.delta", "delta": "hi"}
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "hi"}]}
DONE = {"type": "response.completed", "response": {"output": [MESSAGE]}}


def test_a_responses_stream_is_read_to_its_terminal_event():
    body = b": keep-alive\n\n" + events(DELTA, DONE)
    assert wire.text(chunked(body), "responses", stream=True) == "hi"
    with pytest.raises(ValueError, match="ends with"):
        dialects.responses_stream(events(DELTA))
    with pytest.raises(ValueError, match="another text"):
        dialects.responses_stream(events(DELTA, DELTA, DONE))


def test_a_messages_stream_is_read_to_its_stop():
    said = {
        "type": "content_block_delta",
        "delta": {"type": "text_delta", "text": "hi"},
    }
    body = events(said, {"type": "message_stop"})
    assert wire.text(chunked(body), "messages", stream=True) == "hi"
    with pytest.raises(ValueError, match="ends with"):
        dialects.messages_stream(events(said))


@pytest.mark.parametrize("dialect", ["chat", "responses", "messages"])
def test_tools_are_declared_as_the_dialect_wants_them(dialect):
    leg = Leg("x", 1, dialect, tools=20)
    raw = wire.request(leg, Work((leg,), 1, tokens=5, stream=True), 0)
    assert len(json.loads(raw.partition(b"\r\n\r\n")[2])["tools"]) == 20
