"""Whose fault it is: every way a call upstream can fail, in one table.

A failure is blamed on one layer and touches nothing else: a node's fault costs no
account anything, an account's none a node, and only a challenge costs a clearance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateway.errors import Kind, UpstreamFault


class Layer(StrEnum):
    """Where it went wrong, from near to far."""

    OURS = "gateway"
    NETWORK = "network"
    PROXY = "proxy"
    EDGE = "protection"  # what stands in front of upstream
    ACCOUNT = "account"
    UPSTREAM = "upstream"
    REQUEST = "request"


class Blame(StrEnum):
    """What changes because of it; the pool's breaker watches `POOL` by itself."""

    NODE = "node"
    CLEARANCE = "clearance"
    ACCOUNT = "account"
    POOL = "pool"
    NOBODY = "nobody"


class Again(StrEnum):
    """What may help, before anything was passed on."""

    OTHER_NODE = "other node"
    NEW_CLEARANCE = "new clearance"
    OTHER_ACCOUNT = "other account"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Cause:
    """`message` is told to callers; `remedy` to operators."""

    code: str
    kind: Kind
    fault: UpstreamFault
    layer: Layer
    blame: Blame
    again: Again
    message: str
    remedy: str | Promise


NO_WAY = "The way out to upstream failed."
SILENT = "Upstream did not answer in time."
LOGIN_OVER = "Upstream no longer accepts the account's session."
LOCKED = "Upstream has blocked the account."
REPORTED = "Upstream reported an error."

LOOK_AT_PROXY = _("Look at the proxy; other nodes are used meanwhile.")
GET_CLEARANCE = _(
    "Get a new clearance through this node, or use a node that is not challenged."
)
LOOK_AT_ACCOUNT = _("Look at the account; the way out is sound.")
SIGN_IN = _("Sign in anew and import the account; the way out is sound.")
TAKE_OUT = _("Take the account out or ask upstream why; the way out is sound.")
WAIT = _("Wait: upstream itself is at fault.")
SEE_REQUEST = _("Change the request; neither account nor way out is at fault.")
SEE_NETWORK = _("Look at this host's network, name servers and firewall.")


def node(code: str, remedy: str | Promise = LOOK_AT_PROXY) -> Cause:
    return Cause(
        code,
        Kind.EGRESS_UNAVAILABLE,
        UpstreamFault.EGRESS,
        Layer.PROXY,
        Blame.NODE,
        Again.OTHER_NODE,
        NO_WAY,
        remedy,
    )


def account(
    code: str,
    fault: UpstreamFault,
    message: str,
    kind: Kind = Kind.UPSTREAM_UNAVAILABLE,
    remedy: str | Promise = LOOK_AT_ACCOUNT,
) -> Cause:
    return Cause(
        code,
        kind,
        fault,
        Layer.ACCOUNT,
        Blame.ACCOUNT,
        Again.OTHER_ACCOUNT,
        message,
        remedy,
    )


def edge(
    code: str, message: str = "Upstream's bot protection refused the call."
) -> Cause:
    return Cause(
        code,
        Kind.UPSTREAM_UNAVAILABLE,
        UpstreamFault.CHALLENGE,
        Layer.EDGE,
        Blame.CLEARANCE,
        Again.NEW_CLEARANCE,
        message,
        GET_CLEARANCE,
    )


def request(code: str, kind: Kind, fault: UpstreamFault, message: str) -> Cause:
    return Cause(
        code,
        kind,
        fault,
        Layer.REQUEST,
        Blame.NOBODY,
        Again.NEVER,
        message,
        SEE_REQUEST,
    )


def upstream(
    code: str, message: str, kind: Kind, fault: UpstreamFault = UpstreamFault.SERVER
) -> Cause:
    return Cause(
        code, kind, fault, Layer.UPSTREAM, Blame.POOL, Again.LATER, message, WAIT
    )


def network(code: str, message: str, fault: UpstreamFault, kind: Kind) -> Cause:
    return Cause(
        code,
        kind,
        fault,
        Layer.NETWORK,
        Blame.NOBODY,
        Again.OTHER_ACCOUNT,
        message,
        SEE_NETWORK,
    )


PROXY_AUTH = node(
    "proxy_auth", _("The proxy refuses its user name or password: correct them.")
)
PROXY_REFUSED = node("proxy_refused", _("The proxy refuses to lead to upstream."))
PROXY_NO_ROUTE = node(
    "proxy_no_route", _("The proxy cannot reach upstream; is upstream itself down?")
)
PROXY_UNREACHABLE = node(
    "proxy_unreachable", _("The proxy cannot be reached: check its address and port.")
)
PROXY_TIMEOUT = node("proxy_timeout")
PROXY_TLS = node(
    "proxy_tls", _("The certificate of the proxy, or of what it leads to, is not good.")
)
PROXY_PROTOCOL = node(
    "proxy_protocol", _("What answers is no proxy of this kind: check the scheme.")
)
PROXY_RESET = node("proxy_reset")
PINNED_OUT = node(
    "pinned_out",
    _("The node that the account is pinned to is out, switched off or gone."),
)

CHALLENGED = edge("challenge")
ANTI_BOT = edge("anti_bot")
NO_CLEARANCE = edge("no_clearance", "No clearance for upstream could be had.")

DEAD = UpstreamFault.CREDENTIAL
DEAD_LOGIN = account("dead_login", DEAD, LOGIN_OVER, remedy=SIGN_IN)
BLOCKED = account("blocked", DEAD, LOCKED, remedy=TAKE_OUT)
UNAUTHORIZED = account(
    "unauthorized",
    UpstreamFault.UNAUTHORIZED,
    "Upstream did not accept the account's session.",
)
FORBIDDEN = account(
    "forbidden", UpstreamFault.FORBIDDEN, "Upstream denied the account access."
)
NO_SUBSCRIPTION = account(
    "no_subscription",
    UpstreamFault.RATE_LIMITED,
    "The account's subscription does not cover the call.",
)
LIMITED = account(
    "rate_limited",
    UpstreamFault.RATE_LIMITED,
    "Upstream's rate limit is reached.",
    Kind.RATE_LIMITED,
)

AGAINST_POLICY = request(
    "policy",
    Kind.CONTENT_POLICY,
    UpstreamFault.POLICY,
    "Upstream refused the content under its policy.",
)
REJECTED = request(
    "rejected",
    Kind.UPSTREAM_REJECTED,
    UpstreamFault.REJECTED,
    "Upstream refused the request.",
)

BROKEN = upstream("server_error", REPORTED, Kind.UPSTREAM_ERROR)
ABSENT = upstream(
    "overloaded", "Upstream is unavailable at the moment.", Kind.UPSTREAM_UNAVAILABLE
)
UNREADABLE = upstream(
    "bad_payload", "Upstream's answer could not be read.", Kind.UPSTREAM_ERROR
)
NO_ANSWER = upstream("no_answer", SILENT, Kind.UPSTREAM_TIMEOUT, UpstreamFault.TIMEOUT)
FELL_SILENT = upstream(
    "silence", "Upstream fell silent.", Kind.IDLE_TIMEOUT, UpstreamFault.TIMEOUT
)
CUT = upstream(
    "cut",
    "The connection to upstream broke.",
    Kind.UPSTREAM_ERROR,
    UpstreamFault.TRANSPORT,
)

UNREACHED = network(
    "unreachable",
    "Upstream could not be reached.",
    UpstreamFault.TRANSPORT,
    Kind.UPSTREAM_ERROR,
)
NO_CONNECTION = network(
    "connect_timeout", SILENT, UpstreamFault.TIMEOUT, Kind.UPSTREAM_TIMEOUT
)
NOT_SENT = Cause(
    "not_sent",
    Kind.INTERNAL,
    UpstreamFault.TRANSPORT,
    Layer.OURS,
    Blame.NOBODY,
    Again.NEVER,
    "The call was not sent: its address or headers are not allowed.",
    _("Look at the addresses of upstream in the configuration."),
)

TABLE: Mapping[str, Cause] = {
    cause.code: cause
    for cause in (
        PROXY_AUTH,
        PROXY_REFUSED,
        PROXY_NO_ROUTE,
        PROXY_UNREACHABLE,
        PROXY_TIMEOUT,
        PROXY_TLS,
        PROXY_PROTOCOL,
        PROXY_RESET,
        PINNED_OUT,
        CHALLENGED,
        ANTI_BOT,
        NO_CLEARANCE,
        DEAD_LOGIN,
        BLOCKED,
        UNAUTHORIZED,
        FORBIDDEN,
        NO_SUBSCRIPTION,
        LIMITED,
        AGAINST_POLICY,
        REJECTED,
        BROKEN,
        ABSENT,
        UNREADABLE,
        NO_ANSWER,
        FELL_SILENT,
        CUT,
        UNREACHED,
        NO_CONNECTION,
        NOT_SENT,
    )
}
