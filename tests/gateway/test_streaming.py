"""A stream as it leaves: when it commits, how it stays alive, how it ends."""

import asyncio

import httpx
import orjson
import pytest

from gateway import streaming
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_chat
from gateway.protocols.base import Stamp
from gateway.streaming import Sender, StreamResponse, whole
from tests.gateway.ground import END, MODEL, Stream, ask, error, said

GOOD = said("Hel") + said("lo") + END
STAMP = Stamp("chatcmpl-1", 1, MODEL)
OWN = [(b"x-request-id", b"req_1")]
KEEP_ALIVE = b": keep-alive\n\n"


class Client:
    """Collects what is sent, and may be slow or gone."""

    def __init__(self):
        self.messages = []
        self.slow_s = 0.0

    async def send(self, message):
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        self.messages.append(message)

    @property
    def body(self):
        return b"".join(m.get("body", b"") for m in self.messages)

    @property
    def chunks(self):
        frames = self.body.replace(KEEP_ALIVE, b"").split(b"\n\n")
        return [orjson.loads(f[6:]) for f in frames if f and f != b"data: [DONE]"]

    @property
    def text(self):
        deltas = [c["choices"][0]["delta"] for c in self.chunks if c.get("choices")]
        return "".join(delta.get("content", "") for delta in deltas)

    def ended(self):
        return [m.get("more_body") for m in self.messages[1:]].count(False)


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def hurried(monkeypatch):
    """Ten seconds are twenty milliseconds here."""
    monkeypatch.setattr(streaming, "COMMIT_AFTER_S", 0.02)
    monkeypatch.setattr(streaming, "KEEP_ALIVE_S", 0.03)


def sender(asked, client):
    encoder = openai_chat.Encoder(STAMP, include_usage=False)
    response = StreamResponse(asked, encoder, openai_chat.failure)
    return Sender(response, client.send, list(OWN))


async def test_a_whole_stream(stage, client):
    stage.add("a")
    stage.upstream.will(GOOD)
    asked = ask()
    assert await sender(asked, client).run() is None
    start = client.messages[0]
    headers = dict(start["headers"])
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert headers[b"cache-control"] == b"no-cache, no-transform"
    assert headers[b"x-accel-buffering"] == b"no"
    assert headers[b"x-request-id"] == b"req_1"
    assert b"upstream;dur=" in headers[b"server-timing"]
    assert b"connection" not in headers
    assert client.text == "Hello"
    assert client.body.endswith(b"data: [DONE]\n\n")
    assert client.ended() == 1
    assert client.messages[-1]["more_body"] is False
    journal = asked.journal
    assert (journal.status, journal.sent_bytes) == (200, len(client.body))
    assert journal.first_byte is not None
    assert client.body.count(b'"role"') == 1


async def test_nothing_is_sent_before_there_is_something_to_say(stage, client):
    stage.add("a")
    gate = asyncio.Event()
    stage.upstream.will(Stream(b"\n", gate, GOOD))
    task = asyncio.create_task(sender(ask(), client).run())
    await asyncio.sleep(0.02)
    assert client.messages == []
    gate.set()
    await task
    assert client.text == "Hello"


async def test_an_error_before_the_first_byte_is_handed_back(stage, client):
    stage.add("a")
    stage.upstream.will(429)
    asked = ask()
    failure = await sender(asked, client).run()
    assert failure.kind is Kind.RATE_LIMITED
    assert client.messages == []
    assert asked.journal.error_code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (error(), "upstream_unavailable"),
        (httpx.ReadError("reset"), "upstream_error"),
        (httpx.ReadTimeout("silence"), "stream_idle_timeout"),
    ],
)
async def test_an_error_after_the_first_byte_is_in_band(stage, client, broken, code):
    stage.add("a", "b")
    stage.upstream.will(Stream(said("Hi"), broken))
    asked = ask()
    assert await sender(asked, client).run() is None
    assert client.text == "Hi"
    assert client.chunks[-1]["error"]["code"] == code
    assert client.body.endswith(b"data: [DONE]\n\n")
    assert client.ended() == 1
    assert (asked.journal.status, asked.journal.error_code) == (200, code)


async def test_a_long_wait_commits_and_is_kept_alive(stage, client, hurried):
    stage.add("a")
    gate = asyncio.Event()
    stage.upstream.will(Stream(gate, GOOD))
    task = asyncio.create_task(sender(ask(), client).run())
    await asyncio.sleep(0.025)
    assert client.messages[0]["status"] == 200
    assert client.body.count(b'"role":"assistant"') == 1
    await asyncio.sleep(0.08)
    kept = client.body.count(KEEP_ALIVE)
    assert 1 <= kept <= 3
    gate.set()
    await task
    assert client.text == "Hello"
    assert client.body.count(b'"role":"assistant"') == 1
    size = len(client.messages)
    await asyncio.sleep(0.05)
    assert len(client.messages) == size


async def test_an_error_after_a_late_commit_is_in_band(stage, client, hurried):
    stage.add("a")
    gate = asyncio.Event()
    stage.upstream.will(Stream(gate, error()))
    task = asyncio.create_task(sender(ask(), client).run())
    await asyncio.sleep(0.03)
    gate.set()
    assert await task is None
    assert client.chunks[-1]["error"]["code"] == "upstream_unavailable"


async def test_a_retry_after_a_late_commit_opens_once(stage, client, hurried):
    stage.add("a", "b")
    gate = asyncio.Event()
    stage.upstream.will(Stream(gate, error()), GOOD)
    task = asyncio.create_task(sender(ask(), client).run())
    await asyncio.sleep(0.03)
    gate.set()
    assert await task is None
    assert client.text == "Hello"
    assert client.body.count(b'"role"') == 1


async def test_a_busy_stream_needs_no_keep_alive(stage, client, hurried):
    stage.add("a")
    gates = [asyncio.Event() for _ in range(8)]
    pieces = [piece for gate in gates for piece in (gate, said("x"))]
    stage.upstream.will(Stream(*pieces, END))
    for number, gate in enumerate(gates):
        asyncio.get_running_loop().call_later(0.01 * number, gate.set)
    await sender(ask(), client).run()
    assert client.text == "x" * 8
    assert KEEP_ALIVE not in client.body


async def test_a_slow_client_gets_every_byte_in_order(stage, client, hurried):
    client.slow_s = 0.02
    stage.add("a")
    stage.upstream.will(Stream(*[said(str(n)) for n in range(5)], END))
    await sender(ask(), client).run()
    assert client.text == "01234"
    assert client.messages[0]["type"] == "http.response.start"
    assert client.messages[-1]["more_body"] is False


async def test_a_client_that_leaves_is_a_499(stage, client):
    stage.add("a")
    reply = Stream(said("Hi"), asyncio.Event())
    stage.upstream.will(reply)
    asked = ask()
    task = asyncio.create_task(sender(asked, client).run())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked.journal.status == 499
    assert asked.journal.error_code == ""
    assert reply.closed
    assert stage.accounts.entry(1).inflight == 0
    assert client.ended() == 0


async def test_a_client_that_leaves_while_nothing_is_sent(stage, client, hurried):
    stage.add("a")
    stage.upstream.will(Stream(asyncio.Event()))
    asked = ask()
    task = asyncio.create_task(sender(asked, client).run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.05)
    assert client.messages == []


async def test_whole_answers(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    asked = ask()
    response = await whole(asked, lambda done: openai_chat.reply(STAMP, done))
    body = orjson.loads(response.content)
    assert body["choices"][0]["message"]["content"] == "Hello"
    assert response.headers["Content-Type"] == "application/json"
    assert "upstream;dur=" in response.headers["Server-Timing"]
    assert (asked.journal.status, asked.journal.sent_bytes) == (
        200,
        len(response.content),
    )


async def test_whole_answers_fail_whole(stage):
    stage.add("a")
    stage.upstream.will(Stream(said("Hi"), error()))
    asked = ask()
    with pytest.raises(GatewayError) as caught:
        await whole(asked, lambda done: openai_chat.reply(STAMP, done))
    assert caught.value.kind is Kind.UPSTREAM_UNAVAILABLE
    assert asked.journal.error_code == "upstream_unavailable"


async def test_a_client_that_leaves_a_whole_answer_is_a_499(stage):
    stage.add("a")
    stage.upstream.will(Stream(said("Hi"), asyncio.Event()))
    asked = ask()
    task = asyncio.create_task(whole(asked, lambda done: {}))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked.journal.status == 499
