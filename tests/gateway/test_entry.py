"""The lean entry, driven as a server would drive it."""

import asyncio
import re

import orjson
import pytest

from gateway import bodies, entry
from gateway.entry import Entry
from gateway.errors import GatewayError
from grokgateway import config
from tests.gateway.asgi import Exchange, envelope, post
from tests.gateway.ground import END, MODEL, Stream, error, said

CHAT = "/v1/chat/completions"
GOOD = said("Hel") + said("lo") + END
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**ASK, "stream": True}
WHOLE = {**ASK, "stream": False}


@pytest.fixture
def app(stage):
    stage.add("a", "b")
    return Entry()


async def test_a_preflight_needs_no_key(app):
    asking = Exchange(
        "OPTIONS",
        CHAT,
        headers={
            "Origin": "https://page.example",
            "Access-Control-Request-Headers": "x-api-key, x-stainless-os",
        },
        client=("8.8.8.8", 1),
    )
    await asking.through(app)
    answered = asking.answered
    assert (asking.status, asking.content) == (204, b"")
    assert answered["access-control-allow-origin"] == "*"
    assert answered["access-control-allow-headers"] == "x-api-key, x-stainless-os"
    assert answered["access-control-allow-methods"] == (
        "GET, POST, DELETE, OPTIONS, HEAD"
    )
    assert answered["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answered
    assert re.fullmatch(r"req_[0-9a-f]{32}", answered["x-request-id"])


async def test_a_key_in_a_path_is_not_said_back(app):
    secret = "gk-" + "k" * 43
    asking = await Exchange(path=f"/v1/{secret}/models").through(app)
    assert asking.code == "unknown_url"
    assert secret.encode() not in asking.content


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/chat", "/v1/é/"])
async def test_unknown_urls(app, path):
    asking = await Exchange("GET", path).through(app)
    assert envelope(asking) == (404, "unknown_url")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, {"POST"}),
        ("DELETE", CHAT, {"POST"}),
        ("POST", "/v1/models", {"GET"}),
        ("PATCH", "/health", {"GET", "HEAD"}),
    ],
)
async def test_wrong_methods_are_told_the_right_ones(app, method, path, allowed):
    asking = await Exchange(method, path).through(app)
    assert envelope(asking) == (405, "method_not_allowed")
    assert set(asking.answered["allow"].split(", ")) == allowed


@pytest.mark.parametrize("suffix", ["", "/"])
async def test_a_trailing_slash_is_served_not_redirected(app, stage, suffix):
    stage.upstream.will(GOOD)
    asking = await post(WHOLE, CHAT + suffix).through(app)
    assert asking.status == 200
    assert asking.json["choices"][0]["message"]["content"] == "Hello"


async def test_unknown_query_parameters_are_ignored(app, stage):
    stage.upstream.will(GOOD)
    asking = await post(WHOLE, query=b"beta=true").through(app)
    assert asking.status == 200


async def test_a_query_that_is_no_text(app):
    asking = await Exchange("GET", "/v1/models", query=b"x=\xff").through(app)
    assert asking.status in {200, 400}


@pytest.mark.parametrize(
    "given", ["abc", "req-1.2_3", "x" * 128], ids=["short", "signs", "longest"]
)
async def test_a_request_id_of_the_callers_own(app, given):
    asking = Exchange("GET", "/health", headers={"X-Request-Id": given})
    await asking.through(app)
    assert asking.answered["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a/b", "é", "a\n"])
async def test_other_request_ids_are_replaced(app, given):
    asking = Exchange("GET", "/health", headers={"X-Request-Id": given})
    await asking.through(app)
    assert re.fullmatch(r"req_[0-9a-f]{32}", asking.answered["x-request-id"])


async def test_the_request_id_reaches_the_record(app, stage):
    stage.upstream.will(GOOD)
    await post(WHOLE, headers={"X-Request-Id": "mine"}).through(app)
    (record,) = stage.kept.records
    assert record[0] == "mine"


@pytest.mark.parametrize("path", ["/health", "/"])
async def test_head_has_headers_and_no_body(app, path):
    asking = await Exchange("HEAD", path).through(app)
    assert (asking.status, asking.content) == (200, b"")


async def test_head_of_what_is_not_there(app):
    asking = await Exchange("HEAD", "/v1/nothing").through(app)
    assert (asking.status, asking.content) == (404, b"")
    assert int(asking.answered["content-length"]) > 0


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_declared_body_over_the_limit_is_not_read(app, limit):
    with config.override({"limits.json_body_mb": limit}):
        size = limit * bodies.MIB + 1
        asking = Exchange("POST", CHAT, headers={"Content-Length": str(size)})
        await asking.through(app)
    assert envelope(asking) == (413, "request_too_large")
    assert asking.received == 0


async def test_a_chunked_body_over_the_limit_is_cut_off(app):
    chunks = [b" " * (bodies.MIB // 2)] * 8
    with config.override({"limits.json_body_mb": 1}):
        asking = await Exchange("POST", CHAT, chunks).through(app)
    assert envelope(asking) == (413, "request_too_large")
    assert asking.received == 3


async def test_a_body_of_exactly_the_limit_is_read(app):
    body = orjson.dumps({"model": "nonsense", "messages": ASK["messages"]})
    chunks = [body, b" " * (bodies.MIB - len(body))]
    with config.override({"limits.json_body_mb": 1}):
        asking = await Exchange("POST", CHAT, chunks).through(app)
    assert envelope(asking) == (404, "model_not_found")


async def test_multipart_has_a_limit_of_its_own(app):
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(bodies.MIB * 2),
    }
    limits = {"limits.json_body_mb": 1, "limits.multipart_mb": 3}
    with config.override(limits):
        asking = await Exchange("POST", CHAT, b"--x", headers=headers).through(app)
    assert envelope(asking) == (415, "unsupported_media_type")


async def test_a_large_body_in_many_pieces_is_read_whole(app, stage):
    text = "word " * 500_000
    body = orjson.dumps({**WHOLE, "messages": [{"role": "user", "content": text}]})
    chunks = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]
    stage.upstream.will(GOOD)
    asking = await Exchange("POST", CHAT, chunks).through(app)
    assert asking.status == 200
    assert len(stage.upstream.bodies[0]["message"]) > 2_000_000


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"],
)
async def test_other_media_types(app, content_type):
    asking = post(ASK, headers={"Content-Type": content_type})
    await asking.through(app)
    assert envelope(asking) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": "Application/JSON; charset=utf-8"},
        {"Content-Type": "application/json; charset=bogus"},
    ],
)
async def test_json_media_types(app, stage, headers):
    stage.upstream.will(GOOD)
    assert (await post(WHOLE, headers=headers).through(app)).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"model":NaN}']
)
async def test_bodies_that_are_no_json_object(app, body):
    asking = await Exchange("POST", CHAT, body).through(app)
    assert envelope(asking) == (400, "invalid_json")


async def test_a_client_that_leaves_while_sending(app, stage):
    asking = Exchange("POST", CHAT, b'{"mod', leaves_in_body=True)
    await asking.through(app)
    assert asking.messages == []
    assert stage.upstream.asked == []


async def test_a_stream(app, stage):
    stage.upstream.will(GOOD)
    asking = await post(STREAM).through(app)
    assert asking.status == 200
    assert asking.answered["content-type"] == "text/event-stream; charset=utf-8"
    assert asking.answered["access-control-allow-origin"] == "*"
    assert "content-length" not in asking.answered
    assert asking.content.endswith(b"data: [DONE]\n\n")
    (record,) = stage.kept.records
    assert record[7] == 200


@pytest.mark.parametrize("document", [STREAM, WHOLE], ids=["stream", "whole"])
async def test_a_failure_before_output_is_an_http_error(app, stage, document):
    stage.upstream.will(429, 429)
    asking = await post(document).through(app)
    assert envelope(asking) == (429, "rate_limit_exceeded")
    assert int(asking.answered["retry-after"]) >= 1
    (record,) = stage.kept.records
    assert (record[7], record[8]) == (429, "rate_limit_exceeded")


async def test_no_account_says_not_to_try_again(stage):
    asking = await post(STREAM).through(Entry())
    assert envelope(asking) == (503, "no_available_account")
    assert asking.answered["x-should-retry"] == "false"


async def test_a_failure_in_a_stream_is_recorded(app, stage):
    stage.upstream.will(Stream(said("Hi"), error()))
    asking = await post(STREAM).through(app)
    assert asking.status == 200
    (record,) = stage.kept.records
    assert (record[7], record[8]) == (200, "upstream_unavailable")


@pytest.mark.parametrize("document", [STREAM, WHOLE], ids=["stream", "whole"])
@pytest.mark.parametrize("heard", [b"\n", said("Hi")], ids=["silent", "talking"])
async def test_a_client_that_leaves_ends_the_call_at_once(app, stage, document, heard):
    reply = Stream(heard, asyncio.Event())
    stage.upstream.will(reply)
    asking = post(document)
    task = asyncio.create_task(asking.through(app))
    await stage.upstream.called.wait()
    await asyncio.sleep(0.01)
    asking.left.set()
    async with asyncio.timeout(1):
        await task
    assert reply.closed
    assert stage.accounts.entry(1).inflight == stage.accounts.entry(2).inflight == 0
    (record,) = stage.kept.records
    assert (record[7], record[8]) == (499, "")


async def test_a_server_that_cancels_is_obeyed(app, stage):
    stage.upstream.will(Stream(said("Hi"), asyncio.Event()))
    asking = post(STREAM)
    task = asyncio.create_task(asking.through(app))
    await asking.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (record,) = stage.kept.records
    assert record[7] == 499


async def test_a_departure_leaves_the_servers_task_as_it_was(app, stage):
    stage.upstream.will(Stream(said("Hi"), asyncio.Event()))
    asking = post(STREAM)

    async def serve():
        await asking.through(app)
        await asyncio.sleep(0)

    task = asyncio.create_task(serve())
    await asking.started.wait()
    asking.left.set()
    await task
    assert task.cancelling() == 0


async def test_nobody_watches_any_more_after_the_answer(app, stage):
    stage.upstream.will(GOOD)
    before = asyncio.all_tasks()
    asking = await post(STREAM).through(app)
    asking.left.set()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before


async def test_every_record_has_a_status(app, stage):
    await Exchange("GET", "/v1/models").through(app)
    (record,) = stage.kept.records
    assert record[7] == 200


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/nonsense"])
async def test_processing_time_on_every_plain_reply(app, path):
    asking = await Exchange("GET", path).through(app)
    assert "openai-processing-ms" in asking.answered


async def test_processing_time_on_refusals_before_a_view(app):
    with config.override({"app.api_key": "sesame"}):
        asking = await post(WHOLE).through(app)
    assert envelope(asking) == (401, "invalid_api_key")
    assert "openai-processing-ms" in asking.answered


async def test_processing_time_on_errors_instead_of_a_stream(app, stage):
    stage.upstream.will(400)
    asking = await post(STREAM).through(app)
    assert envelope(asking) == (400, "upstream_rejected")
    assert "openai-processing-ms" in asking.answered


async def test_a_view_that_breaks_is_a_500_and_logged(app, monkeypatch, caplog):
    async def broken(request, **_):
        raise RuntimeError("secret detail")

    class Match:
        func = staticmethod(broken)
        kwargs = {}

    monkeypatch.setattr(app, "_resolver", type("R", (), {"resolve": lambda *_: Match}))
    asking = await Exchange("GET", "/v1/models").through(app)
    assert envelope(asking) == (500, "internal_error")
    assert b"secret detail" not in asking.content
    assert "secret detail" in caplog.text


class Gone(Exchange):
    """Its socket is closed before its departure is heard of."""

    async def send(self, message):
        if self.messages:
            raise ConnectionResetError("closed")
        await super().send(message)


async def test_a_socket_that_closed_is_a_client_that_left(app, stage):
    stage.upstream.will(GOOD)
    asking = Gone("POST", CHAT, orjson.dumps(STREAM))
    await asking.through(app)
    (record,) = stage.kept.records
    assert (record[7], record[8]) == (499, "")


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/models/"])
def test_one_slash_at_the_end_is_dropped(path):
    assert entry.route_path(path) in {"/", "/v1/models"}


async def test_reading_tells_a_departure_from_an_empty_body():
    gone = Exchange(leaves_in_body=True)
    assert await bodies.read(gone.receive, 10, {}) is None
    body = await bodies.read(Exchange().receive, 10, {})
    assert body is not None
    assert body.read() == b""


async def test_a_length_that_is_no_number_is_counted_instead():
    headers = {b"content-length": b"many"}
    with pytest.raises(GatewayError):
        await bodies.read(Exchange(body=b"x" * 11).receive, 10, headers)
