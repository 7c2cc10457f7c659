"""What other apps ask of media: keep bytes, find them, read them, let them go.

The functions are for the event loop; what they do happens in threads of media's own.

    async with store.incoming(Kind.VIDEO) as file:
        async for chunk in download:
            await file.write(chunk)
        asset = await file.keep(Origin(Source.VIDEO_JOB, account=..., prompt=...))
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager

from media import index, threads, truth
from media.errors import UnknownFile
from media.incoming import MIB, Incoming, Origin, Part
from media.models import Asset, Kind
from media.reading import Reading
from media.shelves import shelf

__all__ = ["LIMITS", "Incoming", "Origin", "delete", "find", "incoming", "open", "read"]

LIMITS = {Kind.IMAGE: 32 * MIB, Kind.VIDEO: 1024 * MIB}


@asynccontextmanager
async def incoming(
    kind: Kind, limit_bytes: int | None = None
) -> AsyncIterator[Incoming]:
    """A file to write to; what was not kept in the block is gone after it.

    Raises DiskLow at once when there is too little space to begin.
    """
    limit = LIMITS[kind] if limit_bytes is None else limit_bytes
    part = await begun(kind)
    try:
        yield Incoming(part, limit)
    finally:
        threads.pools().disk.submit(part.discard)


async def begun(kind: Kind) -> Part:
    """A growing file; one that is begun for a task that has left goes at once."""
    beginning = threads.pools().disk.submit(Part.begun, shelf(kind))
    try:
        return await asyncio.wrap_future(beginning)
    except asyncio.CancelledError:
        beginning.add_done_callback(discard)
        raise


def discard(beginning: "Future[Part]") -> None:
    if not beginning.cancelled() and beginning.exception() is None:
        beginning.result().discard()


async def save_bytes(
    kind: Kind, data: bytes, origin: Origin, *, refuse_repeats: bool = False
) -> Asset:
    """Keep what is in memory already."""
    async with incoming(kind) as file:
        await file.write(data)
        return await file.keep(origin, refuse_repeats=refuse_repeats)


async def vouch(kind: Kind, data: bytes, prompt: str) -> None:
    """Check a result that is handed out but not kept; raises NotMedia, Repeated."""
    await threads.check(truth.vouch, kind, data, prompt)


async def find(kind: Kind, public_id: str) -> Asset | None:
    return await threads.disk(found, kind, public_id)


def found(kind: Kind, public_id: str) -> Asset | None:
    rows = Asset.objects.filter(kind=kind, public_id=public_id, removed_at=None)
    return rows.first()


@asynccontextmanager
async def open(asset: Asset) -> AsyncIterator[Reading]:
    """Raises UnknownFile when the file is gone."""
    try:
        file = await threads.disk(shelf(Kind(asset.kind)).open, asset.name)
    except FileNotFoundError as exc:
        raise UnknownFile from exc
    reading = Reading(file)
    try:
        yield reading
    finally:
        reading.close()


async def read(asset: Asset) -> bytes:
    """The whole file in memory; for images only, which are small."""
    async with open(asset) as reading:
        return b"".join([chunk async for chunk in reading.chunks(0, asset.size)])


async def delete(asset: Asset) -> bool:
    """Whether it was still there. Other assets of equal bytes keep the file."""
    target = shelf(Kind(asset.kind))
    return await threads.index(index.remove, target, [asset.pk]) == 1
