"""What can go wrong, in neutral words: no HTTP status, no protocol's vocabulary.

Each protocol turns a `Kind` into its own status and body (public-api 1.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One member per row of the error table; the value is the public error code."""

    INVALID_API_KEY = "invalid_api_key"
    INVALID_JSON = "invalid_json"
    TOO_LARGE = "request_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNKNOWN_URL = "unknown_url"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    UNSUPPORTED_MODEL = "unsupported_model"
    MISSING = "missing_required_parameter"
    INVALID_TYPE = "invalid_type"
    INVALID_VALUE = "invalid_value"
    UNSUPPORTED = "unsupported_parameter"
    INVALID_ATTACHMENT = "invalid_attachment"
    RESPONSE_NOT_FOUND = "response_not_found"
    VIDEO_NOT_FOUND = "video_not_found"
    FILE_NOT_FOUND = "file_not_found"
    VIDEO_NOT_READY = "video_not_ready"
    VIDEO_FAILED = "video_generation_failed"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    NO_ACCOUNT = "no_available_account"
    RATE_LIMITED = "rate_limit_exceeded"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_REJECTED = "upstream_rejected"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    IDLE_TIMEOUT = "stream_idle_timeout"
    REPEATED_RESULT = "repeated_result"
    CONTENT_POLICY = "content_policy_violation"
    EGRESS_UNAVAILABLE = "egress_unavailable"
    INTERNAL = "internal_error"


class GatewayError(Exception):
    """A failure with a message that is safe to show to the caller.

    `param` is a dotted path into the request; `retry_after_s` whole seconds until a
    retry may succeed; `allow` the methods a 405 names; `code` is told instead of the
    kind's own where one more exact is known.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        allow: str | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.allow = allow
        self.code = code or str(kind)


class UpstreamFault(StrEnum):
    """What an upstream failure says about the account that met it."""

    CREDENTIAL = "credential"  # a marker of a dead login (upstream-protocol 11.2)
    UNAUTHORIZED = "unauthorized"  # 401 without a marker
    FORBIDDEN = "forbidden"  # 403, neither marker nor challenge nor policy answer
    CHALLENGE = "challenge"  # anti-bot page: the egress's affair
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"  # 400, 413, 422: the request's affair
    POLICY = "policy"  # structured 403 about content: the request's affair
    SERVER = "server"  # 5xx, bad payload
    EMPTY = "empty"  # a reply without text, reasoning, image or call
    EGRESS = "egress"  # the way out failed: a node's affair
    MOVED = "moved"  # the form of the call is gone: the dialect's affair
    TRANSPORT = "transport"  # no connection, reset
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The response that was judged: what of it the judgement depends on."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UpstreamFailure(GatewayError):
    """An upstream call that failed; `retryable` says another account may do better.

    `sent` is False where the call provably never left, so that nothing was spent.
    `cause` is the code of a row of `gateway.egress.causes`, where it is known.
    `absent`: upstream itself answered that there is nothing at the call's address.
    `evidence` is for captures; it is upstream's own and never told to a caller.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        fault: UpstreamFault,
        status: int | None = None,
        retryable: bool = False,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(kind, message, retry_after_s=retry_after_s)
        self.fault = fault
        self.status = status
        self.retryable = retryable
        self.sent = True
        self.cause = ""
        self.absent = False
        self.evidence: Evidence | None = None

    @property
    def charged(self) -> bool:
        """Whether upstream may have counted the call; it does not count a refusal."""
        refused = self.status is not None and 400 <= self.status < 500
        return self.sent and (not refused or self.status == 429)
