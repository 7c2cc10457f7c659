"""gRPC-Web frames as upstream's account calls use them (10.1); pure."""

import base64
import binascii
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

HEAD_BYTES = 5
TRAILERS = 0x80
COMPRESSED = 0x01
UNKNOWN = -1
SUCCESS = frozenset({0, UNKNOWN})  # no status at all counts as success
BASE64 = frozenset(string.ascii_letters.encode() + string.digits.encode() + b"+/=\r\n")
LOOKED_AT_BYTES = 2048
HTTP_STATUS = {4: 504, 7: 403, 8: 429, 14: 503, 16: 401}
OTHER_STATUS = 502


class BadFrame(ValueError):
    """The reply cannot be read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`http_status` is what a failed status amounts to; 200 for success."""

    messages: tuple[bytes, ...]
    status: int
    message: str = ""

    @property
    def http_status(self) -> int:
        if self.status in SUCCESS:
            return 200
        return HTTP_STATUS.get(self.status, OTHER_STATUS)


def frame(payload: bytes) -> bytes:
    return b"\0" + len(payload).to_bytes(4, "big") + payload


def read(body: bytes, headers: Mapping[str, str]) -> Reply:
    """Status and message stand in trailers; headers fill what those lack."""
    messages: list[bytes] = []
    trailers: dict[str, str] = {}
    for flag, payload in frames(decoded(body, headers)):
        if flag & COMPRESSED:
            raise BadFrame("compressed frames are not supported")
        if flag & TRAILERS:
            trailers.update(fields(payload))
        else:
            messages.append(payload)
    status = trailers.get("grpc-status") or headers.get("grpc-status", "")
    message = trailers.get("grpc-message") or headers.get("grpc-message", "")
    try:
        code = int(status)
    except ValueError:
        code = UNKNOWN
    return Reply(tuple(messages), code, unquote(message))


def decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    text = "grpc-web-text" in headers.get("content-type", "")
    start = body[:LOOKED_AT_BYTES]
    if not (text or (start and all(byte in BASE64 for byte in start))):
        return body
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return body


def frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    """An incomplete last frame is ignored."""
    position = 0
    while position + HEAD_BYTES <= len(body):
        end = position + HEAD_BYTES
        size = int.from_bytes(body[position + 1 : end], "big")
        if end + size > len(body):
            return
        yield body[position], body[end : end + size]
        position = end + size


def fields(payload: bytes) -> Iterator[tuple[str, str]]:
    for line in payload.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()
