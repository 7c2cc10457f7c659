"""WebSockets over curl-cffi: the upgrade of the same browser as the calls.

Optional, like `gateway.upstream.impersonation`.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import httpx

from gateway.egress import causes
from gateway.egress.proxies import Proxy
from gateway.upstream import impersonation, tunnels
from gateway.upstream.failures import ProxyFailure
from gateway.upstream.headers import Header

try:
    from curl_cffi import CurlError, CurlOpt, CurlWsFlag
    from curl_cffi.requests import AsyncSession, AsyncWebSocket
    from curl_cffi.requests.websockets import WebSocketError
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

BEAT_S = 20.0
CLOSE_S = 0.1
MESSAGES = 4
REFUSED = 22
SWITCHING = 101


class Gone(Exception):
    """The other side has closed, or cannot be reached any more."""


class Refused(Exception):
    """The upgrade was refused; what stood in the body is not known."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class Head:
    """The head of the answer that came last: a proxy's comes before upstream's."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}

    def take(self, line: bytes) -> int:
        text = line.decode("latin-1").strip()
        if text.startswith("HTTP/"):
            self.statuses.append(int(text.split(" ", 2)[1]))
            self.headers = {}
        elif ":" in text:
            name, _, value = text.partition(":")
            self.headers[name.lower()] = value.strip()
        return len(line)


class Connection:
    """What a `websocket.Socket` wants of one. Pings now and then while it listens."""

    def __init__(self, session: "AsyncSession[Any]", socket: "AsyncWebSocket") -> None:
        self._session = session
        self._socket = socket

    @classmethod
    async def opened(
        cls,
        url: str,
        headers: list[Header],
        name: str,
        proxy: Proxy | None,
        *,
        verify: bool,
        cacert: str,
        timeout_s: float,
        max_bytes: int,
    ) -> Self:
        """Raises Refused or httpx.TransportError."""
        head = Head()
        more = dict(impersonation.options(name, proxy, verify=verify))
        more[CurlOpt.SUPPRESS_CONNECT_HEADERS] = 0
        more[CurlOpt.HEADERFUNCTION] = head.take
        if cacert:
            more |= {CurlOpt.CAINFO: cacert, CurlOpt.PROXY_CAINFO: cacert}
        session: AsyncSession[Any] = AsyncSession(
            trust_env=False, allow_redirects=False, default_headers=False
        )
        try:
            socket = await session.ws_connect(
                url,
                headers=[
                    (key.decode(), value.decode("latin-1")) for key, value in headers
                ],
                impersonate=name,
                timeout=timeout_s,
                accept_encoding=None,
                recv_queue_size=MESSAGES,
                max_message_size=max_bytes,
                drain_on_error=True,
                curl_options=more,
            )
        except CurlError as error:
            await session.close()
            raise not_opened(error, head, proxy) from error
        except BaseException:
            await session.close()
            raise
        return cls(session, socket)

    async def send(self, message: str) -> None:
        try:
            await self._socket.send_str(message)
        except CurlError as error:
            raise Gone from error

    async def recv(self) -> str | bytes:
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    data, flags = await self._socket.recv()
            except TimeoutError:
                await self._beat()
                continue
            except CurlError as error:
                raise Gone from error
            if flags & CurlWsFlag.CLOSE:
                raise Gone
            return str(data, "utf-8") if flags & CurlWsFlag.TEXT else bytes(data)

    async def _beat(self) -> None:
        try:
            await self._socket.ping()
        except CurlError as error:
            raise Gone from error

    async def close(self) -> None:
        try:
            with suppress(CurlError, WebSocketError):  # it is over in any case
                await self._socket.close(timeout=CLOSE_S)
        finally:
            await self._session.close()


def not_opened(
    error: "CurlError", head: Head, proxy: Proxy | None
) -> Refused | httpx.TransportError:
    code = int(error.code)
    last = head.statuses[-1] if head.statuses else 0
    by_proxy = proxy is not None and not proxy.socks and len(head.statuses) == 1
    if by_proxy and last != httpx.codes.OK:
        return ProxyFailure(tunnels.of_status(last))
    if code == REFUSED and last:
        return Refused(last, head.headers)
    if code == impersonation.OF_PROXY:
        return ProxyFailure(of_words(str(error).lower()))
    if code == impersonation.TIMED_OUT:
        return httpx.ConnectTimeout("no upgrade in time")
    if proxy is None or by_proxy:
        return httpx.ConnectError("no connection")
    if code in impersonation.TLS_CODES:
        return ProxyFailure(causes.PROXY_TLS)
    reached = code not in impersonation.NEVER_REACHED
    return ProxyFailure(causes.PROXY_RESET if reached else causes.PROXY_UNREACHABLE)


def of_words(told: str) -> causes.Cause:
    """The handle that knows more is closed by then."""
    refused = "rejected" in told or "authentication" in told
    return causes.PROXY_AUTH if refused else causes.PROXY_NO_ROUTE
