"""Bodies of requests: read up to a limit, in memory while small, on disk when large."""

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

from gateway.errors import GatewayError, Kind
from grokgateway import config

Message = dict[str, Any]  # ASGI's own shape
Receive = Callable[[], Awaitable[Message]]

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
