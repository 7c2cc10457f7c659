"""One HTTP/1.1 connection: bytes out, one parsed response in, with flow control.

Knows nothing of pools, retries or what the bodies mean. Not safe across event loops.
"""

import asyncio
from typing import Protocol, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

HIGH_WATER_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
JOINED_WRITE_BYTES = 64 * 1024
LINGER_BYTES = 256 * 1024
LINGER_S = 0.05
FIRST_FINAL_STATUS = 200
FRAMING_HEADERS = frozenset({b"content-length", b"transfer-encoding"})


class Home(Protocol):
    """Where a connection goes when its response has been read, or when it is lost."""

    def release(self, connection: "Connection") -> None: ...

    def forget(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; `parts` is the body that waits to be taken.

    The parser appends to `parts` directly, so many small chunks of one read cost no
    Python call each.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, home: Home, origin: object
    ) -> None:
        self.origin = origin
        self.parts: list[bytes] = []
        self.on_body = self.parts.append
        self.idle_since = 0.0
        self._loop = loop
        self._home = home
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._wait_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._paused = False
        self._forget_exchange()
        self.busy = False

    def _forget_exchange(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.failure: httpx.TransportError | None = None
        self.received = False  # any byte of a response
        self.head_done = False
        self.done = False
        self.reusable = False
        self._head_seen = False
        self._framed = False
        self._head_bytes = 0
        self._pending_bytes = 0

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """The exchange is complete both ways and another may follow."""
        transport = self._transport
        return (
            self.reusable
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def send(self, head: bytes, body: bytes) -> None:
        self._forget_exchange()
        self.busy = True
        transport = self._transport
        if transport is None:
            self.failure = httpx.WriteError("connection lost before the request")
        elif len(body) < JOINED_WRITE_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)

    def wait(self, until: float) -> asyncio.Future[None]:
        """Done when there is something to look at: head, body, end or failure.

        `until` is on the loop's clock; when it passes, `failure` is ReadTimeout. The
        timer stays armed over many waits and looks at the current one when it fires.
        """
        self._wait_until = until
        timer = self._timer
        if timer is None or timer.when() > until:
            if timer is not None:
                timer.cancel()
            self._timer = self._loop.call_at(until, self._check_time)
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def take(self) -> bytes:
        """All of the body that waits, as one piece."""
        parts = self.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._pending_bytes = 0
        if self._paused:
            self.resume()
        return data

    def resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def rest(self, now: float) -> None:
        """Wait in the pool, still noticing when the other side hangs up."""
        self.busy = False
        self.idle_since = now
        self.headers = []
        self.resume()

    def linger(self) -> None:
        """Read a little further with nobody waiting, to end the exchange cleanly."""
        self.parts.clear()
        self._pending_bytes = 0
        self._linger = self._loop.call_later(LINGER_S, self.abort)
        self.resume()

    def fail(self, failure: httpx.TransportError) -> None:
        """Give up: what was read and not taken is lost."""
        self.failure = failure
        self.parts.clear()
        self.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._stop_timers()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's derive not

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if not self.busy or parser is None:
            self.abort()
            return
        self.received = True
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._refuse("malformed response")
        self._pending_bytes += len(data)
        if self._linger is not None:
            self._pass_over()
        elif not self.head_done:
            self._check_head()
        elif self._waiter is None:
            self._check_flow()
        elif self.parts or self.done or not self._head_seen:
            self._wake()

    def eof_received(self) -> None:
        """Half-closed connections are of no use: let it close."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.busy and not self.done and self.failure is None:
            if exc is None and self.head_done and not self._framed:
                self.done = True
            elif exc is None:
                self.failure = httpx.RemoteProtocolError("closed before the end")
            else:
                self.failure = httpx.ReadError("connection reset")
        self.reusable = False
        self._parser = None
        self._stop_timers()
        self._wake()
        self._home.forget(self)

    def on_message_begin(self) -> None:
        if self.done:
            raise ValueError("a response nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head_done:
            return
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("response head too large")
        self.headers.append((name, value))
        if name.lower() in FRAMING_HEADERS:
            self._framed = True

    def on_headers_complete(self) -> None:
        assert self._parser is not None  # noqa: S101 - the parser is calling
        self.status = self._parser.get_status_code()
        self.head_done = self.status >= FIRST_FINAL_STATUS

    def on_message_complete(self) -> None:
        if not self.head_done:
            self.headers = []
            self._framed = False
            return
        assert self._parser is not None  # noqa: S101 - the parser is calling
        self.done = True
        self.reusable = self._parser.should_keep_alive()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        self._head_seen = self.head_done
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _refuse(self, why: str) -> None:
        self.reusable = False
        if not self.done and self.failure is None:
            self.failure = httpx.RemoteProtocolError(why)
        self.abort()
        self._wake()

    def _pass_over(self) -> None:
        self.parts.clear()
        if self.done:
            self._stop_timers()
            self._home.release(self)
        elif self._pending_bytes > LINGER_BYTES:
            self.abort()

    def _check_head(self) -> None:
        if self._pending_bytes > MAX_HEAD_BYTES:
            self._refuse("response head too large")

    def _check_flow(self) -> None:
        full = self._pending_bytes > HIGH_WATER_BYTES and not self.done
        if full and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _check_time(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._wait_until:
            self._timer = self._loop.call_at(self._wait_until, self._check_time)
            return
        self.fail(httpx.ReadTimeout("upstream was silent for too long"))
        self._wake()

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._linger):
            if timer is not None:
                timer.cancel()
        self._timer = self._linger = None
