"""The Anthropic error envelope (public-api 1.2, 1.3)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from gateway.errors import GatewayError, Kind
from gateway.protocols.base import STATUS, Failure, Json, failure_headers

API = "api_error"
INVALID = "invalid_request_error"
NOT_FOUND = "not_found_error"
OVERLOADED = "overloaded_error"
TIMEOUT = "timeout_error"
TYPES: Mapping[Kind, str] = {
    Kind.INVALID_API_KEY: "authentication_error",
    Kind.MODEL_NOT_ALLOWED: "permission_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.UNKNOWN_URL: NOT_FOUND,
    Kind.MODEL_NOT_FOUND: NOT_FOUND,
    Kind.RESPONSE_NOT_FOUND: NOT_FOUND,
    Kind.VIDEO_NOT_FOUND: NOT_FOUND,
    Kind.FILE_NOT_FOUND: NOT_FOUND,
    Kind.RATE_LIMITED: "rate_limit_error",
    Kind.NO_ACCOUNT: OVERLOADED,
    Kind.UPSTREAM_UNAVAILABLE: OVERLOADED,
    Kind.EGRESS_UNAVAILABLE: OVERLOADED,
    Kind.UPSTREAM_ERROR: API,
    Kind.REPEATED_RESULT: API,
    Kind.INTERNAL: API,
    Kind.UPSTREAM_TIMEOUT: TIMEOUT,
    Kind.IDLE_TIMEOUT: TIMEOUT,
}
EXAMPLE: JsonValue = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "messages: must not be empty",
    },
    "request_id": "req_0f3c",
}


class ErrorDetail(BaseModel):
    """The message begins with the path of what it is about."""

    type: str
    message: str


class ErrorEnvelope(BaseModel):
    """Every error of this dialect that is no event of a stream, for its document."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    type: Literal["error"]
    error: ErrorDetail
    request_id: str


def envelope(error: GatewayError) -> Json:
    """As it stands in a stream, where no request id is told."""
    kind = TYPES.get(error.kind, INVALID)
    return {"type": "error", "error": {"type": kind, "message": placed(error)}}


def placed(error: GatewayError) -> str:
    """The message behind the path of what it is about; there is no `param` here."""
    if error.param is None or error.message.startswith(f"{error.param}:"):
        return error.message
    return f"{error.param}: {error.message}"


def failure(error: GatewayError, request_id: str) -> Failure:
    body = {**envelope(error), "request_id": request_id}
    return Failure(STATUS[error.kind], body, failure_headers(error))
