"""The one process-wide home of upstream connections: per event loop and way out.

Which way a call takes is chosen in `passage`, where it may go is told in `channel`.
"""

import asyncio
import ssl
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx

from gateway.egress.proxies import Proxy
from gateway.upstream.channel import Hosts, UpstreamChannel
from gateway.upstream.gates import Gate
from gateway.upstream.impersonator import Impersonator
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Dial, Transport
from gateway.upstream.tunnels import Tunnel

MAX_TRANSPORTS = 256

Build = Callable[[Dial | None], httpx.AsyncBaseTransport]


@dataclass(frozen=True, slots=True)
class Key:
    """What connections may be shared by.

    The account is part of it only where its name is in that of the proxy's user.
    """

    node: str
    proxy: Proxy | None
    user_agent: str
    version: int  # of the clearance, 0 without one
    clearance: str = ""  # which one that is
    verify: bool = True  # the proxy's certificate
    profile: str = ""  # of the browser that is impersonated


def over(dial: Dial | None) -> httpx.AsyncBaseTransport:
    return Transport(dial=dial)


class Pool:
    """The transports of one event loop, the longest unused of too many given up."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._transports: OrderedDict[Key, httpx.AsyncBaseTransport] = OrderedDict()
        self._settings: Settings | None = None
        self._channel: UpstreamChannel | None = None
        self._gates: defaultdict[str, Gate] = defaultdict(Gate)

    def gate(self, name: str) -> Gate:
        """The one gate of this name that all calls of the loop pass."""
        return self._gates[name]

    def channel(self, settings: Settings) -> UpstreamChannel:
        if settings is not self._settings or self._channel is None:
            self._channel = UpstreamChannel(Hosts(settings))
            self._settings = settings
        return self._channel

    def transport(self, key: Key) -> httpx.AsyncBaseTransport:
        found = self._transports.get(key)
        if found is not None:
            self._transports.move_to_end(key)
            return found
        for other in [known for known in self._transports if outdated(known, key)]:
            self.drop(other)
        while len(self._transports) >= MAX_TRANSPORTS:
            self.drop(next(iter(self._transports)))
        made = self._transports[key] = HOME.carrier(key, self._build)
        return made

    def drop(self, key: Key) -> None:
        """Close what is idle of it now, and what is busy once that is done."""
        gone = self._transports.pop(key, None)
        if isinstance(gone, Transport | Impersonator):
            gone.retire()

    async def aclose(self) -> None:
        transports = list(self._transports.values())
        self._transports.clear()
        self._channel = None
        for transport in transports:
            await transport.aclose()


class Home:
    """The pools of this process. A pool goes with its loop."""

    def __init__(self) -> None:
        self.build: Build = over
        self.cacert = ""  # for impersonated browsers, those of the package if empty
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = (
            WeakKeyDictionary()
        )
        self._tls: dict[bool, ssl.SSLContext] = {}

    def of_loop(self, loop: asyncio.AbstractEventLoop) -> Pool:
        pool = self._pools.get(loop)
        if pool is None:
            # Connections hold their loop, so the weak key alone frees nothing.
            for closed in [known for known in self._pools if known.is_closed()]:
                del self._pools[closed]
            pool = self._pools[loop] = Pool(self.build)
        return pool

    def carrier(self, key: Key, build: Build) -> httpx.AsyncBaseTransport:
        """A transport of nobody's yet."""
        if key.profile:
            return Impersonator(
                key.profile, key.proxy, verify=key.verify, cacert=self.cacert
            )
        dial = Tunnel(key.proxy, self.tls(key.verify)) if key.proxy else None
        return build(dial)

    def tls(self, verify: bool) -> ssl.SSLContext:
        """For proxies; the certificate of upstream is always checked."""
        if verify not in self._tls:
            self._tls[verify] = httpx.create_ssl_context(verify=verify)
            self._tls[verify].set_alpn_protocols(["http/1.1"])
        return self._tls[verify]

    def __len__(self) -> int:
        return len(self._pools)

    def forget(self) -> None:
        self._pools.clear()


HOME = Home()


def outdated(known: Key, new: Key) -> bool:
    """The same exit with an older browser or clearance."""
    same = (known.node, known.proxy, known.clearance)
    return same == (new.node, new.proxy, new.clearance)


def current() -> Pool:
    """The pool of the running loop."""
    return HOME.of_loop(asyncio.get_running_loop())


@contextmanager
def carried_by(transport: httpx.AsyncBaseTransport) -> Iterator[None]:
    """For tests: everything in this process goes over `transport`."""
    before = HOME.build
    HOME.build = lambda _dial: transport
    HOME.forget()
    try:
        yield
    finally:
        HOME.build = before
        HOME.forget()
