"""Who is calling `/v1`: keys from two headers, or an open door on private networks."""

import hmac
import ipaddress
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from django.http import HttpRequest

from gateway.errors import GatewayError, Kind
from gateway.keys import identity
from gateway.keys.cards import KeyBook, KeyCard

FORWARDING_HEADERS = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Caller:
    """`fingerprint` owns stored objects; open mode has one shared owner.

    Empty `models` and `pools` mean all of them. Only a named key has a `card`.
    """

    fingerprint: str
    models: frozenset[str] = frozenset()
    pools: frozenset[str] = frozenset()
    card: KeyCard | None = None

    def admitted(self, pools: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `pools` that the caller may use, in their order."""
        if not self.pools:
            return pools
        return tuple(pool for pool in pools if pool in self.pools)

    def may_use(self, model: str) -> bool:
        return not self.models or model in self.models

    def permit(self, model: str, pools: tuple[str, ...]) -> None:
        """Refuse a model that this caller may not use, in itself or in any pool."""
        if not self.may_use(model) or not self.admitted(pools):
            raise GatewayError(
                Kind.MODEL_NOT_ALLOWED,
                f"This API key may not use the model '{model}'.",
                param="model",
            )

    def within_reach(self, usable: Set[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Of pairs of pool and mode, those whose pool the caller may use."""
        if not self.pools:
            return usable
        return {pair for pair in usable if pair[0] in self.pools}


OPEN = Caller("open")


def caller_of(request: HttpRequest) -> Caller:
    """Whom the authentication of the route has found; every route has one."""
    caller: Caller = request.auth  # type: ignore[attr-defined] # set by ninja
    return caller


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows of itself, before anything is believed."""

    authorization: str | None
    x_api_key: str | None
    peer: str  # address of the socket's other end, empty for a local socket
    forwarded: bool = False  # carries a header that a proxy adds
    forwarded_for: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`keys` are those of `app.api_key`; they have no limits."""

    keys: tuple[str, ...]
    allow_anonymous: bool
    trusted_proxies: tuple[Network, ...] = ()
    named: KeyBook = field(default_factory=lambda: KeyBook({}))


def authenticate(shown: Credentials, policy: Policy, now: float) -> Caller:
    """The caller, or `INVALID_API_KEY` (public-api 1.1, decisions 12)."""
    if not policy.keys and not len(policy.named):
        if policy.allow_anonymous or is_private(shown, policy.trusted_proxies):
            return OPEN
        raise GatewayError(
            Kind.INVALID_API_KEY,
            "No API key is configured, so only local callers are served. "
            "Set app.api_key, or app.allow_anonymous to open the gateway on purpose.",
        )
    for presented in presented_keys(shown):
        if matches(presented, policy.keys):
            return Caller(identity.owner(presented))
        card = policy.named.find(presented)
        if card is not None:
            return holder(card, now)
    raise GatewayError(
        Kind.INVALID_API_KEY,
        "Missing or incorrect API key. Send it as 'Authorization: Bearer KEY' "
        "or 'x-api-key: KEY'.",
    )


def holder(card: KeyCard, now: float) -> Caller:
    if not card.enabled:
        raise GatewayError(Kind.INVALID_API_KEY, "This API key is disabled.")
    if card.expired(now):
        raise GatewayError(Kind.INVALID_API_KEY, "This API key has expired.")
    return Caller(card.fingerprint, card.models, card.pools, card)


def presented_keys(shown: Credentials) -> Iterable[str]:
    """The bearer token if well formed, else the `x-api-key` header."""
    scheme, _, token = (shown.authorization or "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        yield token.strip()
    elif shown.x_api_key:
        yield shown.x_api_key.strip()


def matches(presented: str, keys: Iterable[str]) -> bool:
    """Constant time over all keys; any text is fine."""
    given = presented.encode("utf-8", "surrogateescape")
    found = False
    for key in keys:
        found |= hmac.compare_digest(given, key.encode())
    return found


def is_private(shown: Credentials, trusted: tuple[Network, ...]) -> bool:
    """Loopback or private; what an untrusted peer forwards counts as public."""
    if not shown.forwarded:
        return not shown.peer or private_address(shown.peer)
    hop = origin(shown, trusted)
    return hop not in {"", shown.peer} and private_address(hop)


def origin(shown: Credentials, trusted: tuple[Network, ...]) -> str:
    """The nearest address that is no trusted proxy; empty if all of them are."""
    if not shown.forwarded:
        return shown.peer
    hops = [hop.strip() for hop in (shown.forwarded_for or "").split(",")]
    for hop in reversed([*hops, shown.peer]):
        if not within(hop, trusted):
            return hop
    return ""


def within(text: str, networks: tuple[Network, ...]) -> bool:
    address = parsed(text)
    return address is not None and any(address in network for network in networks)


def private_address(text: str) -> bool:
    address = parsed(text)
    return address is not None and (address.is_loopback or address.is_private)


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address without its zone, an IPv4 one out of its IPv6 wrapping."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
