"""What every answer of the public API carries, and errors in the caller's dialect."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from gateway.errors import GatewayError
from gateway.protocols import anthropic_errors, openai_errors, sse
from gateway.protocols.base import Failure

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
WEBUI = "/webui"
MESSAGES = "/v1/messages"
MODELS = "/v1/models"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How errors are put, and under which names a request's id is told.

    `shared`: pages of other sites may read the answers.
    """

    failure: Callable[[GatewayError, str], Failure]
    id_headers: tuple[bytes, ...]
    shared: bool = True


OPENAI = Dialect(openai_errors.failure, (b"x-request-id",))
OWN_PAGES = Dialect(openai_errors.failure, (b"x-request-id",), shared=False)
ANTHROPIC = Dialect(anthropic_errors.failure, (b"x-request-id", b"request-id"))


def dialect_of(scope: Mapping[str, Any]) -> Dialect:  # ASGI's own shape
    """The caller's dialect, known before any view is (public-api 1.2)."""
    path: str = scope["path"]
    if within(path, MESSAGES):
        return ANTHROPIC
    if within(path, WEBUI):
        return OWN_PAGES
    if within(path, MODELS) and any(
        name == b"anthropic-version" for name, _ in scope["headers"]
    ):
        return ANTHROPIC
    return OPENAI


def within(path: str, root: str) -> bool:
    return path.startswith(root) and path[len(root) :][:1] in {"", "/"}


def request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own id if it is well formed, else a new one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.match(given) else "req_" + secrets.token_hex(16)


def common_headers(
    request_id: str, dialect: Dialect = OPENAI
) -> list[tuple[bytes, bytes]]:
    told = request_id.encode()
    cors = CORS_HEADERS if dialect.shared else ()
    return [*((name, told) for name in dialect.id_headers), *cors]


def preflight(scope: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:  # ASGI's shape
    headers = dict(scope["headers"])
    told = request_id(headers).encode()
    if not dialect_of(scope).shared:
        return [(b"allow", b"POST"), (b"x-request-id", told)]
    wanted = headers.get(b"access-control-request-headers", b"*")
    return [
        *PREFLIGHT_HEADERS,
        (b"access-control-allow-headers", wanted),
        *((name, told) for name in dialect_of(scope).id_headers),
    ]


def error_response(
    error: GatewayError, request_id: str, dialect: Dialect
) -> HttpResponse:
    failure = dialect.failure(error, request_id)
    return HttpResponse(
        sse.dumps(failure.body),
        status=failure.status,
        content_type="application/json",
        headers=dict(failure.headers),
    )


def encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
