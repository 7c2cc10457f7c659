"""HTTP/1.1 for httpx's transport seam, made for many small streamed replies.

Keeps connections per origin, most recently used first. No cookies, no redirects, no
proxies, no decoding. Request bodies are held in memory whole; why we do not use httpx's
own transport stands in docs/decisions/0003-upstream-transport.md.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import httpx

from gateway.upstream.wire import Connection

IDLE_S = 60.0
MAX_IDLE = 256
DEFAULT_CONNECT_S = 10.0
DEFAULT_READ_S = 60.0

Origin = tuple[bytes, bytes, int | None]
# What opens a connection: `(make, name, port, tls)`. Raises OSError.
Dial = Callable[
    [Callable[[], Connection], str, int, ssl.SSLContext | None], Awaitable[Connection]
]


class Body(httpx.AsyncByteStream):
    """A response body: one piece per read, everything that has come by then.

    Reading to the end gives the connection back; closing before that cuts it at once.
    """

    def __init__(
        self, connection: Connection, home: "Transport", idle_s: float, until: float
    ) -> None:
        self._connection: Connection | None = connection
        self._home = home
        self._loop = asyncio.get_running_loop()
        self._idle_s = idle_s
        self._until = until

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        connection = self._connection
        if connection is None:
            raise StopAsyncIteration
        while not (connection.parts or connection.done or connection.failure):
            until = self._loop.time() + self._idle_s
            await connection.wait(min(until, self._until))
        if not connection.done and self._loop.time() >= self._until:
            connection.fail(httpx.ReadTimeout("the time for the whole is used up"))
        if connection.parts:
            data = connection.take()
            if connection.done:
                self._give_back(connection)
            return data
        if connection.failure is not None:
            self._connection = None
            connection.abort()
            raise connection.failure
        self._give_back(connection)
        raise StopAsyncIteration

    def _give_back(self, connection: Connection) -> None:
        self._connection = None
        self._home.release(connection)

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.done:
            connection.parts.clear()
            self._home.release(connection)
        else:
            connection.abort()

    def leave(self) -> None:
        """Nobody reads on, but the end is near: keep the connection if it comes."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.done or connection.failure:
            connection.parts.clear()
            self._home.release(connection)
        else:
            connection.linger()


class Transport(httpx.AsyncBaseTransport):
    """Belongs to one event loop.

    Request extensions: httpx's `timeout` (connect, read), and `deadline`, the time of
    the loop's clock after which reading ends with ReadTimeout.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        idle_s: float = IDLE_S,
        max_idle: int = MAX_IDLE,
        dial: Dial | None = None,
    ) -> None:
        self._tls = tls
        self._dial = dial or to_name
        self._idle_s = idle_s
        self._max_idle = max_idle
        self._idle: dict[object, list[Connection]] = {}
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port)
        body = await content(request)
        head = serialise(request)
        loop = asyncio.get_running_loop()
        times: Mapping[str, float | None] = request.extensions.get("timeout", {})
        read_s = times.get("read") or DEFAULT_READ_S
        deadline: float = request.extensions.get("deadline", float("inf"))
        connection = self._idle_one(origin)
        reused = connection is not None
        while True:
            if connection is None:
                connect_s = times.get("connect") or DEFAULT_CONNECT_S
                connection = await self._connect(origin, connect_s)
            try:
                connection.send(head, body)
                until = min(loop.time() + read_s, deadline)
                while not (connection.head_done or connection.failure):
                    await connection.wait(until)
            except BaseException:
                connection.abort()
                raise
            if connection.head_done:
                return httpx.Response(
                    connection.status,
                    headers=connection.headers,
                    stream=Body(connection, self, read_s, deadline),
                )
            connection.abort()
            if not reused or not stale(connection):
                raise connection.failure or httpx.ReadError("no response")
            connection, reused = None, False

    async def _connect(self, origin: Origin, timeout_s: float) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        secure = scheme == b"https"
        name = host.decode("ascii")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._dial(
                    lambda: Connection(loop, self, origin),
                    name,
                    port or (443 if secure else 80),
                    self._secure() if secure else None,
                )
        except TimeoutError as exc:
            raise httpx.ConnectTimeout("no connection in time") from exc
        except OSError as exc:
            raise httpx.ConnectError("no connection") from exc

    def _secure(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _idle_one(self, origin: Origin) -> Connection | None:
        waiting = self._idle.get(origin)
        while waiting:
            connection = waiting.pop()
            if connection.open:
                return connection
        return None

    def release(self, connection: Connection) -> None:
        if self._retired or not connection.quiet:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        connection.rest(loop.time())
        waiting = self._idle.setdefault(connection.origin, [])
        waiting.append(connection)
        if len(waiting) > self._max_idle:
            waiting.pop(0).abort()
        if self._sweep_timer is None:
            self._sweep_timer = loop.call_later(self._idle_s, self._sweep)

    def forget(self, connection: Connection) -> None:
        waiting = self._idle.get(connection.origin)
        if waiting and connection in waiting:
            waiting.remove(connection)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_s
        for origin, waiting in list(self._idle.items()):
            fresh = [c for c in waiting if c.idle_since > oldest]
            for connection in waiting[: len(waiting) - len(fresh)]:
                connection.abort()
            if fresh:
                self._idle[origin] = fresh
            else:
                del self._idle[origin]
        self._sweep_timer = None
        if self._idle:
            self._sweep_timer = loop.call_later(self._idle_s / 4, self._sweep)

    async def aclose(self) -> None:
        self.retire()

    def retire(self) -> None:
        """Close what is idle now, and what is busy as soon as it is done."""
        self._retired = True
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        for waiting in self._idle.values():
            for connection in tuple(waiting):
                connection.abort()
        self._idle.clear()


async def to_name(
    make: Callable[[], Connection], name: str, port: int, tls: ssl.SSLContext | None
) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        make, name, port, ssl=tls, server_hostname=name if tls else None
    )
    return connection


async def content(request: httpx.Request) -> bytes:
    if isinstance(request.stream, httpx.ByteStream):
        return request.content
    return await request.aread()


def serialise(request: httpx.Request) -> bytes:
    """The request head; refuses line breaks smuggled in through values."""
    headers = request.headers.raw
    target = request.url.raw_path
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), target)]
    lines += [b"%s: %s" % header for header in headers]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(headers) or head.count(b"\r") != len(headers):
        raise httpx.LocalProtocolError("line break in a request header")
    return head + b"\r\n\r\n"


def stale(connection: Connection) -> bool:
    """Whether a kept connection was closed by the other side before it saw us."""
    lost = isinstance(
        connection.failure,
        httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError,
    )
    return lost and not connection.received
