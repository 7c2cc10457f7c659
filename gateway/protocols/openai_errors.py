"""The OpenAI error envelope (public-api 1.2, 1.3)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from gateway.errors import GatewayError, Kind
from gateway.protocols.base import STATUS, Failure, Json, failure_headers

SERVER = "server_error"
TYPES: Mapping[Kind, str] = {
    Kind.INVALID_API_KEY: "authentication_error",
    Kind.MODEL_NOT_ALLOWED: "permission_error",
    Kind.RATE_LIMITED: "rate_limit_error",
    Kind.NO_ACCOUNT: SERVER,
    Kind.UPSTREAM_UNAVAILABLE: SERVER,
    Kind.UPSTREAM_ERROR: SERVER,
    Kind.REPEATED_RESULT: SERVER,
    Kind.UPSTREAM_TIMEOUT: SERVER,
    Kind.IDLE_TIMEOUT: SERVER,
    Kind.EGRESS_UNAVAILABLE: SERVER,
    Kind.INTERNAL: SERVER,
}

EXAMPLE: JsonValue = {
    "error": {
        "message": "n must be between 1 and 4 for model 'grok-imagine-image-lite'",
        "type": "invalid_request_error",
        "param": "n",
        "code": "invalid_value",
    }
}


class ErrorDetail(BaseModel):
    """`param` is a dotted path into the request."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorEnvelope(BaseModel):
    """Every error of this dialect, for its document; all four members are there."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    error: ErrorDetail


def envelope(error: GatewayError) -> Json:
    return {
        "error": {
            "message": error.message,
            "type": TYPES.get(error.kind, "invalid_request_error"),
            "param": error.param,
            "code": error.code,
        }
    }


def failure(error: GatewayError, request_id: str) -> Failure:
    """`request_id` stands in a header here; the other dialect puts it in the body."""
    del request_id
    return Failure(STATUS[error.kind], envelope(error), failure_headers(error))
