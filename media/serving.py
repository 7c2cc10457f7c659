"""Answers to requests for kept files, in neutral form: status, headers, chunks.

Knows HTTP, but no framework and no server; whoever sends it closes it.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote

from django.conf import settings
from django.utils.http import http_date

from grokgateway import config
from grokgateway.jobs import outbox
from media import formats, index, links, ranges, threads
from media.errors import BadId, UnknownFile
from media.models import Asset, Kind
from media.ranges import Conditions, Share, Version
from media.reading import CHUNK_BYTES, Reading
from media.shelves import Shelf, shelf

YEAR_S = 31_536_000
MOST_FIELDS = 16
ACCESSES = outbox.Sink("media accesses", index.note_accesses)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """`path` is set where a server may as well send the whole file by itself."""

    status: int
    headers: Headers
    reading: Reading | None = None
    start: int = 0
    length: int = 0
    path: Path | None = None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body, `length` bytes in all; nothing is read ahead of need but one."""
        if self.reading is not None:
            async with aclosing(self.reading.chunks(self.start, self.length)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def close(self) -> None:
        if self.reading is not None:
            self.reading.close()


async def answer(kind: Kind, query: str, asked: Conditions) -> Serving:
    """What `/v1/files/*` says to a query string; raises BadId, UnknownFile."""
    public_id, caching = admitted(kind, query)
    return await threads.disk(prepared, kind, public_id, asked, caching)


def admitted(kind: Kind, query: str) -> tuple[str, str]:
    """The id that a link opens, and how long it may be kept; raises as `answer`."""
    fields = fields_of(query)
    public_id = fields.get("id", "")
    if not formats.PUBLIC_ID.fullmatch(public_id):
        raise BadId
    caching = f"public, max-age={YEAR_S}, immutable"
    if config.current().flag("cache.local.signed_links"):
        left = links.seconds_left(
            kind, public_id, fields.get("expires", ""), fields.get("signature", "")
        )
        if not left:
            raise UnknownFile
        caching = f"private, max-age={left}, immutable"
    return public_id, caching


async def of(asset: Asset, asked: Conditions, disposition: str = "inline") -> Serving:
    """The same for a file that its owner asks for; raises UnknownFile."""
    kind = Kind(asset.kind)
    return await threads.disk(opened, shelf(kind), asset, asked, PRIVATE, disposition)


PRIVATE = "private, no-cache"


def fields_of(query: str) -> Mapping[str, str]:
    """The first value of each field; a query of too many is as good as empty."""
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def prepared(kind: Kind, public_id: str, asked: Conditions, caching: str) -> Serving:
    asset = Asset.objects.filter(kind=kind, public_id=public_id).first()
    if asset is None or asset.mime not in formats.SERVED:
        raise UnknownFile
    return opened(shelf(kind), asset, asked, caching)


def opened(
    source: Shelf,
    asset: Asset,
    asked: Conditions,
    caching: str,
    disposition: str = "inline",
) -> Serving:
    """Open what is needed of it; a row whose file is lost goes too."""
    if asset.removed_at is not None:
        raise UnknownFile
    version = version_of(asset)
    share = ranges.share_of(version, asked)
    if settings.MEDIA_ACCEL_PREFIX and source.folder and share.status != 304:
        if not source.has(asset.name):
            raise lost(source, asset)
        note_access(asset)
        return Serving(200, accelerated(asset, caching, disposition))
    headers = headers_of(asset, version, share, caching, disposition)
    try:
        serving = body_of(source, asset, share, headers, asked.method)
    except FileNotFoundError:
        raise lost(source, asset) from None
    note_access(asset)
    return serving


def lost(source: Shelf, asset: Asset) -> UnknownFile:
    """What to say of a row without its file; the row goes, too."""
    threads.pools().index.submit(threads.closing, index.forget, source, [asset.pk])
    return UnknownFile()


def note_access(asset: Asset) -> None:
    if index.is_access_due(asset):
        outbox.current().put(ACCESSES, asset.pk)


def accelerated(asset: Asset, caching: str, disposition: str) -> Headers:
    """For a proxy that sends the file itself, with ranges and tags of its own."""
    return (
        ("x-accel-redirect", f"/{settings.MEDIA_ACCEL_PREFIX}/{quote(asset.name)}"),
        ("content-type", asset.mime),
        ("content-disposition", disposition),
        ("cache-control", caching),
        ("x-content-type-options", "nosniff"),
        ("content-length", "0"),
    )


def body_of(
    source: Shelf, asset: Asset, share: Share, headers: Headers, method: str
) -> Serving:
    if method == "HEAD" or not share.length:
        if share.status != 304 and not source.has(asset.name):
            raise FileNotFoundError(asset.name)
        return Serving(share.status, headers)
    reading = Reading(source.open(asset.name))
    large = share.length > CHUNK_BYTES  # a small file is quicker sent from here
    whole = source.path(asset.name) if large and share.status == 200 else None
    return Serving(share.status, headers, reading, share.start, share.length, whole)


def version_of(asset: Asset) -> Version:
    modified_s = int(asset.created_at.timestamp())
    mark = asset.sha256[:32] or f"{asset.size:x}-{modified_s:x}"
    return Version(asset.size, f'"{mark}"', modified_s)


def headers_of(
    asset: Asset, version: Version, share: Share, caching: str, disposition: str
) -> Headers:
    headers = [
        ("accept-ranges", "bytes"),
        ("etag", version.etag),
        ("last-modified", http_date(version.modified_s)),
        ("cache-control", caching),
        ("x-content-type-options", "nosniff"),
    ]
    if share.status != 304:
        headers.append(("content-length", str(share.length)))
    if share.status in {200, 206}:
        headers.append(("content-type", asset.mime))
        headers.append(("content-disposition", disposition))
    if share.status == 206:
        last = share.start + share.length - 1
        covered = f"bytes {share.start}-{last}/{version.size}"
        headers.append(("content-range", covered))
    elif share.status == 416:
        headers.append(("content-range", f"bytes */{version.size}"))
    return tuple(headers)
