"""What making pictures gives, whichever way upstream makes them, and how to read it."""

import asyncio
import binascii
from base64 import b64decode
from dataclasses import dataclass

from gateway.conversation.slices import joined, slices
from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream.downloads import IMAGE_BYTES

IN_THREAD_CHARS = 64 * 1024
BLOB_CHARS = IMAGE_BYTES // 3 * 4 + 4


@dataclass(frozen=True, slots=True)
class Progress:
    """Of all that was asked for; it only rises."""

    percent: int


@dataclass(frozen=True, slots=True)
class Step:
    """Of one picture; told only where it was asked for."""

    slot: int
    percent: int


@dataclass(frozen=True, slots=True)
class Preview:
    data: bytes
    slot: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Finished. `url` is absolute; `data` is there if the wire delivered it.

    One of the two may be missing, never both.
    """

    url: str
    data: bytes | None
    slot: int
    r_rated: bool = False


@dataclass(frozen=True, slots=True)
class Moderated:
    """Upstream made the picture of this slot and withholds it."""

    slot: int


Event = Progress | Step | Preview | Picture | Moderated


class Rising:
    """Percentages of several parts as one that never falls."""

    def __init__(self) -> None:
        self._told = 0

    def to(self, percent: int) -> list[Progress]:
        if percent <= self._told:
            return []
        self._told = min(percent, 100)
        return [Progress(self._told)]


async def decoded(blob: str) -> bytes | None:
    """The bytes of a picture; None if there are none, or more than we take."""
    if blob.startswith("data:"):
        blob = blob.partition(",")[2]
    if not blob or len(blob) > BLOB_CHARS:
        return None
    if len(blob) > IN_THREAD_CHARS:
        return await asyncio.to_thread(decode_blob, blob)
    return decode_blob(blob)


def decode_blob(blob: str) -> bytes | None:
    try:
        return joined(b64decode(blob[part]) for part in slices(0, len(blob))) or None
    except (binascii.Error, ValueError):
        return None


def all_moderated() -> UpstreamFailure:
    return UpstreamFailure(
        Kind.CONTENT_POLICY,
        "Upstream withheld every result under its content policy.",
        fault=UpstreamFault.POLICY,
    )


def nothing_made() -> UpstreamFailure:
    return UpstreamFailure(
        Kind.UPSTREAM_ERROR,
        "Upstream ended without a result.",
        fault=UpstreamFault.EMPTY,
    )
