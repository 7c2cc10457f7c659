"""Where this process keeps its ways out. Requests read it; nothing here waits."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.egress import causes
from gateway.egress.bundles import Bundle, Place
from gateway.egress.counts import Counts
from gateway.egress.health import POOL_PATIENCE, Health
from gateway.egress.nodes import DIRECT, DIRECT_NODE, Node, Scope
from gateway.egress.proxies import BadProxy, parse
from gateway.egress.settings import Settings
from gateway.errors import GatewayError, Kind, UpstreamFailure

SINGLE = "single_proxy"
POOL = "proxy_pool"
LONGEST_RETRY_S = 600
UNAVAILABLE = "No usable way out to upstream: every configured proxy is out."
UNCONFIGURED = "No usable way out to upstream: a proxied mode is set without a proxy."


class Solver(Protocol):
    async def renew(self, place: Place, seen: int, settings: Settings) -> Bundle:
        """A newer clearance than version `seen`. Raises GatewayError."""

    async def replaced(self, place: Place, seen: int, settings: Settings) -> Bundle:
        """The same where `seen` was refused, and is not to be used again."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables say: operators' nodes, names switched off, clearances by key.

    `manual` is what nodes, by name, were given by hand.
    """

    nodes: tuple[Node, ...] = ()
    disabled: frozenset[str] = frozenset()
    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    manual: Mapping[str, Bundle] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seat:
    """A node as it was when a call took it."""

    node: Node
    epoch: int


class Home:
    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.rows = Rows()
        self.solver: Solver | None = None
        self.health: dict[str, Health] = {}
        self.counts = Counts()
        self.used: dict[str, Place] = {}  # clearances since they were last written down
        self._clock = clock
        self._known: tuple[Settings, Rows, tuple[Node, ...]] | None = None

    def nodes(self, settings: Settings) -> tuple[Node, ...]:
        """All that the mode lets be used, healthy or not; none of it is direct."""
        known = self._known
        if known is None or known[0] is not settings or known[1] is not self.rows:
            found = tuple(
                node
                for node in configured(settings) + own(settings, self.rows)
                if node.name not in self.rows.disabled
            )
            self._known = known = (settings, self.rows, found)
        return known[2]

    def take(
        self,
        settings: Settings,
        scope: Scope,
        key: int,
        avoid: frozenset[str] = frozenset(),
        pinned: str = "",
    ) -> Seat:
        """The account's node, direct only if that is the mode. Raises GatewayError.

        `pinned` names the one node that the account may use.
        """
        if settings.text("proxy.egress.mode") == DIRECT:
            return Seat(DIRECT_NODE, 0)
        now = self._clock()
        serving = kept_to(pinned, self.nodes(settings), scope)
        usable = [
            node
            for node in serving
            if node.name not in avoid and not self.of(node).cooled(now)
        ]
        if not usable:
            raise self._nothing(serving, now, pinned)
        first = min(node.priority for node in usable)
        node = min(
            (node for node in usable if node.priority == first),
            key=lambda node: node.distance(key),
        )
        return Seat(node, self.of(node).epoch)

    def of(self, node: Node) -> Health:
        return self.named(node.name)

    def named(self, name: str) -> Health:
        health = self.health.get(name)
        if health is None:
            health = self.health[name] = Health()
        return health

    def failed(self, seat: Seat, cause: str) -> None:
        proxy = seat.node.proxy
        if proxy is None:
            return
        patience = POOL_PATIENCE if proxy.per_account else 1
        self.of(seat.node).failed(seat.epoch, cause, self._clock(), patience)

    def succeeded(self, seat: Seat, latency_ms: int = 0) -> None:
        if seat.node.proxy is not None:
            self.of(seat.node).succeeded(self._clock(), latency_ms)

    def bundle(self, place: Place) -> Bundle | None:
        """The clearance in use, also one that was found invalid."""
        found = self.rows.bundles.get(place.key)
        self.used[place.key] = place
        return found

    def _nothing(
        self, serving: Iterable[Node], now: float, pinned: str
    ) -> GatewayError:
        waits = [self.of(node).cooled_until - now for node in serving]
        soonest = min((wait for wait in waits if wait > 0), default=30.0)
        after_s = min(max(1, int(soonest) + 1), LONGEST_RETRY_S)
        if pinned:
            return pinned_out(after_s)
        told = UNAVAILABLE if waits else UNCONFIGURED
        return GatewayError(Kind.EGRESS_UNAVAILABLE, told, retry_after_s=after_s)


def pinned_out(after_s: int) -> UpstreamFailure:
    """Nobody is to blame, and another account may go by another node."""
    cause = causes.PINNED_OUT
    failure = UpstreamFailure(
        cause.kind,
        cause.message,
        fault=cause.fault,
        retryable=True,
        retry_after_s=after_s,
    )
    failure.cause, failure.sent = cause.code, False
    return failure


HOME = Home()


def current() -> Home:
    return HOME


def kept_to(pinned: str, nodes: Iterable[Node], scope: Scope) -> list[Node]:
    """The node that an account is pinned to, for whatever that carries."""
    serving = fitting(nodes, scope)
    own = [node for node in serving if node.name == pinned]
    carries_other = not own and any(node.name == pinned for node in nodes)
    return serving if not pinned or carries_other else own


def fitting(nodes: Iterable[Node], scope: Scope) -> list[Node]:
    """Nodes for resources alone come first for these; without any, chat's serve."""
    nodes = list(nodes)
    if scope is Scope.RESOURCE:
        return [node for node in nodes if node.serves(scope)] or nodes
    return [node for node in nodes if node.serves(scope)]


def own(settings: Settings, rows: Rows) -> tuple[Node, ...]:
    """Operators' nodes join the pool; single mode means that one proxy."""
    return rows.nodes if settings.text("proxy.egress.mode") == POOL else ()


def configured(settings: Settings) -> tuple[Node, ...]:
    """The nodes that `proxy.egress.*` names; what is no proxy is left out."""
    mode = settings.text("proxy.egress.mode")
    if mode == SINGLE:
        main = [settings.text("proxy.egress.proxy_url")]
        media = [settings.text("proxy.egress.resource_proxy_url")]
        names = ("single", "res-single")
    elif mode == POOL:
        main = list(settings.items("proxy.egress.proxy_pool"))
        media = list(settings.items("proxy.egress.resource_proxy_pool"))
        names = ("pool-{}", "res-pool-{}")
    else:
        return ()
    verify = not settings.flag("proxy.egress.skip_ssl_verify")
    return (
        *listed(names[0], main, Scope.CHAT, verify=verify),
        *listed(names[1], media, Scope.RESOURCE, verify=verify),
    )


def listed(
    name: str, urls: Iterable[str], scope: Scope, *, verify: bool
) -> Iterable[Node]:
    for number, url in enumerate(urls):
        if not url:
            continue
        try:
            proxy = parse(url)
        except BadProxy:
            continue  # the configuration's own checks tell of it
        yield Node(name.format(number), proxy, scope, verify=verify)
