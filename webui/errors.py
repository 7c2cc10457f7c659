"""Errors of the Web UI's own API, in the OpenAI dialect as scripts know it."""

from django.http import HttpResponse

from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_errors, sse


class RateExceeded(GatewayError):
    """A visitor has had as much as one may have for now."""

    def __init__(self, message: str, retry_after_s: int, *, code: str = "") -> None:
        super().__init__(
            Kind.RATE_LIMITED, message, retry_after_s=retry_after_s, code=code
        )


def response(error: GatewayError) -> HttpResponse:
    failure = openai_errors.failure(error, "")
    return HttpResponse(
        sse.dumps(failure.body),
        status=failure.status,
        content_type="application/json",
        headers={**dict(failure.headers), "Cache-Control": "no-store"},
    )


def switched_off(path: str) -> GatewayError:
    return GatewayError(Kind.UNKNOWN_URL, f"Unknown URL: {path[:256]}")


def stranger() -> GatewayError:
    return GatewayError(
        Kind.INVALID_API_KEY,
        "Sign in to the Web UI, or send its key as 'Authorization: Bearer KEY'.",
    )


def foreign() -> GatewayError:
    return GatewayError(
        Kind.MODEL_NOT_ALLOWED,
        "This request does not come from a page of this gateway. Reload the page.",
        code="csrf_failed",
    )
