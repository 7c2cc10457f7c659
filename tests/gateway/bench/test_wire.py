import json

import pytest

from gateway.bench import wire
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
        wire.stream_text(body)


def test_a_plain_reply_gives_its_text():
    body = json.dumps({"choices": [{"message": {"content": "hi"}}]}).encode()
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n" + body
    assert wire.text(raw, "chat", stream=False) == "hi"
    with pytest.raises(ValueError, match="no message"):
        wire.reply_text(b'{"error": {}}')


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
        wire.upstream_text(b'{"error": {"code": 8}}')
