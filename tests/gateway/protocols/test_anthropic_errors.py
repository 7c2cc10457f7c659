"""Errors in the Anthropic dialect, row by row of public-api 1.3."""

import pytest
from anthropic.types import ErrorResponse

from gateway.errors import GatewayError, Kind
from gateway.protocols import anthropic_errors, openai_errors

INVALID = (400, "invalid_request_error")
NOT_FOUND = (404, "not_found_error")
OVERLOADED = (503, "overloaded_error")
ROWS = {
    Kind.INVALID_API_KEY: (401, "authentication_error"),
    Kind.INVALID_JSON: INVALID,
    Kind.TOO_LARGE: (413, "request_too_large"),
    Kind.UNSUPPORTED_MEDIA_TYPE: (415, "invalid_request_error"),
    Kind.UNKNOWN_URL: NOT_FOUND,
    Kind.METHOD_NOT_ALLOWED: (405, "invalid_request_error"),
    Kind.MODEL_NOT_FOUND: NOT_FOUND,
    Kind.MODEL_NOT_ALLOWED: (403, "permission_error"),
    Kind.UNSUPPORTED_MODEL: INVALID,
    Kind.MISSING: INVALID,
    Kind.INVALID_TYPE: INVALID,
    Kind.INVALID_VALUE: INVALID,
    Kind.UNSUPPORTED: INVALID,
    Kind.INVALID_ATTACHMENT: INVALID,
    Kind.RESPONSE_NOT_FOUND: NOT_FOUND,
    Kind.VIDEO_NOT_FOUND: NOT_FOUND,
    Kind.FILE_NOT_FOUND: NOT_FOUND,
    Kind.VIDEO_NOT_READY: (409, "invalid_request_error"),
    Kind.VIDEO_FAILED: INVALID,
    Kind.IDEMPOTENCY_CONFLICT: (409, "invalid_request_error"),
    Kind.NO_ACCOUNT: OVERLOADED,
    Kind.RATE_LIMITED: (429, "rate_limit_error"),
    Kind.UPSTREAM_UNAVAILABLE: OVERLOADED,
    Kind.UPSTREAM_REJECTED: INVALID,
    Kind.UPSTREAM_ERROR: (502, "api_error"),
    Kind.REPEATED_RESULT: (502, "api_error"),
    Kind.UPSTREAM_TIMEOUT: (504, "timeout_error"),
    Kind.IDLE_TIMEOUT: (504, "timeout_error"),
    Kind.CONTENT_POLICY: INVALID,
    Kind.EGRESS_UNAVAILABLE: OVERLOADED,
    Kind.INTERNAL: (500, "api_error"),
}


def test_every_kind_has_its_row():
    assert set(ROWS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_the_row_of_the_table(kind):
    failure = anthropic_errors.failure(GatewayError(kind, "No."), "req_1")
    assert (failure.status, failure.body["error"]["type"]) == ROWS[kind]
    assert failure.body["request_id"] == "req_1"
    assert set(failure.body) == {"type", "error", "request_id"}
    assert set(failure.body["error"]) == {"type", "message"}
    if kind is not Kind.TOO_LARGE:  # documented, but not among the SDK's types
        ErrorResponse.model_validate(failure.body)


@pytest.mark.parametrize("kind", Kind)
def test_headers_and_status_are_those_of_the_other_dialect(kind):
    error = GatewayError(kind, "No.", retry_after_s=7, allow="POST")
    mine = anthropic_errors.failure(error, "req_1")
    other = openai_errors.failure(error, "req_1")
    assert (mine.status, mine.headers) == (other.status, other.headers)


def test_the_path_stands_in_front_of_the_message_once():
    bare = GatewayError(Kind.INVALID_VALUE, "must be short", param="a.0")
    assert anthropic_errors.placed(bare) == "a.0: must be short"
    placed = GatewayError(Kind.INVALID_VALUE, "a.0: must be short", param="a.0")
    assert anthropic_errors.placed(placed) == "a.0: must be short"
    assert anthropic_errors.placed(GatewayError(Kind.INTERNAL, "Oh.")) == "Oh."
