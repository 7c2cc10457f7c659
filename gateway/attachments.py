"""A request's attachments, fetched and checked once before any account is asked.

What a caller names is fetched without any account's login, and only from the open
internet (see `gateway.upstream.fetch`).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial

from gateway import kept_links
from gateway.conversation import data_uris, file_types
from gateway.conversation.file_types import SNIFFED_BYTES, Unreadable
from gateway.conversation.requests import Attachment, Conversation
from gateway.conversation.slices import joined, slices
from gateway.errors import GatewayError, Kind
from gateway.upstream import errands, fetch
from gateway.upstream.assets import File
from gateway.upstream.limits import Settings
from gateway.upstream.together import together

__all__ = ["File", "gather", "obtain"]

MIB = 1024 * 1024
AT_ONCE = 4
IN_THREAD_SIZE = 64 * 1024


async def gather(conversation: Conversation, settings: Settings) -> tuple[File, ...]:
    """Raises GatewayError: an unreadable one is 400, too much of them 413."""
    wanted = conversation.attachments(settings.number("limits.attachments"))
    return await obtain(wanted, settings)


async def obtain(wanted: Sequence[Attachment], settings: Settings) -> tuple[File, ...]:
    """As many as are wanted, in their order. Raises GatewayError as `gather` does."""
    if not wanted:
        return ()
    room = Room(settings)

    async def one(attachment: Attachment) -> File:
        return await obtained(attachment, room.of_file(attachment.path), settings)

    return tuple(await together(one, wanted, AT_ONCE))


class Room:
    """How many bytes one request's attachments may still bring."""

    def __init__(self, settings: Settings) -> None:
        self._file_mb = settings.number("limits.file_mb")
        self._all_mb = settings.number("limits.attachments_mb")
        self._left = self._all_mb * MIB

    def of_file(self, path: str) -> Callable[[int], None]:
        """What takes the room of one file, some bytes at a time."""
        left = self._file_mb * MIB

        def take(size_bytes: int) -> None:
            nonlocal left
            left -= size_bytes
            self._left -= size_bytes
            if left < 0:
                raise too_large(path, f"a file may have {self._file_mb} MiB")
            if self._left < 0:
                told = f"attachments may have {self._all_mb} MiB together"
                raise too_large(path, told)

        return take


async def obtained(
    attachment: Attachment, take: Callable[[int], None], settings: Settings
) -> File:
    try:
        if data_uris.is_data_uri(attachment.source):
            return await unpacked(attachment, take)
        return await fetched(attachment, take, settings)
    except (Unreadable, fetch.Refused) as exc:
        told = f"{attachment.path}: {exc}".removeprefix(": ")
        path = attachment.path or None
        raise GatewayError(Kind.INVALID_ATTACHMENT, told, param=path) from exc


async def unpacked(attachment: Attachment, take: Callable[[int], None]) -> File:
    if len(attachment.source) > IN_THREAD_SIZE:
        uri = await asyncio.to_thread(data_uris.parse, attachment.source)
    else:
        uri = data_uris.parse(attachment.source)
    take(uri.size_bytes)
    name = file_types.clean_name(attachment.name)
    media_type = file_types.settled(uri.media_type, name, attachment.kind, uri.start)
    return File(name or file_types.default_name(media_type), media_type, uri.content)


async def fetched(
    attachment: Attachment, take: Callable[[int], None], settings: Settings
) -> File:
    """From the open internet, or from our own shelf if it is a link of ours."""
    kept = await kept_links.read(attachment.source, take)
    if kept is not None:
        return await packed(attachment, kept, "", "")
    way = partial(errands.dial, settings=settings)
    found = await fetch.fetch(attachment.source, take, way)
    if not found.body:
        raise Unreadable("holds no data")
    return await packed(attachment, found.body, found.media_type, found.name)


async def packed(attachment: Attachment, body: bytes, claim: str, called: str) -> File:
    name = file_types.clean_name(attachment.name or called)
    start = body[:SNIFFED_BYTES]
    media_type = file_types.settled(claim, name, attachment.kind, start)
    if len(body) > IN_THREAD_SIZE:
        content = await asyncio.to_thread(encoded, body)
    else:
        content = encoded(body)
    return File(name or file_types.default_name(media_type), media_type, content)


def encoded(body: bytes) -> bytes:
    return joined(b64encode(body[part]) for part in slices(0, len(body)))


def too_large(path: str, told: str) -> GatewayError:
    told = f"{path}: is too large, {told}".removeprefix(": ")
    return GatewayError(Kind.TOO_LARGE, told, param=path or None)
