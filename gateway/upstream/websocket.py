"""WebSockets to upstream: opened with an account's login, on upstream's hosts only."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)

from gateway.egress import causes
from gateway.egress.causes import Cause
from gateway.egress.nodes import Scope
from gateway.errors import UpstreamFailure
from gateway.upstream import failures, network, pool, tunnels
from gateway.upstream.channel import Target
from gateway.upstream.headers import Login, Signed, upgrade_headers
from gateway.upstream.impersonated_socket import Connection, Gone, Refused
from gateway.upstream.limits import CONNECT_S, ERROR_BODY_BYTES, Limits, Settings
from gateway.upstream.passage import Passage, Way

HEARTBEAT_S = 20
CLOSE_S = 0.1
MESSAGE_BYTES = 48 * 1024 * 1024  # a picture of 32 MiB in base64, and what is around it
WAITING_MESSAGES = 4


class Closed(Exception):
    """The other side has closed, is closing, or cannot be reached any more."""


class Discreet(logging.LoggerAdapter[logging.Logger]):
    """The library's own debug log shows the headers, cookies and all."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the library's name
        return level >= logging.WARNING and super().isEnabledFor(level)


class Unredirected(connect):
    """A redirect is a failed upgrade: cookies follow nobody to another address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    def __init__(
        self, connection: ClientConnection | Connection, passage: Passage
    ) -> None:
        self._connection = connection
        self.passage = passage

    async def send(self, message: str, timeout_s: float) -> None:
        """Raises Closed, also where the other side does not take the message."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connection.send(message)
        except (ConnectionClosed, Gone, TimeoutError) as exc:
            raise Closed from exc

    async def receive(self, timeout_s: float) -> str | bytes:
        """Raises Closed, and TimeoutError when nothing came."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connection.recv()
        except (ConnectionClosed, Gone) as exc:
            raise Closed from exc


@asynccontextmanager
async def opened(
    login: Login, path: str, settings: Settings, signed: Signed | None = None
) -> AsyncIterator[Socket]:
    """Raises UpstreamFailure where it cannot be opened; nothing is spent then.

    `signed` are headers in place of the usual ones.

    Leaving closes it, and waits hardly for the other side to agree.
    """
    channel = pool.current().channel(settings)
    target = channel.hosts.at(socket_url(settings) + path)
    signed = signed or upgrade_headers(login, settings)
    limits = Limits(CONNECT_S, CONNECT_S)
    passage = Passage(target, signed.login, Scope.CHAT, settings, limits)
    connection = await upgraded(target, signed, settings, passage)
    try:
        yield Socket(connection, passage)
    finally:
        with suppress(OSError, WebSocketException):  # it is over in any case
            await connection.close()


async def upgraded(
    target: Target, signed: Signed, settings: Settings, passage: Passage
) -> ClientConnection | Connection:
    while True:
        way = await passage.way()
        try:
            connection = await connected(target, signed, way)
        except (OSError, WebSocketException, Refused, httpx.TransportError) as exc:
            failure = not_opened(exc, settings, proxied=way.proxied)
            failure.sent = False
            told = failure.status is not None
            again = (
                await passage.turned_away(failure) if told else passage.lost(failure)
            )
            if not again:
                raise failure from exc
        else:
            passage.arrived()
            return connection


async def connected(
    target: Target, signed: Signed, way: Way
) -> ClientConnection | Connection:
    sealed = target.opened(way.dressed(signed))
    if way.key.profile:
        return await Connection.opened(
            str(target.url),
            sealed,
            way.key.profile,
            way.proxy,
            verify=way.verify,
            cacert=pool.HOME.cacert,
            timeout_s=CONNECT_S,
            max_bytes=MESSAGE_BYTES,
        )
    headers = [(name.decode(), value.decode("latin-1")) for name, value in sealed]
    more: dict[str, Any] = {}  # Any: the library's own type for these
    if way.proxy is not None and way.proxy.scheme == "https":
        more["proxy_ssl"] = pool.HOME.tls(way.verify)
    return await Unredirected(
        str(target.url),
        additional_headers=headers,
        user_agent_header=None,
        proxy=way.proxy.url if way.proxy else None,
        open_timeout=CONNECT_S,
        ping_interval=HEARTBEAT_S,
        ping_timeout=HEARTBEAT_S,
        close_timeout=CLOSE_S,
        max_size=MESSAGE_BYTES,
        max_queue=WAITING_MESSAGES,
        logger=Discreet(logging.getLogger(__name__)),
        ssl=network.HOME.tls() if target.url.scheme == "wss" else None,
        **more,
    )


def not_opened(
    error: Exception, settings: Settings, *, proxied: bool = False
) -> UpstreamFailure:
    match error:
        case InvalidStatus():
            headers = dict(error.response.headers.raw_items())
            body = bytes(error.response.body or b"")[:ERROR_BODY_BYTES]
            return refused(error.response.status_code, headers, body, settings)
        case Refused():
            return refused(error.status, error.headers, b"", settings)
        case httpx.TransportError():
            told: httpx.TransportError = error
        case InvalidProxyStatus():
            cause = tunnels.of_status(error.response.status_code)
            told = failures.ProxyFailure(cause)
        case ProxyError():
            told = failures.ProxyFailure(of_proxy(error))
        case TimeoutError():
            told = httpx.ConnectTimeout("no upgrade in time")
        case OSError():
            told = httpx.ConnectError("no connection")
        case _:
            told = httpx.RemoteProtocolError("no upgrade")
    return failures.of_transport(told, proxied=proxied)


def of_proxy(error: ProxyError) -> Cause:
    """The library keeps what its SOCKS client said as the reason."""
    reason = error.__cause__
    if isinstance(reason, OSError):
        return causes.PROXY_UNREACHABLE
    if isinstance(error, InvalidProxyMessage) or reason is None:
        return causes.PROXY_PROTOCOL
    return tunnels.of_socks(reason)


def refused(
    status: int, headers: Mapping[str, str], body: bytes, settings: Settings
) -> UpstreamFailure:
    named = {name.lower(): value for name, value in headers.items()}
    retry_on = failures.retry_statuses(settings)
    return failures.of_response(status, named, body, retry_on, datetime.now(UTC))


def socket_url(settings: Settings) -> str:
    """The configured one, or the base host's."""
    own = settings.text("upstream.ws_url").rstrip("/")
    if own:
        return own
    base = settings.text("upstream.base_url").rstrip("/")
    return "ws" + base.removeprefix("http")
