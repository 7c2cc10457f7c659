"""Rows of the error table that accounts and upstream cause, in every dialect (1.3)."""

import httpx
import orjson
import pytest

from gateway.entry import Entry
from gateway.stored import reading
from grokgateway.jobs import outbox
from tests.gateway.endpoints import ASKING, ENDPOINTS, TAKING_JSON, label
from tests.gateway.ground import END, MODEL, Stream, error, said

OVERLOADED = "overloaded_error"
BUSY = (429, "rate_limit_exceeded", "rate_limit_error")
AWAY = (503, "upstream_unavailable", OVERLOADED)
BROKEN = (502, "upstream_error", "api_error")
LATE = (504, "upstream_timeout", "timeout_error")
INVALID = "invalid_request_error"
REJECTED = (400, "upstream_rejected", INVALID)
POLICY = httpx.Response(
    403, json={"code": 7, "message": "content-moderated", "details": []}
)
FORBIDDEN = httpx.Response(403, json={"code": 7, "message": "Permission denied"})
CHALLENGE = httpx.Response(
    403,
    headers={"cf-mitigated": "challenge", "content-type": "text/html"},
    content=b"<title>Just a moment...</title>",
)
FAULTS = {
    "400": (400, REJECTED),
    "401": (401, AWAY),
    "402": (402, AWAY),
    "403": (FORBIDDEN, AWAY),
    "404": (404, BROKEN),
    "413": (413, REJECTED),
    "422": (422, REJECTED),
    "429": (429, BUSY),
    "500": (500, BROKEN),
    "503": (503, BROKEN),
    "challenge": (CHALLENGE, AWAY),
    "policy": (POLICY, (400, "content_policy_violation", INVALID)),
    "no connection": (httpx.ConnectError("refused"), BROKEN),
    "reset": (httpx.ReadError("reset"), BROKEN),
    "connect timeout": (httpx.ConnectTimeout("slow"), LATE),
    "read timeout": (httpx.ReadTimeout("slow"), LATE),
    "in-band 429": (error("Too many requests", 8), BUSY),
    "in-band load shed": (error("overloaded"), AWAY),
    "in-band error": (error("Internal", 13), BROKEN),
    "nothing said": (END, BROKEN),
    "no frames": (b"<html></html>", BROKEN),
}

asking = pytest.mark.parametrize("endpoint", ASKING, ids=label)
streaming = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def simple(endpoint, *, stream=False):
    """A plain question, in the words of the endpoint."""
    spoken = [{"role": "user", "content": "Hi"}]
    name = "input" if "responses" in endpoint.path else "messages"
    body = {"model": MODEL, name: spoken, "stream": stream}
    return {**body, "store": False} if name == "input" else body


def told(endpoint, row):
    status, code, kind = row
    return status, kind if endpoint.anthropic else code


@asking
@streaming
@pytest.mark.parametrize(("fault", "row"), FAULTS.values(), ids=FAULTS)
async def test_what_upstream_does_before_it_speaks(stage, endpoint, stream, fault, row):
    stage.add("a", "b", "c")
    replies = [Stream(fault) if isinstance(fault, bytes) else fault for _ in range(12)]
    stage.upstream.will(*replies)
    exchange = await endpoint.request(simple(endpoint, stream=stream)).through(Entry())
    assert endpoint.error(exchange) == told(endpoint, row), exchange.content
    if row is BUSY:
        assert int(exchange.answered["retry-after"]) >= 1


@asking
@streaming
async def test_no_account_at_all(stage, endpoint, stream):
    exchange = await endpoint.request(simple(endpoint, stream=stream)).through(Entry())
    row = (503, "no_available_account", OVERLOADED)
    assert endpoint.error(exchange) == told(endpoint, row)
    assert exchange.answered["x-should-retry"] == "false"


@asking
@streaming
async def test_no_account_that_is_not_cooling(stage, endpoint, stream):
    stage.add("a")
    stage.upstream.will(429)
    document = {**simple(endpoint, stream=stream), "model": "grok-4.20-fast"}
    await endpoint.request(document).through(Entry())
    exchange = await endpoint.request(document).through(Entry())
    assert endpoint.error(exchange) == told(endpoint, BUSY)
    assert int(exchange.answered["retry-after"]) >= 1
    assert len(stage.upstream.asked) == 1


@asking
@streaming
async def test_the_unexpected(stage, endpoint, stream):
    stage.add("a")
    stage.upstream.will(RuntimeError("secret detail"))
    exchange = await endpoint.request(simple(endpoint, stream=stream)).through(Entry())
    row = (500, "internal_error", "api_error")
    assert endpoint.error(exchange) == told(endpoint, row)
    assert b"secret" not in exchange.content


STREAMED = [one for one in ASKING if not one.path.endswith("/compact")]


@pytest.mark.parametrize("endpoint", STREAMED, ids=label)
@pytest.mark.parametrize("fault", [error("Internal", 13), httpx.ReadError("reset")])
async def test_what_breaks_a_stream_is_told_in_it(stage, endpoint, fault):
    stage.add("a", "b")
    stage.upstream.will(Stream(said("Half an ans"), fault))
    exchange = await endpoint.request(simple(endpoint, stream=True)).through(Entry())
    assert exchange.status == 200
    assert len(stage.upstream.asked) == 1
    last = exchange.content.rstrip().split(b"\n\n")
    data = [frame.partition(b"data: ")[2] for frame in last]
    assert b"Half an ans" in exchange.content
    if endpoint.anthropic:
        assert orjson.loads(data[-1])["error"]["type"] == "api_error"
    elif "responses" in endpoint.path:
        failed = orjson.loads(data[-1])
        assert failed["type"] == "response.failed"
    else:
        assert data[-1] == b"[DONE]"
        assert orjson.loads(data[-2])["error"]["code"] == "upstream_error"


def with_image(endpoint, source):
    """A question with a picture, in the words of the endpoint."""
    document = simple(endpoint)
    told = {"type": "text", "text": "Look."}
    if "responses" in endpoint.path:
        content = [{"type": "input_image", "image_url": source}]
        return {**document, "input": [{"role": "user", "content": content}]}
    if endpoint.anthropic:
        block = {"type": "image", "source": {"type": "url", "url": source}}
    else:
        block = {"type": "image_url", "image_url": {"url": source}}
    return {**document, "messages": [{"role": "user", "content": [told, block]}]}


@asking
@pytest.mark.parametrize(
    "source",
    [
        "data:image/png,abc",
        "data:image/png;base64,%%%",
        "ftp://a.example/x.png",
        "picture.png",
        "http://127.0.0.1/x.png",
        "http://169.254.169.254/latest/meta-data",
    ],
)
async def test_an_attachment_that_cannot_be_had(stage, endpoint, source):
    stage.add("a")
    exchange = await endpoint.request(with_image(endpoint, source)).through(Entry())
    row = (400, "invalid_attachment", INVALID)
    assert endpoint.error(exchange) == told(endpoint, row)
    assert stage.upstream.asked == []


async def test_what_chat_does_not_offer(stage):
    stage.add("a")
    (endpoint,) = (one for one in TAKING_JSON if "chat" in one.path)
    exchange = await endpoint.request({**simple(endpoint), "n": 2}).through(Entry())
    assert endpoint.error(exchange) == (400, "unsupported_parameter")
    assert exchange.json["error"]["param"] == "n"


async def test_what_messages_do_not_offer(stage):
    stage.add("a")
    (endpoint,) = (one for one in TAKING_JSON if one.path == "/v1/messages")
    image = {"type": "image", "source": {"type": "file", "file_id": "f"}}
    spoken = [{"role": "user", "content": [image]}]
    document = {**simple(endpoint), "messages": spoken}
    exchange = await endpoint.request(document).through(Entry())
    assert endpoint.error(exchange) == (400, INVALID)
    assert exchange.json["error"]["message"].startswith("messages.0.content.0.source")


STORED = [one for one in ENDPOINTS if one.stored]


@pytest.mark.parametrize("endpoint", STORED, ids=label)
@pytest.mark.django_db(transaction=True)
async def test_an_unknown_stored_object(stage, monkeypatch, endpoint):
    box = outbox.Outbox()
    monkeypatch.setattr(outbox, "current", lambda: box)
    monkeypatch.setattr(reading, "PAUSES_S", (0.0,))
    exchange = await endpoint.request().through(Entry())
    kept = "video" if "/videos/" in endpoint.path else "response"
    assert endpoint.error(exchange) == (404, f"{kept}_not_found")


FILES = [one for one in ENDPOINTS if one.keyless]


@pytest.mark.parametrize("endpoint", FILES, ids=label)
@pytest.mark.django_db(transaction=True)
async def test_an_unknown_file(stage, endpoint):
    malformed = await endpoint.request(query=b"id=../x").through(Entry())
    assert endpoint.error(malformed) == (400, "invalid_value")
    unknown = await endpoint.request(query=b"id=" + b"a" * 32).through(Entry())
    assert endpoint.error(unknown) == (404, "file_not_found")
