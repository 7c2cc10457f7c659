"""What every answer of the public API carries, and errors in the caller's dialect."""

import re
import secrets
from collections.abc import Iterable, Mapping

from django.http import HttpResponse

from gateway.errors import GatewayError
from gateway.protocols import openai_errors, sse

REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,128}\Z")
EXPOSED = (
    "x-request-id, request-id, retry-after, openai-processing-ms, content-range, "
    "accept-ranges, content-disposition"
)
CORS_HEADERS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
)
PREFLIGHT_HEADERS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS, HEAD"),
    (b"access-control-max-age", b"600"),
    (b"vary", b"access-control-request-headers"),
)


def request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own id if it is well formed, else a new one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.match(given) else "req_" + secrets.token_hex(16)


def common_headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-request-id", request_id.encode()), *CORS_HEADERS]


def preflight(headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    wanted = headers.get(b"access-control-request-headers", b"*")
    return [
        *PREFLIGHT_HEADERS,
        (b"access-control-allow-headers", wanted),
        (b"x-request-id", request_id(headers).encode()),
    ]


def error_response(error: GatewayError, request_id: str) -> HttpResponse:
    failure = openai_errors.failure(error, request_id)
    return HttpResponse(
        sse.dumps(failure.body),
        status=failure.status,
        content_type="application/json",
        headers=dict(failure.headers),
    )


def encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
