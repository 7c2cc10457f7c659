"""A kept file on its way out: read in chunks off the event loop, one ahead.

Memory holds two chunks for each reader, whatever the size of the file.
"""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from typing import BinaryIO

from media import threads
from media.errors import UnknownFile

CHUNK_BYTES = 512 * 1024


class Reading:
    """An open file; whoever has it closes it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._latest: Future[bytes] | None = None

    async def chunks(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Exactly `length` bytes; raises UnknownFile if the file has become shorter."""
        end = start + length
        ahead = self._read(start, end)
        while start < end:
            data = await asyncio.wrap_future(ahead)
            if not data:
                raise UnknownFile
            start += len(data)
            if start < end:
                ahead = self._read(start, end)
            yield data

    def _read(self, start: int, end: int) -> "Future[bytes]":
        size = min(CHUNK_BYTES, end - start)
        self._latest = threads.pools().disk.submit(self._read_at, start, size)
        return self._latest

    def _read_at(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)

    def close(self) -> None:
        """At once, or as soon as a read under way is done."""
        if self._latest is None:
            self._file.close()
        else:
            self._latest.add_done_callback(lambda _read: self._file.close())
