"""Bodies of requests: read up to a limit, in memory while small, on disk when large."""

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

import orjson

from gateway.errors import GatewayError, Kind
from grokgateway import config

Message = dict[str, Any]  # ASGI's own shape
Receive = Callable[[], Awaitable[Message]]

MOST_VALUES = 200_000  # thousands of messages with calls and results have as many
SMALL_BYTES = 2 * MOST_VALUES  # a value and a comma each
JSON_TYPES = ("", "application/json", "text/json")
SPOOL_BYTES = 1024 * 1024
MIB = 1024 * 1024


def limit(headers: Mapping[bytes, bytes]) -> int:
    multipart = headers.get(b"content-type", b"").startswith(b"multipart/")
    key = "limits.multipart_mb" if multipart else "limits.json_body_mb"
    return config.current().number(key) * MIB


async def read(
    receive: Receive, limit_bytes: int, headers: Mapping[bytes, bytes]
) -> IO[bytes] | None:
    """The body as a file, spooled to disk when large; None if the client left."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise too_large(limit_bytes)
    body: IO[bytes] = BytesIO()
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.close()
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            body.close()
            raise too_large(limit_bytes)
        if size > SPOOL_BYTES and isinstance(body, BytesIO):
            body = spooled(body)
        body.write(chunk)
        if not message.get("more_body", False):
            body.seek(0)
            return body


def spooled(body: BytesIO) -> IO[bytes]:
    """A large body goes to disk; the caller closes it."""
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the request
    file.write(body.getvalue())
    return file


def too_large(limit_bytes: int) -> GatewayError:
    return GatewayError(
        Kind.TOO_LARGE, f"The request body exceeds {limit_bytes // MIB} MiB."
    )


def media_type(content_type: str) -> str:
    """Without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def json_object(content_type: str, body: bytes) -> dict[str, Any]:  # as it was sent
    """The members that were sent; null counts as not sent. Raises GatewayError."""
    if media_type(content_type) not in JSON_TYPES:
        raise GatewayError(
            Kind.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."
        )
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise invalid_json() from exc
    if not isinstance(found, dict):
        raise invalid_json()
    if len(body) > SMALL_BYTES and crowded(found):
        told = f"The request body holds more than {MOST_VALUES} values."
        raise GatewayError(Kind.TOO_LARGE, told)
    return {name: value for name, value in found.items() if value is not None}


def crowded(body: dict[str, Any]) -> bool:  # as it was sent
    """Whether reading it would keep everybody else waiting for long."""
    room = MOST_VALUES
    pending: list[Any] = [body]  # any JSON
    while pending:
        one = pending.pop()
        inner = one.values() if isinstance(one, dict) else one
        room -= len(inner)
        if room < 0:
            return True
        pending += (value for value in inner if isinstance(value, dict | list))
    return False


def invalid_json() -> GatewayError:
    return GatewayError(Kind.INVALID_JSON, "The body must be one valid JSON object.")
