"""Connections that lead through a proxy: CONNECT over HTTP or TLS, or SOCKS.

Names of upstream's hosts are looked up by the proxy. What a proxy says is told as a
`ProxyFailure`; none of its words, and no password, is in it.
"""

import asyncio
import ssl
from base64 import b64encode
from contextlib import closing

import httpx
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy

from gateway.egress import causes
from gateway.egress.causes import Cause
from gateway.egress.proxies import Proxy
from gateway.upstream.failures import ProxyFailure
from gateway.upstream.network import Make
from gateway.upstream.wire import Connection

MAX_HEAD_BYTES = 16 * 1024
END = b"\r\n\r\n"
NO_ROUTE_STATUSES = frozenset({502, 503, 504})
NO_ROUTE_REPLIES = frozenset({1, 3, 4, 5, 6})  # of SOCKS5
SOCKS_TYPES = {"socks5h": ProxyType.SOCKS5, "socks4a": ProxyType.SOCKS4}
LONGEST_S = 300.0  # the caller's own limit is shorter


class Tunnel:
    """What opens a connection through one proxy (a `Dial` of the transport)."""

    def __init__(self, proxy: Proxy, tls: ssl.SSLContext | None) -> None:
        self._proxy = proxy
        self._tls = tls

    async def __call__(
        self, make: Make, name: str, port: int, tls: ssl.SSLContext | None
    ) -> Connection:
        if self._proxy.socks:
            return await self._over_socks(make, name, port, tls)
        return await self._over_http(make, name, port, tls)

    async def _over_socks(
        self, make: Make, name: str, port: int, tls: ssl.SSLContext | None
    ) -> Connection:
        proxy = self._proxy
        way = SocksProxy(
            SOCKS_TYPES[proxy.scheme],
            proxy.host,
            proxy.port,
            proxy.username or None,
            proxy.password if proxy.username else None,
            rdns=True,
        )
        try:
            sock = await way.connect(name, port, timeout=LONGEST_S)
        except ProxyError as exc:
            raise ProxyFailure(of_socks(exc)) from exc
        except ProxyTimeoutError as exc:
            raise ProxyFailure(causes.PROXY_TIMEOUT) from exc
        except ProxyConnectionError as exc:
            raise ProxyFailure(causes.PROXY_UNREACHABLE) from exc
        except OSError as exc:
            raise ProxyFailure(causes.PROXY_RESET) from exc
        try:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(
                make, sock=sock, ssl=tls, server_hostname=name if tls else None
            )
        except ssl.SSLError as exc:
            raise ProxyFailure(causes.PROXY_TLS) from exc
        except OSError as exc:
            raise ProxyFailure(causes.PROXY_RESET) from exc
        except BaseException:
            with closing(sock):
                raise
        return connection

    async def _over_http(
        self, make: Make, name: str, port: int, tls: ssl.SSLContext | None
    ) -> Connection:
        transport, greeting = await self._reached()
        try:
            transport.write(connect_request(self._proxy, name, port))
            status = await greeting.status()
            if status != httpx.codes.OK:
                raise ProxyFailure(of_status(status))
            connection = make()
            return await handed_over(transport, connection, name, tls)
        except BaseException:
            transport.abort()
            raise

    async def _reached(self) -> tuple[asyncio.Transport, "Greeting"]:
        proxy = self._proxy
        loop = asyncio.get_running_loop()
        secure = proxy.scheme == "https"
        try:
            transport, greeting = await loop.create_connection(
                lambda: Greeting(loop),
                proxy.host,
                proxy.port,
                ssl=self._tls if secure else None,
                server_hostname=proxy.host if secure else None,
            )
        except ssl.SSLError as exc:
            raise ProxyFailure(causes.PROXY_TLS) from exc
        except OSError as exc:
            raise ProxyFailure(causes.PROXY_UNREACHABLE) from exc
        return transport, greeting


async def handed_over(
    transport: asyncio.Transport,
    connection: Connection,
    name: str,
    tls: ssl.SSLContext | None,
) -> Connection:
    """From here on the transport is the connection's, with TLS to the end if asked."""
    if tls is None:
        transport.set_protocol(connection)
        connection.connection_made(transport)
        return connection
    loop = asyncio.get_running_loop()
    try:
        inner = await loop.start_tls(transport, connection, tls, server_hostname=name)
    except ssl.SSLError as exc:
        raise ProxyFailure(causes.PROXY_TLS) from exc
    except OSError as exc:
        raise ProxyFailure(causes.PROXY_RESET) from exc
    if inner is None:
        raise ProxyFailure(causes.PROXY_RESET)
    connection.connection_made(inner)
    return connection


class Greeting(asyncio.Protocol):
    """Reads the head of the answer to CONNECT, and nothing after it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._head = bytearray()
        self._status: asyncio.Future[int] = loop.create_future()

    async def status(self) -> int:
        return await self._status

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._status.done():
            return
        end = self._head.find(END)
        if end < 0:
            if len(self._head) > MAX_HEAD_BYTES:
                self._fail(causes.PROXY_PROTOCOL)
            return
        line = bytes(self._head).split(b"\r\n", 1)[0].split(b" ", 2)
        good = len(line) > 1 and line[0].startswith(b"HTTP/1.") and line[1].isdigit()
        early = good and line[1] == b"200" and len(self._head) > end + len(END)
        if not good or early:
            self._fail(causes.PROXY_PROTOCOL)
        else:
            self._status.set_result(int(line[1][:3]))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._status.done():
            self._fail(causes.PROXY_RESET)

    def _fail(self, cause: Cause) -> None:
        self._status.set_exception(ProxyFailure(cause))


def connect_request(proxy: Proxy, name: str, port: int) -> bytes:
    host = f"[{name}]" if ":" in name else name
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.username or proxy.password:
        pair = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {pair}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def of_status(status: int) -> Cause:
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        return causes.PROXY_AUTH
    return (
        causes.PROXY_NO_ROUTE if status in NO_ROUTE_STATUSES else causes.PROXY_REFUSED
    )


def of_socks(error: BaseException) -> Cause:
    """By the library's words where it keeps no code."""
    told = str(error).lower()
    if "authentication failure" in told or "no acceptable" in told:
        return causes.PROXY_AUTH
    code = getattr(error, "error_code", None)
    if code in NO_ROUTE_REPLIES:
        return causes.PROXY_NO_ROUTE
    return causes.PROXY_PROTOCOL if code is None else causes.PROXY_REFUSED
