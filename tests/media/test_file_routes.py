"""`/v1/files/*` through the lean entry, as a server would drive it."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from django.utils.http import http_date

from gateway.entry import Entry
from grokgateway import config
from media import links, serving, store, threads
from media.models import Asset, Kind, Source
from media.ranges import Conditions
from media.reading import CHUNK_BYTES
from media.shelves import shelf
from media.store import Origin
from tests.gateway.asgi import Exchange, envelope
from tests.gateway.ground import ground
from tests.media.samples import MIB, film, padded_film, picture

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE, VIDEO = "/v1/files/image", "/v1/files/video"
UNKNOWN = "0123456789abcdef0123456789abcdef"
PUBLIC = "public, max-age=31536000, immutable"


@pytest.fixture(autouse=True)
def kept(files, configured, monkeypatch):
    """The write-behind of a gateway at rest, whose rows stay in memory."""
    with ground(monkeypatch.setattr) as stage:
        yield stage.kept


async def save(data, kind=Kind.VIDEO):
    return await store.save_bytes(kind, data, Origin(Source.CHAT))


def wanting(path, public_id, method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(method, path, query=f"id={public_id}".encode(), headers=named)


async def get(path, public_id, method="GET", **headers):
    return await wanting(path, public_id, method, **headers).through(Entry())


@pytest.mark.parametrize(
    ("kind", "data", "mime"),
    [
        (Kind.IMAGE, picture("PNG"), "image/png"),
        (Kind.IMAGE, picture("JPEG"), "image/jpeg"),
        (Kind.IMAGE, picture("WEBP"), "image/webp"),
        (Kind.IMAGE, picture("GIF"), "image/gif"),
        (Kind.VIDEO, film(), "video/mp4"),
    ],
)
async def test_a_file_is_served_whole(kind, data, mime):
    asset = await save(data, kind)
    answer = await get(links.PATHS[kind], asset.public_id)
    assert (answer.status, answer.content) == (200, data)
    modified = http_date(int(asset.created_at.timestamp()))
    request_id = answer.answered["x-request-id"]
    assert answer.answered == {
        "content-type": mime,
        "content-length": str(len(data)),
        "accept-ranges": "bytes",
        "etag": f'"{asset.sha256[:32]}"',
        "last-modified": modified,
        "cache-control": PUBLIC,
        "x-content-type-options": "nosniff",
        "content-disposition": "inline",
        "x-request-id": request_id,
        "access-control-allow-origin": "*",
        "access-control-expose-headers": answer.answered[
            "access-control-expose-headers"
        ],
    }
    assert "content-range" in answer.answered["access-control-expose-headers"]


async def test_no_key_is_needed_from_anywhere():
    asset = await save(film())
    asking = wanting(VIDEO, asset.public_id)
    asking.client = ("8.8.8.8", 1)
    with config.override({"app.api_key": "a-key-that-is-not-sent"}):
        await asking.through(Entry())
    assert asking.status == 200


async def test_a_large_file_is_sent_in_chunks():
    data = padded_film(3 * MIB + 17)
    asset = await save(data)
    answer = await get(VIDEO, asset.public_id)
    assert answer.content == data
    bodies = answer.messages[1:]
    assert max(len(message["body"]) for message in bodies) == CHUNK_BYTES
    assert [message["more_body"] for message in bodies][-2:] == [True, False]


async def test_head_tells_all_but_the_bytes():
    data = film()
    asset = await save(data)
    whole = await get(VIDEO, asset.public_id)
    head = await get(VIDEO, asset.public_id, "HEAD", range="bytes=0-1")
    assert (head.status, head.content) == (200, b"")
    skipped = {"x-request-id"}
    for name in whole.answered.keys() - skipped:
        assert head.answered[name] == whole.answered[name]


@pytest.mark.parametrize(
    ("header", "status", "start", "end", "told"),
    [
        ("bytes=0-9", 206, 0, 10, "bytes 0-9/1000000"),
        ("bytes=999990-", 206, 999_990, 1_000_000, "bytes 999990-999999/1000000"),
        ("bytes=-10", 206, 999_990, 1_000_000, "bytes 999990-999999/1000000"),
        ("bytes=5-2000000", 206, 5, 1_000_000, "bytes 5-999999/1000000"),
        ("bytes=1000000-", 416, 0, 0, "bytes */1000000"),
        ("bytes=0-1,4-5", 200, 0, 1_000_000, None),
        ("pages=1", 200, 0, 1_000_000, None),
    ],
)
async def test_ranges(header, status, start, end, told):
    data = padded_film(1_000_000)
    asset = await save(data)
    answer = await get(VIDEO, asset.public_id, range=header)
    assert (answer.status, answer.content) == (status, data[start:end])
    assert answer.answered.get("content-range") == told
    assert answer.answered["content-length"] == str(end - start)
    assert answer.answered["accept-ranges"] == "bytes"


async def test_a_range_of_another_version_gives_the_whole():
    asset = await save(film())
    stale = await get(VIDEO, asset.public_id, range="bytes=0-1", if_range='"x"')
    assert stale.status == 200
    etag = stale.answered["etag"]
    fresh = await get(VIDEO, asset.public_id, range="bytes=0-1", if_range=etag)
    assert fresh.status == 206


@pytest.mark.parametrize("header", ["if_none_match", "if_modified_since"])
async def test_what_the_caller_has_is_not_sent_again(header):
    asset = await save(film())
    first = await get(VIDEO, asset.public_id)
    told = {"if_none_match": "etag", "if_modified_since": "last-modified"}[header]
    again = await get(VIDEO, asset.public_id, **{header: first.answered[told]})
    assert (again.status, again.content) == (304, b"")
    assert again.answered["etag"] == first.answered["etag"]
    assert again.answered["cache-control"] == PUBLIC
    assert "content-type" not in again.answered
    assert "content-length" not in again.answered


@pytest.mark.parametrize("path", [IMAGE, VIDEO])
@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"id=",
        b"id=../../secret_key",
        b"id=..%2f..%2fsecret_key",
        b"id=%2e%2e/0123456789abcdef",
        b"id=0123456789abcde",
        b"id=0123456789abcdef0123456789abcdef01234",
        b"id=0123456789ABCDEF0123456789ABCDEF",
        b"id=0123456789abcdef.png",
        b"id=0123456789abcdef%00",
        b"id=0123456789abcdef%0a",
        b"id=video_0123456789abcdef",
        b"name=0123456789abcdef0123456789abcdef",
        b"&".join(b"a=1" for _ in range(50)),
    ],
)
async def test_a_missing_or_malformed_id_is_refused(path, query):
    asking = await Exchange("GET", path, query=query).through(Entry())
    assert envelope(asking) == (400, "invalid_value")
    assert asking.json["error"]["param"] == "id"


@pytest.mark.parametrize("path", [IMAGE, VIDEO])
@pytest.mark.parametrize("public_id", [UNKNOWN, "a" * 16, "-" * 36])
async def test_an_unknown_id_is_not_found(path, public_id):
    assert envelope(await get(path, public_id)) == (404, "file_not_found")
    head = await get(path, public_id, "HEAD")
    assert (head.status, head.content) == (404, b"")


async def test_a_kind_does_not_serve_the_other():
    asset = await save(film())
    assert (await get(IMAGE, asset.public_id)).status == 404


async def test_a_format_that_is_not_served_is_not_found():
    asset = await save(film())
    await Asset.objects.filter(pk=asset.pk).aupdate(mime="video/webm")
    assert (await get(VIDEO, asset.public_id)).status == 404


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_other_methods_are_told_the_right_ones(method):
    asking = await get(IMAGE, UNKNOWN, method)
    assert envelope(asking) == (405, "method_not_allowed")
    assert set(asking.answered["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_lost_file_is_not_found_and_its_row_goes(files, method):
    lost, other = await save(film()), await save(film())
    (files / lost.name).unlink()
    assert (await get(VIDEO, lost.public_id, method)).status == 404
    await asyncio.wrap_future(threads.pools().index.submit(int))
    assert await store.find(Kind.VIDEO, lost.public_id) is None
    assert (await get(VIDEO, other.public_id, method)).status == 200


async def test_no_row_goes_while_the_folder_itself_is_away(files):
    asset = await save(film())
    (files / "videos").rename(files / "away")
    assert (await get(VIDEO, asset.public_id)).status == 404
    await asyncio.wrap_future(threads.pools().index.submit(int))
    (files / "away").rename(files / "videos")
    assert (await get(VIDEO, asset.public_id)).status == 200


async def test_a_client_that_leaves_stops_the_reading():
    asset = await save(padded_film(8 * MIB))
    asking = wanting(VIDEO, asset.public_id)
    sent = []

    async def send(message):
        sent.append(message)
        if len(sent) == 3:
            asking.left.set()
            await asyncio.sleep(3600)

    await Entry()(asking.scope, asking.receive, send)
    assert len(sent) == 3
    await asyncio.gather(*(disk_is_idle() for _ in range(4)))
    assert not shelf(Kind.VIDEO).is_read(asset.name)


async def disk_is_idle():
    await asyncio.wrap_future(threads.pools().disk.submit(int))


async def test_a_slow_client_is_waited_for():
    asset = await save(padded_film(8 * MIB))
    asking = wanting(VIDEO, asset.public_id)
    reads = []
    plenty = asyncio.Event()

    async def send(message):
        asking.messages.append(message)
        if len(asking.messages) == 2:
            await disk_is_idle()
            reads.append(threads.pools().disk._work_queue.qsize())
            plenty.set()

    await Entry()(asking.scope, asking.receive, send)
    assert plenty.is_set()
    assert reads == [0]
    assert len(asking.content) == 8 * MIB


async def test_a_file_that_is_served_is_seen_as_read():
    asset = await save(padded_film(MIB))
    asking = wanting(VIDEO, asset.public_id)
    seen = []

    async def send(message):
        seen.append(shelf(Kind.VIDEO).is_read(asset.name))

    await Entry()(asking.scope, asking.receive, send)
    assert set(seen) == {True}


async def test_a_server_may_send_a_whole_local_file_by_itself(files):
    asset = await save(padded_film(MIB))
    scope = wanting(VIDEO, asset.public_id).scope
    scope["extensions"] = {"http.response.pathsend": {}}
    asking = Exchange("GET", VIDEO)
    await Entry()(scope, asking.receive, asking.send)
    path = str(files / asset.name)
    assert asking.messages[1:] == [{"type": "http.response.pathsend", "path": path}]


async def test_a_proxy_may_send_local_files_by_itself(files, settings, kept):
    settings.MEDIA_ACCEL_PREFIX = "kept"
    asset = await save(film())
    exchange = await get(VIDEO, asset.public_id, range="bytes=0-3")
    assert (exchange.status, exchange.content) == (200, b"")
    told = exchange.answered
    assert told["x-accel-redirect"] == f"/kept/videos/{asset.public_id}.mp4"
    assert (told["content-type"], told["cache-control"]) == ("video/mp4", PUBLIC)
    assert kept.rows == [(serving.ACCESSES, asset.pk)]
    (files / asset.name).unlink()
    assert (await get(VIDEO, asset.public_id)).status == 404


async def test_an_access_is_noted_at_most_hourly(kept):
    asset = await save(film())
    await get(VIDEO, asset.public_id)
    assert kept.rows == [(serving.ACCESSES, asset.pk)]
    await asyncio.to_thread(threads.closing, serving.ACCESSES.write, [asset.pk])
    await asset.arefresh_from_db()
    assert asset.last_access_at
    assert timezone.now() - asset.last_access_at < timedelta(minutes=1)
    await get(VIDEO, asset.public_id)
    assert len(kept.rows) == 1
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    await Asset.objects.filter(pk=asset.pk).aupdate(last_access_at=long_ago)
    await get(VIDEO, asset.public_id)
    assert len(kept.rows) == 2


class TestSigned:
    @pytest.fixture(autouse=True)
    def on(self, configured):
        configured(signed_links=True)

    async def get(self, link, changed=""):
        query = urlsplit(link).query + changed
        return await Exchange("GET", VIDEO, query=query.encode()).through(Entry())

    async def test_a_signed_link_opens_the_file(self):
        asset = await save(film())
        answer = await self.get(links.link(Kind.VIDEO, asset.public_id))
        assert answer.status == 200
        caching = answer.answered["cache-control"]
        assert caching.startswith("private, max-age=")
        assert caching.endswith(", immutable")

    async def test_a_bare_or_changed_or_old_link_does_not(self):
        asset = await save(film())
        signed = links.link(Kind.VIDEO, asset.public_id)
        old = links.link(Kind.VIDEO, asset.public_id, now=1_000_000_000)
        bare = f"/v1/files/video?id={asset.public_id}"
        for answer in (
            await self.get(bare),
            await self.get(signed, "0"),
            await self.get(old),
        ):
            assert envelope(answer) == (404, "file_not_found")


async def test_another_app_can_serve_a_file_as_an_attachment():
    asset = await save(film())
    disposition = 'attachment; filename="video_1.mp4"'
    answer = await serving.of(asset, Conditions(), disposition)
    headers = dict(answer.headers)
    assert headers["content-disposition"] == disposition
    assert headers["cache-control"] == "private, no-cache"
    assert b"".join([chunk async for chunk in answer.chunks()]) == await store.read(
        asset
    )
    answer.close()


class TestElsewhere:
    @pytest.fixture(autouse=True)
    def bucket(self, elsewhere, settings, tmp_path):
        settings.DATA_DIR = tmp_path

    async def test_files_are_served_from_any_storage(self):
        data = padded_film(MIB)
        asset = await save(data)
        assert (await get(VIDEO, asset.public_id)).content == data
        part = await get(VIDEO, asset.public_id, range="bytes=-100000")
        assert (part.status, part.content) == (206, data[-100_000:])
        assert (await get(VIDEO, asset.public_id, "HEAD")).status == 200
