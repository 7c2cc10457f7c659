"""What went wrong, told once: transport errors, statuses and in-band errors.

Each is a row of `gateway.egress.causes`. Messages are ours alone: no body, token or
address of upstream is in them.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import orjson

from gateway.egress import causes
from gateway.egress.causes import Blame, Cause
from gateway.errors import Evidence, UpstreamFailure, UpstreamFault
from gateway.upstream.inband import RATE_LIMIT_CODE, StreamError
from gateway.upstream.limits import Settings

MAX_RETRY_AFTER_S = 86_400
INVALID_CODE = 3  # these are gRPC's
ANTI_BOT_CODE = 7
UNAUTHENTICATED_CODE = 16
INVALID_WORDS = "invalid argument"
IN_BAND = Evidence(200, {}, b"")
TELLING_HEADERS = ("content-type", "cf-mitigated", "retry-after")
MARKER_STATUSES = frozenset({400, 401, 403})
ABSENT_STATUSES = frozenset({404, 405, 410})
BLOCK_MARKERS = ("blocked-user", "email-domain-rejected", "account suspended")
CREDENTIAL_MARKERS = (
    *BLOCK_MARKERS,
    "invalid-credentials",
    "bad-credentials",
    "failed to look up session id",
    "session not found",
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

BY_STATUS = {
    400: causes.REJECTED,
    401: causes.UNAUTHORIZED,
    402: causes.NO_SUBSCRIPTION,
    403: causes.FORBIDDEN,
    413: causes.REJECTED,
    422: causes.REJECTED,
    429: causes.LIMITED,
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
    words = body.decode("utf-8", "replace").lower()
    cause = judge(status, headers, words)
    dead = cause.fault is UpstreamFault.CREDENTIAL
    final = cause.fault is UpstreamFault.POLICY
    failed = failure(cause, retryable=dead or (status in retry_on and not final))
    failed.status = status
    failed.retry_after_s = retry_after(headers.get("retry-after", ""), now)
    failed.absent = is_absent(status, headers, words)
    telling = {name: headers[name] for name in TELLING_HEADERS if name in headers}
    failed.evidence = Evidence(status, telling, body)
    return failed


def is_absent(status: int, headers: Mapping[str, str], body: str) -> bool:
    """Nothing is at this address, and neither a login nor a guard is the reason."""
    if status not in ABSENT_STATUSES or is_challenge(status, headers, body):
        return False
    return not any(mark in body for mark in (*CREDENTIAL_MARKERS, *CHALLENGE_SIGNS))


def judge(status: int, headers: Mapping[str, str], body: str) -> Cause:
    if status in MARKER_STATUSES and any(mark in body for mark in CREDENTIAL_MARKERS):
        blocked = any(mark in body for mark in BLOCK_MARKERS)
        return causes.BLOCKED if blocked else causes.DEAD_LOGIN
    if is_challenge(status, headers, body):
        return causes.CHALLENGED
    if status == 403 and is_object(body) and not denies_access(body):
        return causes.AGAINST_POLICY
    return BY_STATUS.get(status, causes.BROKEN)


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
    failed = judged(error, error.text.lower(), retry_on)
    failed.evidence = IN_BAND
    return failed


def judged(error: StreamError, text: str, retry_on: frozenset[int]) -> UpstreamFailure:
    if any(mark in text for mark in CREDENTIAL_MARKERS):
        return failure(causes.DEAD_LOGIN, retryable=True)
    if error.code == RATE_LIMIT_CODE or any(words in text for words in LIMIT_WORDS):
        return failure(causes.LIMITED, retryable=429 in retry_on)
    if any(words in text for words in POLICY_WORDS):
        return failure(causes.AGAINST_POLICY)
    if error.code == ANTI_BOT_CODE or ANTI_BOT in text:
        return failure(causes.ANTI_BOT, retryable=True)
    if error.code == UNAUTHENTICATED_CODE:
        return failure(causes.UNAUTHORIZED, retryable=401 in retry_on)
    if error.code == INVALID_CODE or INVALID_WORDS in text:
        return failure(causes.REJECTED)
    if any(words in text for words in ABSENCE_WORDS):
        return failure(causes.ABSENT, retryable=True)
    return failure(causes.BROKEN, retryable=502 in retry_on)


NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class ProxyFailure(httpx.ProxyError):
    """The proxy did not lead to upstream; `cause` says why, in our words alone."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.code)
        self.cause = cause


def of_transport(
    error: httpx.TransportError,
    *,
    streaming: bool = False,
    spent: bool = False,
    proxied: bool = False,
) -> UpstreamFailure:
    """`streaming`: the head had come; `spent`: the total time was used up."""
    cause = cause_of(error, silent=streaming and not spent)
    if proxied and not streaming:
        cause = behind_proxy(error) or cause
    sent = not isinstance(error, NEVER_LEFT)
    lost = cause is causes.UNREACHED or cause.blame is Blame.NODE
    failed = failure(cause, retryable=lost and not sent)
    failed.sent = sent
    return failed


def cause_of(error: httpx.TransportError, *, silent: bool) -> Cause:
    match error:
        case ProxyFailure():
            return error.cause
        case httpx.ConnectTimeout():
            return causes.NO_CONNECTION
        case httpx.TimeoutException():
            return causes.FELL_SILENT if silent else causes.NO_ANSWER
        case httpx.ConnectError():
            return causes.UNREACHED
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return causes.NOT_SENT
    return causes.CUT


def behind_proxy(error: httpx.TransportError) -> Cause | None:
    """What fails before upstream has said a word is the node's affair, silence not."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return causes.PROXY_TIMEOUT
        case httpx.ConnectError():
            return causes.PROXY_UNREACHABLE
        case httpx.ReadError() | httpx.WriteError() | httpx.RemoteProtocolError():
            return causes.PROXY_RESET
    return None


def timed_out(*, silent: bool) -> UpstreamFailure:
    return failure(causes.FELL_SILENT if silent else causes.NO_ANSWER)


def bad_payload() -> UpstreamFailure:
    """A 200 that is not what we asked for, such as a web page."""
    return failure(causes.UNREADABLE)


def failure(cause: Cause, *, retryable: bool = False) -> UpstreamFailure:
    failed = UpstreamFailure(
        cause.kind, cause.message, fault=cause.fault, retryable=retryable
    )
    failed.cause = cause.code
    return failed
