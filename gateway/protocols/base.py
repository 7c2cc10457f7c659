"""The shape every protocol module has, and what the dialects share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.conversation.events import Event
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError, Kind

Json = dict[str, Any]  # the wire's own shape; stays inside protocols/

STATUS: Mapping[Kind, int] = {
    Kind.INVALID_API_KEY: 401,
    Kind.INVALID_JSON: 400,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_MEDIA_TYPE: 415,
    Kind.UNKNOWN_URL: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.MODEL_NOT_FOUND: 404,
    Kind.MODEL_NOT_ALLOWED: 403,
    Kind.UNSUPPORTED_MODEL: 400,
    Kind.MISSING: 400,
    Kind.INVALID_TYPE: 400,
    Kind.INVALID_VALUE: 400,
    Kind.UNSUPPORTED: 400,
    Kind.INVALID_ATTACHMENT: 400,
    Kind.RESPONSE_NOT_FOUND: 404,
    Kind.VIDEO_NOT_FOUND: 404,
    Kind.FILE_NOT_FOUND: 404,
    Kind.VIDEO_NOT_READY: 409,
    Kind.VIDEO_FAILED: 400,
    Kind.IDEMPOTENCY_CONFLICT: 409,
    Kind.NO_ACCOUNT: 503,
    Kind.RATE_LIMITED: 429,
    Kind.UPSTREAM_UNAVAILABLE: 503,
    Kind.UPSTREAM_REJECTED: 400,
    Kind.UPSTREAM_ERROR: 502,
    Kind.UPSTREAM_TIMEOUT: 504,
    Kind.IDLE_TIMEOUT: 504,
    Kind.REPEATED_RESULT: 502,
    Kind.CONTENT_POLICY: 400,
    Kind.EGRESS_UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
# SDKs ask again after 409 and 5xx; here that would only cost.
NOT_BETTER_LATER = frozenset(
    {Kind.NO_ACCOUNT, Kind.VIDEO_NOT_READY, Kind.REPEATED_RESULT}
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies one answer: its id, its creation time (Unix s), its model."""

    id: str
    created: int
    model: str


@dataclass(frozen=True, slots=True)
class Card:
    """A model as a list names it."""

    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as one dialect puts it."""

    status: int
    body: Json
    headers: Mapping[str, str]


class Encoder(Protocol):
    """Neutral events in, bytes of the protocol's stream out."""

    def opening(self) -> bytes:
        """What is sent once per request, before any output."""

    def feed(self, events: Iterable[Event]) -> bytes:
        """All frames of these events, joined."""

    def keep_alive(self) -> bytes:
        """A frame that says nothing but that we are still there."""

    def failure(self, error: GatewayError) -> bytes:
        """The in-stream error; nothing is sent after it."""


class ChatProtocol(Protocol):
    """What a module of this package offers beside its own `Request` and `parse`."""

    def reply(self, stamp: Stamp, completion: Completion) -> Json: ...

    def failure(self, error: GatewayError, request_id: str) -> Failure: ...


def failure_headers(error: GatewayError) -> dict[str, str]:
    """The headers that say whether and when to try again, in either dialect."""
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, error.retry_after_s))
    if error.kind in NOT_BETTER_LATER:
        headers["x-should-retry"] = "false"
    if error.kind is Kind.INVALID_API_KEY:
        headers["WWW-Authenticate"] = "Bearer"
    if error.allow is not None:
        headers["Allow"] = error.allow
    return headers
