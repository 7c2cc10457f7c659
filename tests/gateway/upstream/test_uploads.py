"""Files on their way to an account."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest

from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import assets, pool
from gateway.upstream.assets import File, Uploaded
from gateway.upstream.headers import Login
from gateway.upstream.payloads import chat_payload
from tests.gateway.upstream.stand_in import Chosen

LOGIN = Login("tok", "u1")
CONTENT = bytes(range(256)) * 3
PNG = File("file.png", "image/png", base64.b64encode(CONTENT))
TEXT = File("a.txt", "text/plain", b"aGk=")
LARGE = File("b.png", "image/png", base64.b64encode(CONTENT * 200))


def settings(**changed: object) -> Chosen:
    given: dict[str, object] = {
        "upstream__upload_protocol": "auto",
        "asset__upload_timeout": 60,
        "batch__asset_upload_concurrency": 10,
    }
    return Chosen(**{**given, **changed})


Answer = Callable[[httpx.Request], httpx.Response]


@contextmanager
def upstream(answer: Answer) -> Iterator[list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    with pool.carried_by(httpx.MockTransport(noted)):
        yield asked


def named(request: httpx.Request) -> httpx.Response:
    name = orjson.loads(request.content)["fileName"]
    return httpx.Response(200, json={"fileMetadataId": f"id-{name}", "fileUri": ""})


def fixed(status: int, document: object) -> Answer:
    return lambda _: httpx.Response(status, json=document)


async def failing(answer: Answer, **changed: object) -> UpstreamFailure:
    with upstream(answer), pytest.raises(UpstreamFailure) as caught:
        await assets.upload_all(LOGIN, [PNG], settings(**changed))
    return caught.value


async def test_without_files_nothing_is_asked():
    with upstream(named) as asked:
        assert await assets.upload_all(LOGIN, [], settings()) == ()
    assert asked == []


@pytest.mark.parametrize("protocol", ["auto", "v2"])
@pytest.mark.parametrize("file", [PNG, LARGE])
async def test_the_first_form_is_json(protocol, file):
    chosen = settings(upstream__upload_protocol=protocol)
    with upstream(named) as asked:
        ids = await assets.upload_all(LOGIN, [file], chosen)
    assert ids == (f"id-{file.name}",)
    (request,) = asked
    assert str(request.url) == "https://grok.com/rest/app-chat/upload-file"
    assert orjson.loads(request.content) == {
        "fileName": file.name,
        "fileMimeType": "image/png",
        "content": file.content.decode(),
    }
    headers = request.headers
    assert headers["cookie"] == "sso=tok; sso-rw=tok"
    assert headers["referer"] == "https://grok.com/"
    assert headers["content-type"] == "application/json"
    assert headers["x-statsig-id"]


async def test_a_name_may_hold_anything():
    odd = File('a"\\\ud800\u4e2d.png', "image/png", b"aGk=")
    with upstream(named) as asked:
        await assets.upload_all(LOGIN, [odd], settings())
    assert orjson.loads(asked[0].content)["fileName"] == 'a"\\\ufffd\u4e2d.png'


@pytest.mark.parametrize("file", [PNG, LARGE])
@pytest.mark.parametrize("edit", [False, True])
async def test_the_later_form_is_multipart(file, edit):
    reply = {
        "uploadId": "u",
        "terminalError": None,
        "fileMetadata": {"fileMetadataId": "m", "fileId": "f", "fileUri": "users/x"},
    }
    with upstream(fixed(200, reply)) as asked:
        chosen = settings(upstream__upload_protocol="v3")
        done = await assets.upload(LOGIN, file, chosen, edit=edit)
    assert done == Uploaded("m", "users/x")
    (request,) = asked
    assert str(request.url) == "https://grok.com/http/upload-file-v2/direct"
    headers = request.headers
    assert headers["referer"] == f"https://grok.com/{'imagine' if edit else ''}"
    assert "x-statsig-id" not in headers
    assert "x-xai-request-id" not in headers
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    first, *parts, last = request.content.split(b"--" + boundary.encode())
    assert (first, last) == (b"", b"--\r\n")
    content = base64.b64decode(file.content)
    head = (
        f'\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    assert parts[-1] == head.encode() + content + b"\r\n"
    source = (
        b'\r\nContent-Disposition: form-data; name="file_source"\r\n\r\n'
        b"IMAGINE_SELF_UPLOAD_FILE_SOURCE\r\n"
    )
    assert parts[:-1] == ([source] if edit else [])


async def test_the_name_of_a_form_part_is_escaped():
    odd = File('a"b\\c\u4e2d\r\n.txt', "text/plain", b"aGk=")
    with upstream(fixed(200, {"uploadId": "u"})) as asked:
        await assets.upload(LOGIN, odd, settings(upstream__upload_protocol="v3"))
    assert 'filename="a\\"b\\\\c\u4e2d.txt"\r\n'.encode() in asked[0].content


@pytest.mark.parametrize(
    ("protocol", "reply", "known"),
    [
        ("v2", {"fileMetadataId": "m", "fileId": "f"}, "m"),
        ("v2", {"fileMetadataId": "", "fileId": "f"}, "f"),
        ("v3", {"uploadId": "u", "fileMetadata": {"fileId": "f"}}, "f"),
        ("v3", {"uploadId": "u", "fileMetadata": None, "terminalError": ""}, "u"),
    ],
)
async def test_the_id_of_an_upload(protocol, reply, known):
    with upstream(fixed(200, reply)):
        chosen = settings(upstream__upload_protocol=protocol)
        assert (await assets.upload(LOGIN, PNG, chosen)).id == known


@pytest.mark.parametrize("protocol", ["v2", "v3"])
@pytest.mark.parametrize("reply", [{}, [], None, {"fileMetadataId": 7}, {"x": "y"}])
async def test_a_reply_without_an_id_is_a_bad_one(protocol, reply):
    failure = await failing(fixed(200, reply), upstream__upload_protocol=protocol)
    assert (failure.kind, failure.fault) == (Kind.UPSTREAM_ERROR, UpstreamFault.SERVER)


async def test_an_edit_needs_the_metadata_id():
    reply = {"uploadId": "u", "fileMetadata": {"fileId": "f"}}
    chosen = settings(upstream__upload_protocol="v3")
    with upstream(fixed(200, reply)), pytest.raises(UpstreamFailure):
        await assets.upload(LOGIN, PNG, chosen, edit=True)


async def test_a_reply_of_megabytes_is_a_bad_one():
    failure = await failing(fixed(200, {"fileMetadataId": "x" * 100_000}))
    assert failure.kind is Kind.UPSTREAM_ERROR


async def test_a_terminal_error_is_a_refusal():
    failure = await failing(
        fixed(200, {"uploadId": "u", "terminalError": "TOO_LARGE"}),
        upstream__upload_protocol="v3",
    )
    assert (failure.kind, failure.retryable) == (Kind.UPSTREAM_REJECTED, False)
    assert failure.fault is UpstreamFault.REJECTED


MARKED = {"message": "[WKE=unauthenticated:bad-credentials]"}


@pytest.mark.parametrize(
    ("status", "document", "kind", "fault"),
    [
        (400, {}, Kind.UPSTREAM_REJECTED, UpstreamFault.REJECTED),
        (413, {}, Kind.UPSTREAM_REJECTED, UpstreamFault.REJECTED),
        (401, MARKED, Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.CREDENTIAL),
        (401, {}, Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.UNAUTHORIZED),
        (429, {}, Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED),
        (201, {}, Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
        (302, {}, Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
        (500, {}, Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
    ],
)
async def test_failures_are_told_as_everywhere_and_cost_nothing(
    status, document, kind, fault
):
    failure = await failing(fixed(status, document))
    assert (failure.kind, failure.fault) == (kind, fault)
    assert not failure.sent


async def test_a_broken_connection_costs_nothing_either():
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    failure = await failing(answer)
    assert failure.fault is UpstreamFault.TRANSPORT
    assert not failure.sent


async def test_the_same_file_is_uploaded_once():
    again = File(PNG.name, PNG.media_type, bytes(bytearray(PNG.content)))
    with upstream(named) as asked:
        ids = await assets.upload_all(LOGIN, [PNG, TEXT, again, TEXT], settings())
    assert ids == ("id-file.png", "id-a.txt")
    assert len(asked) == 2


class Slow(httpx.AsyncBaseTransport):
    """Answers only when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most = self.inside = 0
        self.go = asyncio.Event()
        self.failing = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = orjson.loads(request.content)["fileName"]
        self.asked.append(name)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            if name != self.failing:
                await self.go.wait()
        finally:
            self.inside -= 1
        status = 400 if name == self.failing else 200
        return httpx.Response(status, json={"fileMetadataId": f"id-{name}"})


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def numbered(count: int) -> list[File]:
    return [File(f"{n}", "text/plain", b"aGk=") for n in range(count)]


async def test_ids_come_in_the_order_of_the_files_within_a_limit_of_the_process():
    slow = Slow()
    chosen = settings(batch__asset_upload_concurrency=3)
    with pool.carried_by(slow):
        several = [
            asyncio.create_task(assets.upload_all(LOGIN, numbered(4), chosen))
            for _ in range(2)
        ]
        await settle()
        assert slow.most == 3
        slow.go.set()
        assert await asyncio.gather(*several) == [("id-0", "id-1", "id-2", "id-3")] * 2
    assert slow.most == 3


async def test_the_limit_follows_the_configuration():
    slow = Slow()
    with pool.carried_by(slow):
        one = settings(batch__asset_upload_concurrency=1)
        first = asyncio.create_task(assets.upload_all(LOGIN, numbered(3), one))
        await settle()
        assert slow.inside == 1
        more = settings(batch__asset_upload_concurrency=5)
        second = asyncio.create_task(assets.upload_all(LOGIN, [PNG], more))
        await settle()
        assert slow.inside == 4
        slow.go.set()
        await asyncio.gather(first, second)


async def test_one_refused_file_ends_the_others():
    slow = Slow()
    slow.failing = "2"
    with pool.carried_by(slow), pytest.raises(UpstreamFailure) as caught:
        await assets.upload_all(LOGIN, numbered(4), settings())
    assert caught.value.kind is Kind.UPSTREAM_REJECTED
    assert slow.inside == 0


async def test_the_wait_for_a_place_has_an_end():
    slow = Slow()
    with pool.carried_by(slow):
        quick = settings(batch__asset_upload_concurrency=1, asset__upload_timeout=0.03)
        failures = await asyncio.gather(
            assets.upload_all(LOGIN, [PNG], quick),
            assets.upload_all(LOGIN, [TEXT], quick),
            return_exceptions=True,
        )
    assert len(slow.asked) == 1
    for failure in failures:
        assert isinstance(failure, UpstreamFailure)
        assert failure.kind is Kind.UPSTREAM_TIMEOUT
        assert not failure.sent


def test_a_chat_names_the_uploaded_files():
    payload = orjson.loads(chat_payload("hi", "auto", Chosen(), ("a", "b")))
    assert payload["fileAttachments"] == ["a", "b"]


@pytest.mark.parametrize(
    ("login", "uploaded", "url"),
    [
        (LOGIN, Uploaded("f", "users/u/f/content"), "/users/u/f/content"),
        (LOGIN, Uploaded("f", "https://assets.grok.com/x"), "/x"),
        (LOGIN, Uploaded("f", ""), "/users/u1/f/content"),
    ],
)
def test_the_address_of_what_was_uploaded(login, uploaded, url):
    found = assets.content_url(login, uploaded, settings())
    assert found == f"https://assets.grok.com{url}"


@pytest.mark.parametrize(
    ("login", "uploaded"),
    [
        (Login("tok"), Uploaded("f", "")),
        (LOGIN, Uploaded("f", "https://evil.example/x")),
    ],
)
def test_an_address_that_cannot_be_known_or_trusted(login, uploaded):
    with pytest.raises(UpstreamFailure):
        assets.content_url(login, uploaded, settings())
