"""One keep-alive connection of the load generator: raw bytes, no parser.

Ends are found by looking at the last bytes only, so that one core can take far
more tokens than it could decode.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import cast

LAST_CHUNK = b"0\r\n\r\n"
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class Broken(Exception):
    """The connection ended, or the reply was not a 200."""


@dataclass(slots=True)
class Reply:
    """Times are of the monotonic clock; `raw` is kept only for verification."""

    sent_at: float
    keep: bool
    marker: re.Pattern[bytes]
    every_token: bool
    first_at: float = 0.0
    done_at: float = 0.0
    arrivals: list[float] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reply: Reply | None = None
        self.done: asyncio.Future[None] | None = None
        self.tail = b""
        self.head = b""
        self.missing: int | None = None  # body bytes still to come; None: chunked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP transports write; those of uvloop do not inherit from asyncio's class.
        self.transport = cast(asyncio.Transport, transport)

    async def exchange(self, request: bytes, reply: Reply) -> None:
        """Sends the request and fills the reply. Raises Broken."""
        if self.transport is None or self.transport.is_closing():
            raise Broken("closed before the request")
        self.head = self.tail = b""
        self.missing = None
        self.reply = reply
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self.done

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        reply = self.reply
        if reply is None:
            return
        if reply.keep:
            reply.raw.append(data)
        self.note_text(reply, data, now)
        ended = self.body_ended(data) if self.tail else self.head_ended(data)
        if ended and self.done is not None and not self.done.done():
            reply.done_at = now
            self.reply = None
            self.done.set_result(None)

    def note_text(self, reply: Reply, data: bytes, now: float) -> None:
        if reply.every_token:
            reply.arrivals.extend([now] * len(reply.marker.findall(data)))
            if reply.arrivals and not reply.first_at:
                reply.first_at = now
        elif not reply.first_at and reply.marker.search(data):
            reply.first_at = now

    def head_ended(self, data: bytes) -> bool:
        """Collects the head; True if the whole reply was in this read."""
        self.head += data
        head, found, body = self.head.partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 200 " not in head[:15]:
            self.fail(f"{head[9:12].decode(errors='replace')} {body[:200]!r}")
            return False
        self.tail = b"\r\n"
        if length := LENGTH.search(head):
            self.missing = int(length[1])
        return self.body_ended(body)

    def body_ended(self, data: bytes) -> bool:
        if self.missing is not None:
            self.missing -= len(data)
            return self.missing <= 0
        self.tail = data[-8:] if len(data) >= 8 else (self.tail + data)[-8:]
        return self.tail.endswith(LAST_CHUNK)

    def fail(self, reason: str) -> None:
        self.reply = None
        if self.done is not None and not self.done.done():
            self.done.set_exception(Broken(reason))
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(f"connection lost: {exc or 'closed by the server'}")
