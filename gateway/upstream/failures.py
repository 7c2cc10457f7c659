"""What upstream did wrong, told once: transport errors, statuses and in-band errors.

Messages are ours alone: no body, token or address of upstream is in them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import orjson

from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream.inband import RATE_LIMIT_CODE, StreamError
from gateway.upstream.limits import Settings

MAX_RETRY_AFTER_S = 86_400
ANTI_BOT_CODE = 7
MARKER_STATUSES = frozenset({400, 401, 403})
CREDENTIAL_MARKERS = (
    "invalid-credentials",
    "bad-credentials",
    "failed to look up session id",
    "blocked-user",
    "email-domain-rejected",
    "session not found",
    "account suspended",
    "token revoked",
    "token expired",
)
CHALLENGE_STATUSES = frozenset({403, 503})
CHALLENGE_SIGNS = ("just a moment", "challenge-platform", "__cf_chl", "cf-chl-")
ANTI_BOT = "anti-bot"
ACCESS_WORDS = ("permission", "forbidden", "denied", "unauthorized", "subscription")
LIMIT_WORDS = ("too many requests", "rate limit", "usage limit", "usage quota")
POLICY_WORDS = ("content-moderated", "content moderated", "content policy")
ABSENCE_WORDS = (
    "unavailable",
    "overloaded",
    "over capacity",
    "at capacity",
    "heavy load",
    "high demand",
    "load shed",
    "shedding",
)

RATE_LIMITED = "Upstream's rate limit is reached."
UNAVAILABLE = "Upstream is unavailable at the moment."
ERROR = "Upstream reported an error."


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Kind
    fault: UpstreamFault
    message: str


DEAD_LOGIN = Verdict(
    Kind.UPSTREAM_UNAVAILABLE,
    UpstreamFault.CREDENTIAL,
    "Upstream no longer accepts the account's session.",
)
CHALLENGED = Verdict(
    Kind.UPSTREAM_UNAVAILABLE,
    UpstreamFault.CHALLENGE,
    "Upstream's bot protection refused the call.",
)
AGAINST_POLICY = Verdict(
    Kind.CONTENT_POLICY,
    UpstreamFault.POLICY,
    "Upstream refused the content under its policy.",
)
REJECTED = Verdict(
    Kind.UPSTREAM_REJECTED, UpstreamFault.REJECTED, "Upstream refused the request."
)
LIMITED = Verdict(Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED, RATE_LIMITED)
BROKEN = Verdict(Kind.UPSTREAM_ERROR, UpstreamFault.SERVER, ERROR)
BY_STATUS = {
    400: REJECTED,
    401: Verdict(
        Kind.UPSTREAM_UNAVAILABLE,
        UpstreamFault.UNAUTHORIZED,
        "Upstream did not accept the account's session.",
    ),
    402: Verdict(
        Kind.UPSTREAM_UNAVAILABLE,
        UpstreamFault.RATE_LIMITED,
        "The account's subscription does not cover the call.",
    ),
    403: Verdict(
        Kind.UPSTREAM_UNAVAILABLE,
        UpstreamFault.FORBIDDEN,
        "Upstream denied the account access.",
    ),
    413: REJECTED,
    422: REJECTED,
    429: LIMITED,
}


def retry_statuses(settings: Settings) -> frozenset[int]:
    """Statuses after which another account is tried; what is no number is left out."""
    codes = settings.items("retry.on_codes")
    return frozenset(int(code) for code in codes if code.strip().isdecimal())


def of_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    retry_on: frozenset[int],
    now: datetime,
) -> UpstreamFailure:
    """`body` is the drained, decoded beginning of the body."""
    verdict = judge(status, headers, body.decode("utf-8", "replace").lower())
    dead = verdict.fault is UpstreamFault.CREDENTIAL
    final = verdict.fault is UpstreamFault.POLICY
    return UpstreamFailure(
        verdict.kind,
        verdict.message,
        fault=verdict.fault,
        status=status,
        retryable=dead or (status in retry_on and not final),
        retry_after_s=retry_after(headers.get("retry-after", ""), now),
    )


def judge(status: int, headers: Mapping[str, str], body: str) -> Verdict:
    if status in MARKER_STATUSES and any(mark in body for mark in CREDENTIAL_MARKERS):
        return DEAD_LOGIN
    if is_challenge(status, headers, body):
        return CHALLENGED
    if status == 403 and is_object(body) and not denies_access(body):
        return AGAINST_POLICY
    return BY_STATUS.get(status, BROKEN)


def is_challenge(status: int, headers: Mapping[str, str], body: str) -> bool:
    """Cloudflare's page, or a 403 that only something in front of upstream sends."""
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    if status not in CHALLENGE_STATUSES:
        return False
    if any(sign in body for sign in CHALLENGE_SIGNS):
        return True
    return status == 403 and (is_page(headers, body) or ANTI_BOT in body)


def is_page(headers: Mapping[str, str], body: str) -> bool:
    start = body.lstrip()
    page = "text/html" in headers.get("content-type", "").lower()
    return not start or page or start.startswith(("<!doctype html", "<html"))


def denies_access(body: str) -> bool:
    """A structured 403 that speaks of the account's rights, not of the content."""
    return any(word in body for word in ACCESS_WORDS)


def is_object(body: str) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def retry_after(value: str, now: datetime) -> int | None:
    """Whole seconds of a Retry-After header, a number or a date; at least 1."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        seconds = int(text[:10])
    else:
        try:
            seconds = math.ceil((parsedate_to_datetime(text) - now).total_seconds())
        except (ValueError, TypeError):  # no date, or one without a zone
            return None
    return min(max(seconds, 1), MAX_RETRY_AFTER_S)


def of_stream(error: StreamError, retry_on: frozenset[int]) -> UpstreamFailure:
    """An error that upstream put into a 200 stream (3.11, 13.4)."""
    text = error.text.lower()
    if error.code == RATE_LIMIT_CODE or any(words in text for words in LIMIT_WORDS):
        return failure(LIMITED, retryable=429 in retry_on)
    if any(words in text for words in POLICY_WORDS):
        return failure(AGAINST_POLICY)
    if error.code == ANTI_BOT_CODE or ANTI_BOT in text:
        return failure(CHALLENGED, retryable=True)
    if any(words in text for words in ABSENCE_WORDS):
        absent = Verdict(Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.SERVER, UNAVAILABLE)
        return failure(absent, retryable=True)
    return failure(BROKEN, retryable=502 in retry_on)


NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def of_transport(
    error: httpx.TransportError, *, streaming: bool = False, spent: bool = False
) -> UpstreamFailure:
    """`streaming`: the head had come; `spent`: the total time was used up."""
    failed = translated(error, silent=streaming and not spent)
    failed.sent = not isinstance(error, NEVER_LEFT)
    return failed


def translated(error: httpx.TransportError, *, silent: bool) -> UpstreamFailure:
    if isinstance(error, httpx.TimeoutException):
        return timed_out(silent=silent)
    transport = UpstreamFault.TRANSPORT
    if isinstance(error, httpx.ConnectError):
        unreached = Verdict(
            Kind.UPSTREAM_ERROR, transport, "Upstream could not be reached."
        )
        return failure(unreached, retryable=True)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        own = "The call was not sent: its address or headers are not allowed."
        return failure(Verdict(Kind.INTERNAL, transport, own))
    cut = "The connection to upstream broke."
    return failure(Verdict(Kind.UPSTREAM_ERROR, transport, cut))


def timed_out(*, silent: bool) -> UpstreamFailure:
    kind = Kind.IDLE_TIMEOUT if silent else Kind.UPSTREAM_TIMEOUT
    told = "Upstream fell silent." if silent else "Upstream did not answer in time."
    return failure(Verdict(kind, UpstreamFault.TIMEOUT, told))


def bad_payload() -> UpstreamFailure:
    """A 200 that is not what we asked for, such as a web page."""
    told = "Upstream's answer could not be read."
    return failure(Verdict(Kind.UPSTREAM_ERROR, UpstreamFault.SERVER, told))


def failure(verdict: Verdict, *, retryable: bool = False) -> UpstreamFailure:
    return UpstreamFailure(
        verdict.kind, verdict.message, fault=verdict.fault, retryable=retryable
    )
