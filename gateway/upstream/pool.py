"""The one process-wide home of upstream connections: per event loop, node and browser.

Decides where traffic may go: only to the configured hosts, as account cookies travel
with it, and never past a proxy that the operator asked for.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import httpx

from gateway.errors import GatewayError, Kind
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Transport

DIRECT = "direct"
NO_EGRESS_RETRY_S = 30
HOST_KEYS = (
    "upstream.base_url",
    "upstream.assets_url",
    "upstream.accounts_url",
    "upstream.ws_url",
)
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
HTTP_SCHEMES = {"ws": "http", "wss": "https"}

Origin = tuple[str, str, int]


class ForeignHost(httpx.UnsupportedProtocol):
    """A request to a host that the operator did not configure; it was not sent."""


@dataclass(frozen=True, slots=True)
class Key:
    """What connections may be shared by."""

    node: str
    user_agent: str


class Channel:
    """Sends requests to upstream's hosts over one transport."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, origins: frozenset[Origin]
    ) -> None:
        self._transport = transport
        self._origins = origins

    async def send(self, request: httpx.Request) -> httpx.Response:
        if origin_of(request.url) not in self._origins:
            raise ForeignHost("not a configured upstream host")
        return await self._transport.handle_async_request(request)


class Pool:
    """The transports of one event loop."""

    def __init__(self, build: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._build = build
        self._transports: dict[Key, httpx.AsyncBaseTransport] = {}
        self._settings: Settings | None = None
        self._channel: Channel | None = None

    def channel(self, settings: Settings) -> Channel:
        """Raises GatewayError if the configured way out cannot be used."""
        if settings is not self._settings or self._channel is None:
            self._channel = self._open(settings)
            self._settings = settings
        return self._channel

    def _open(self, settings: Settings) -> Channel:
        key = Key(node(settings), settings.text("proxy.clearance.user_agent"))
        for other in [known for known in self._transports if known != key]:
            transport = self._transports.pop(other)
            if isinstance(transport, Transport):
                transport.retire()
        if key not in self._transports:
            self._transports[key] = self._build()
        return Channel(self._transports[key], configured_origins(settings))

    async def aclose(self) -> None:
        transports = list(self._transports.values())
        self._transports.clear()
        self._channel = None
        for transport in transports:
            await transport.aclose()


class Home:
    """The pools of this process. A pool goes with its loop."""

    def __init__(self) -> None:
        self.build: Callable[[], httpx.AsyncBaseTransport] = Transport
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = (
            WeakKeyDictionary()
        )

    def of_loop(self, loop: asyncio.AbstractEventLoop) -> Pool:
        pool = self._pools.get(loop)
        if pool is None:
            # Connections hold their loop, so the weak key alone frees nothing.
            for closed in [known for known in self._pools if known.is_closed()]:
                del self._pools[closed]
            pool = self._pools[loop] = Pool(self.build)
        return pool

    def __len__(self) -> int:
        return len(self._pools)

    def forget(self) -> None:
        self._pools.clear()


HOME = Home()


def current() -> Pool:
    """The pool of the running loop."""
    return HOME.of_loop(asyncio.get_running_loop())


@contextmanager
def carried_by(transport: httpx.AsyncBaseTransport) -> Iterator[None]:
    """For tests: everything in this process goes over `transport`."""
    before = HOME.build
    HOME.build = lambda: transport
    HOME.forget()
    try:
        yield
    finally:
        HOME.build = before
        HOME.forget()


def node(settings: Settings) -> str:
    """The way out. Proxied modes have none yet, and none is not the same as direct."""
    if settings.text("proxy.egress.mode") == DIRECT:
        return DIRECT
    raise GatewayError(
        Kind.EGRESS_UNAVAILABLE,
        "No usable way out to upstream: the configured proxy mode is not available.",
        retry_after_s=NO_EGRESS_RETRY_S,
    )


def configured_origins(settings: Settings) -> frozenset[Origin]:
    urls = [settings.text(key) for key in HOST_KEYS]
    return frozenset(origin_of(upstream_url(url)) for url in urls if url)


@lru_cache(maxsize=256)
def upstream_url(url: str) -> httpx.URL:
    """Parsed once, as parsing costs more than all else about a request."""
    return httpx.URL(url)


def origin_of(url: httpx.URL) -> Origin:
    scheme = url.scheme
    port = url.port or PORTS.get(scheme, 0)
    return HTTP_SCHEMES.get(scheme, scheme), url.host, port
