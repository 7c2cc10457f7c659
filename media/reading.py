"""A kept file on its way out, read in chunks at the pace of whoever takes them.

What the kernel has in memory is read at once, which costs less than a thread would;
what must come from a disk or another host is read in one. Memory holds two chunks for
each reader, whatever the size of the file.
"""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from io import FileIO
from typing import BinaryIO

from media import threads
from media.errors import UnknownFile

CHUNK_BYTES = 256 * 1024
NOWAIT = getattr(os, "RWF_NOWAIT", 0)  # of Linux


class Reading:
    """An open file; whoever has it closes it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer = bytearray()
        if NOWAIT and isinstance(file, FileIO):
            self._buffer = bytearray(CHUNK_BYTES)
        self._latest: Future[bytes] | None = None

    async def chunks(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Exactly `length` bytes; raises UnknownFile if the file has become shorter."""
        end = start + length
        while start < end:
            size = min(CHUNK_BYTES, end - start)
            data = self._at_once(start, size)
            if data:
                await asyncio.sleep(0)  # a fast client must not have the loop alone
            else:
                data = await self._in_thread(start, size)
            if not data:
                raise UnknownFile
            start += len(data)
            yield data

    def _at_once(self, start: int, size: int) -> bytes:
        """What can be had without waiting; nothing where that is not known."""
        if not self._buffer:
            return b""
        view = memoryview(self._buffer)[:size]
        try:
            count = os.preadv(self._file.fileno(), [view], start, NOWAIT)
        except OSError as exc:
            if exc.errno != errno.EAGAIN:  # not offered by this file system
                self._buffer = bytearray()
            return b""
        return bytes(view[:count])

    async def _in_thread(self, start: int, size: int) -> bytes:
        self._latest = threads.pools().disk.submit(self._read, start, size)
        return await asyncio.wrap_future(self._latest)

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)

    def close(self) -> None:
        """At once, or as soon as a read under way is done."""
        if self._latest is None:
            self._file.close()
        else:
            self._latest.add_done_callback(lambda _read: self._file.close())
