"""The one process-wide home of upstream connections: per event loop, node and browser.

Decides which way out traffic takes, and never goes past a proxy that the operator asked
for. Where it may go is told in `channel`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx

from gateway.errors import GatewayError, Kind
from gateway.upstream.channel import Hosts, UpstreamChannel
from gateway.upstream.gates import Gate
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Transport

DIRECT = "direct"
NO_EGRESS_RETRY_S = 30


@dataclass(frozen=True, slots=True)
class Key:
    """What connections may be shared by."""

    node: str
    user_agent: str


class Pool:
    """The transports of one event loop."""

    def __init__(self, build: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._build = build
        self._transports: dict[Key, httpx.AsyncBaseTransport] = {}
        self._settings: Settings | None = None
        self._channel: UpstreamChannel | None = None
        self._gates: defaultdict[str, Gate] = defaultdict(Gate)

    def gate(self, name: str) -> Gate:
        """The one gate of this name that all calls of the loop pass."""
        return self._gates[name]

    def channel(self, settings: Settings) -> UpstreamChannel:
        """Raises GatewayError if the configured way out cannot be used."""
        if settings is not self._settings or self._channel is None:
            self._channel = self._open(settings)
            self._settings = settings
        return self._channel

    def _open(self, settings: Settings) -> UpstreamChannel:
        key = Key(node(settings), settings.text("proxy.clearance.user_agent"))
        for other in [known for known in self._transports if known != key]:
            transport = self._transports.pop(other)
            if isinstance(transport, Transport):
                transport.retire()
        if key not in self._transports:
            self._transports[key] = self._build()
        return UpstreamChannel(self._transports[key], Hosts(settings))

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
