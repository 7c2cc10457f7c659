"""httpx's transport seam over curl-cffi, whose TLS and HTTP/2 are those of browsers.

No cookies, no redirects, no decoding, no proxies of the environment. Optional, like
`gateway.upstream.impersonation`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Self

import httpx

from gateway.egress import causes
from gateway.egress.proxies import Proxy
from gateway.upstream import tunnels
from gateway.upstream.failures import ProxyFailure
from gateway.upstream.impersonation import (
    NEVER_REACHED,
    ODD_ANSWER,
    OF_PROXY,
    TIMED_OUT,
    TLS_CODES,
    options,
)
from gateway.upstream.transport import DEFAULT_CONNECT_S, DEFAULT_READ_S, content

try:
    from curl_cffi import AsyncCurl, Curl, CurlError, CurlHttpVersion, CurlInfo, CurlOpt
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

HIGH_WATER_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
IDLE_S = 60.0
PAUSE = 0x10000001  # from a callback: keep what was given, and send no more
GO_ON = 0
ABORT = 0  # fewer bytes than were given
SET_BY_CURL = frozenset({b"host", b"content-length", b"connection"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
BY_REPLY = {  # what a SOCKS proxy said, as curl counts it
    **dict.fromkeys((12, 33), causes.PROXY_AUTH),
    **dict.fromkeys((19, 20, 21, 22, 24), causes.PROXY_NO_ROUTE),
    **dict.fromkeys((1, 2, 13, 14, 15, 16, 31, 32), causes.PROXY_PROTOCOL),
    3: causes.PROXY_RESET,
}


class Exchange(httpx.AsyncByteStream):
    """One request and its response; a body in pieces, at most 64 KiB of it waiting."""

    def __init__(self, home: "Impersonator", read_s: float, until: float) -> None:
        self.curl = Curl()
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended: asyncio.Future[None] | None = None
        self._home = home
        self._read_s = read_s
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._lines: list[bytes] = []
        self._head_bytes = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._paused = False
        self._news = asyncio.Event()
        self._open = True

    def begun(self, ended: "asyncio.Future[None]") -> None:
        self.ended = ended
        ended.add_done_callback(self._noticed)

    def _noticed(self, ended: "asyncio.Future[None]") -> None:
        if not ended.cancelled():
            ended.exception()  # whoever still reads is told; others do not care
        self._news.set()

    def take_line(self, line: bytes) -> int:
        """Of the head; those of informational answers and proxies are passed over."""
        self._head_bytes += len(line)
        if self._head_bytes > MAX_HEAD_BYTES:
            return ABORT
        if line.startswith(b"HTTP/"):
            self._lines = []
        self._lines.append(line.rstrip(b"\r\n"))
        if line in {b"\r\n", b"\n"} and not self.status:
            status = int(self._lines[0].split(b" ", 2)[1])
            if status >= httpx.codes.OK:
                self.status = status
                pairs = (one.partition(b":") for one in self._lines[1:] if one)
                self.headers = [(name, value.strip()) for name, _, value in pairs]
                self._news.set()
        return len(line)

    def take_piece(self, data: bytes) -> int:
        if self._size >= HIGH_WATER_BYTES:
            self._paused = True
            return PAUSE
        self._parts.append(data)
        self._size += len(data)
        self._news.set()
        return len(data)

    async def head(self) -> None:
        """Raises CurlError or httpx.ReadTimeout."""
        while not self.status:
            await self._wait()
            self._check_end()
            if not self.status and self.ended is not None and self.ended.done():
                raise httpx.RemoteProtocolError("an end without a head")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._parts:
            if not self._open:
                raise StopAsyncIteration
            if self.ended is not None and self.ended.done():
                self._finish()
                raise StopAsyncIteration
            await self._wait()
        data = b"".join(self._parts)
        self._parts, self._size = [], 0
        if self._paused:
            self._paused = False
            self.curl.pause(GO_ON)
        return data

    async def aclose(self) -> None:
        self.cut()

    def cut(self) -> None:
        """Over, whether it has ended or not."""
        if self._open:
            self._open = False
            self._home.gone(self)

    def _finish(self) -> None:
        try:
            self._check_end()
        except CurlError as error:
            raise self._home.told(error, self) from error
        finally:
            self.cut()

    def _check_end(self) -> None:
        if self.ended is not None and self.ended.done():
            self.ended.result()

    async def _wait(self) -> None:
        now = self._loop.time()
        self._news.clear()
        if self._parts or (self.ended is not None and self.ended.done()):
            return
        try:
            async with asyncio.timeout_at(min(now + self._read_s, self._until)):
                await self._news.wait()
        except TimeoutError as exc:
            self.cut()
            raise httpx.ReadTimeout("nothing came in time") from exc


class Impersonator(httpx.AsyncBaseTransport):
    """Belongs to one event loop. Idle connections go after a minute.

    The request extensions are those of `gateway.upstream.transport`.
    """

    def __init__(
        self, name: str, proxy: Proxy | None, *, verify: bool, cacert: str = ""
    ) -> None:
        self._name = name
        self._proxy = proxy
        self._verify = verify  # the certificate of the proxy
        self._cacert = cacert
        self._multi: AsyncCurl | None = None
        self._running: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        times: Mapping[str, float | None] = request.extensions.get("timeout", {})
        deadline: float = request.extensions.get("deadline", float("inf"))
        body = await content(request)
        connect_s = times.get("connect") or DEFAULT_CONNECT_S
        read_s = times.get("read") or DEFAULT_READ_S
        exchange = Exchange(self, read_s + connect_s, deadline)
        try:
            self._prepare(exchange, request, body, connect_s)
            self._running.add(exchange)
            if self._timer is not None:
                self._timer.cancel()
            if self._multi is None:
                self._multi = AsyncCurl()
            exchange.begun(self._multi.add_handle(exchange.curl))
            await exchange.head()
        except CurlError as error:
            failure = self.told(error, exchange)
            exchange.cut()
            raise failure from error
        except BaseException:
            exchange.cut()
            raise
        return httpx.Response(
            exchange.status, headers=exchange.headers, stream=exchange
        )

    def _prepare(
        self, exchange: Exchange, request: httpx.Request, body: bytes, connect_s: float
    ) -> None:
        curl = exchange.curl
        for option, value in options(self._name, self._proxy, verify=self._verify):
            curl.setopt(option, value)
        if self._cacert:
            curl.setopt(CurlOpt.CAINFO, self._cacert)
            curl.setopt(CurlOpt.PROXY_CAINFO, self._cacert)
        curl.impersonate(self._name, default_headers=False)
        if request.url.scheme == "http":  # or curl would ask for HTTP/2 in clear
            curl.setopt(CurlOpt.HTTP_VERSION, CurlHttpVersion.V1_1)
        curl.setopt(CurlOpt.URL, str(request.url).encode())
        curl.setopt(CurlOpt.CONNECTTIMEOUT_MS, int(connect_s * 1000))
        curl.setopt(CurlOpt.HEADERFUNCTION, exchange.take_line)
        curl.setopt(CurlOpt.WRITEFUNCTION, exchange.take_piece)
        if body or request.method in WITH_BODY:
            curl.setopt(CurlOpt.POSTFIELDSIZE_LARGE, len(body))
            curl.setopt(CurlOpt.POSTFIELDS, body)
        curl.setopt(CurlOpt.CUSTOMREQUEST, request.method.encode())
        curl.setopt(CurlOpt.HTTPHEADER, list(lines(request.headers.raw, body=body)))

    def told(self, error: "CurlError", exchange: Exchange) -> httpx.TransportError:
        """In httpx's classes; whether anything had been sent is in them, too."""
        curl, code = exchange.curl, int(error.code)
        led = int(curl.getinfo(CurlInfo.HTTP_CONNECTCODE))
        if self._proxy is not None and led not in {0, httpx.codes.OK}:
            return ProxyFailure(tunnels.of_status(led))
        if code == OF_PROXY:
            reply = int(curl.getinfo(CurlInfo.PROXY_ERROR))
            return ProxyFailure(BY_REPLY.get(reply, causes.PROXY_REFUSED))
        if exchange.status or int(curl.getinfo(CurlInfo.REQUEST_SIZE)) > 0:
            return httpx.ReadError("the connection broke")
        if code == TIMED_OUT:
            return httpx.ConnectTimeout("no connection in time")
        if self._proxy is None:
            return httpx.ConnectError("no connection")
        if code in TLS_CODES:
            return ProxyFailure(causes.PROXY_TLS)
        if code in NEVER_REACHED:
            return ProxyFailure(causes.PROXY_UNREACHABLE)
        odd = code == ODD_ANSWER
        return ProxyFailure(causes.PROXY_PROTOCOL if odd else causes.PROXY_RESET)

    def gone(self, exchange: Exchange) -> None:
        if self._multi is not None and exchange.ended is not None:
            self._multi.remove_handle(exchange.curl)
        exchange.curl.close()
        self._running.discard(exchange)
        if not self._running and self._multi is not None:
            loop = asyncio.get_running_loop()
            wait_s = 0.0 if self._retired else IDLE_S
            self._timer = loop.call_later(wait_s, self._rest)

    def retire(self) -> None:
        """Close what is idle now, and what is busy as soon as it is done."""
        self._retired = True
        if not self._running and self._multi is not None:
            self._rest()

    def _rest(self) -> None:
        multi, self._multi = self._multi, None
        if multi is not None:
            self._closing = asyncio.get_running_loop().create_task(multi.close())

    async def aclose(self) -> None:
        for exchange in tuple(self._running):
            exchange.cut()
        if self._timer is not None:
            self._timer.cancel()
        self._rest()
        if self._closing is not None:
            with suppress(asyncio.CancelledError):
                await self._closing


def lines(headers: Iterable[tuple[bytes, bytes]], *, body: bytes) -> Iterable[bytes]:
    typed = False
    for name, value in headers:
        if any(mark in name + value for mark in (b"\r", b"\n", b"\0")):
            raise httpx.LocalProtocolError("line break in a request header")
        lower = name.lower()
        typed = typed or lower == b"content-type"
        if lower not in SET_BY_CURL:
            yield b"%s: %s" % (name, value) if value else b"%s;" % name
    yield b"Expect:"
    if body and not typed:
        yield b"Content-Type:"
