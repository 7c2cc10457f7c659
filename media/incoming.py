"""A file on its way in: written in pieces to a `.part`, checked, then kept.

Memory holds one piece of `PIECE_BYTES` at a time, whatever the size of the file.
"""

import hashlib
import os
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.utils import timezone

from grokgateway import config
from media import formats, index, threads, truth
from media.errors import DiskLow, ErrorPage, NotMedia, Repeated, TooLarge
from media.models import Asset, Source
from media.shelves import Shelf

MIB = 1024 * 1024
PIECE_BYTES = 256 * 1024
LOOK_AT_SPACE_EVERY_BYTES = 16 * MIB


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from; `prompt` is all that the result should depend on.

    `model` and `owner` tell who asked: a public name, the fingerprint of a key or the
    id of a visitor. `batch` is shared by what was made together, `place` is of each.
    `protect_for` keeps eviction away for a while; `expire_in` ends a temporary file.
    """

    source: Source
    account: str = ""
    prompt: str = ""
    model: str = ""
    owner: str = ""
    batch: str = ""
    place: int = 0
    protect_for: timedelta | None = None
    expire_in: timedelta | None = None


@dataclass(slots=True)
class Part:
    """The growing file, used by one thread at a time."""

    shelf: Shelf
    path: Path
    file: BinaryIO
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size: int = 0
    looked_at: int = 0
    # a write cut off by cancellation may still run when the file is discarded
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def begun(cls, shelf: Shelf) -> "Part":
        check_space(shelf)
        path = shelf.new_part()
        return cls(shelf, path, path.open("xb", buffering=0))

    def add(self, piece: bytes) -> None:
        if self.size - self.looked_at >= LOOK_AT_SPACE_EVERY_BYTES:
            check_space(self.shelf)
            self.looked_at = self.size
        with self.lock:
            view = memoryview(piece)
            while view:
                view = view[self.file.write(view) :]
        self.digest.update(piece)
        self.size += len(piece)

    def finish(self) -> None:
        with self.lock:
            os.fsync(self.file.fileno())
            self.file.close()

    def discard(self) -> None:
        """Remove what is left of it; nothing is once it was kept."""
        with self.lock:
            self.file.close()
        self.path.unlink(missing_ok=True)


class Incoming:
    """What `store.incoming` hands out; one task writes to it."""

    def __init__(self, part: Part, limit_bytes: int) -> None:
        self._part = part
        self._shelf = part.shelf
        self._limit_bytes = limit_bytes
        self._piece = bytearray()
        self._facts: truth.Facts | None = None
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        """Raises TooLarge, DiskLow, and ErrorPage as soon as they are certain."""
        if not self.size and formats.is_page(chunk):
            raise ErrorPage
        self.size += len(chunk)
        if self.size > self._limit_bytes:
            raise TooLarge(self._limit_bytes)
        self._piece += chunk
        if len(self._piece) >= PIECE_BYTES:
            await self._flush()

    async def facts(self) -> truth.Facts:
        """Look into the whole file, once all is written; raises NotMedia."""
        if self._facts is None:
            if not self.size:
                raise NotMedia("The file is empty.")
            await self._flush()
            await threads.disk(self._part.finish)
            self._facts = await threads.check(
                truth.examine, self._part.path, self._shelf.kind
            )
        return self._facts

    async def keep(self, origin: Origin, *, refuse_repeats: bool = False) -> Asset:
        """Index it under a new id; raises NotMedia, Repeated."""
        facts = await self.facts()
        return await threads.index(self._keep, facts, origin, refuse_repeats)

    def _keep(self, facts: truth.Facts, origin: Origin, refuse_repeats: bool) -> Asset:
        kind = self._shelf.kind
        if truth.is_repeated(kind, facts, origin.prompt) and refuse_repeats:
            raise Repeated
        public_id = secrets.token_hex(16)
        asset = Asset(
            kind=kind,
            public_id=public_id,
            name=self._shelf.name(public_id, facts.format.suffix),
            mime=facts.format.mime,
            size=self._part.size,
            sha256=self._part.digest.hexdigest(),
            source=origin.source,
            account=origin.account,
            model=origin.model,
            owner=origin.owner,
            batch=origin.batch,
            place=origin.place,
            width=facts.width,
            height=facts.height,
            protected_until=after(origin.protect_for),
            expires_at=after(origin.expire_in),
        )
        index.keep(asset, self._part.path, self._shelf, cap_bytes(kind))
        return asset

    async def _flush(self) -> None:
        piece, self._piece = bytes(self._piece), bytearray()
        await threads.disk(self._part.add, piece)


def after(wait: timedelta | None) -> datetime | None:
    return None if wait is None else timezone.now() + wait


def cap_bytes(kind: str) -> int:
    return config.current().number(f"cache.local.{kind}_max_mb") * MIB


def check_space(shelf: Shelf) -> None:
    """Raise DiskLow where keeping on would eat into the free space to be left."""
    floor = config.current().number("cache.local.min_free_mb") * MIB
    if floor and shelf.free_bytes() < floor:
        raise DiskLow
