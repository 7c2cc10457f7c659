"""Base64 data URIs: checked strictly, without decoding more than their start."""

import string
from binascii import a2b_base64
from dataclasses import dataclass

from gateway.conversation.file_types import GENERIC, SNIFFED_BYTES, Unreadable

SLICE_CHARS = 256 * 1024
ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
ESCAPES = {
    **{"%2B": "+", "%2b": "+", "%2F": "/", "%2f": "/", "%3D": "=", "%3d": "="},
    **{"%0A": "", "%0a": "", "%0D": "", "%0d": "", "%20": ""},
}


@dataclass(frozen=True, slots=True)
class DataUri:
    """`content` is bare, correct base64; `start` the first of its bytes."""

    media_type: str
    content: str
    start: bytes
    size_bytes: int


def is_data_uri(source: str) -> bool:
    return source[:5].lower() == "data:"


def parse(source: str) -> DataUri:
    """Raises Unreadable. Takes time in proportion to the length, in small steps."""
    head, comma, payload = source.partition(",")
    media_type, *parameters = head[len("data:") :].split(";")
    marked = any(one.strip().lower() == "base64" for one in parameters)
    if not comma or not marked:
        raise Unreadable("is no base64 data URI")
    size_bytes = correct_size(payload)
    if size_bytes is None:
        payload = bare(payload)
        size_bytes = correct_size(payload)
    if size_bytes is None:
        raise Unreadable("is not correct base64")
    if not size_bytes:
        raise Unreadable("holds no data")
    start = a2b_base64(payload[: SNIFFED_BYTES * 4])[:SNIFFED_BYTES]
    return DataUri(media_type.strip().lower() or GENERIC, payload, start, size_bytes)


def bare(payload: str) -> str:
    """Without white space, and without the escapes a URL may have for base64."""
    if "%" in payload:
        for escape, char in ESCAPES.items():
            payload = payload.replace(escape, char)
    starts = range(0, len(payload), SLICE_CHARS)
    return "".join(["".join(payload[at : at + SLICE_CHARS].split()) for at in starts])


def correct_size(content: str) -> int | None:
    """How many bytes the base64 stands for; None if it is not correct.

    In slices, so that no step keeps other threads waiting for long.
    """
    last = content[-2:]
    padding = len(last) - len(last.rstrip("="))
    end = len(content) - padding
    if len(content) % 4:
        return None
    for at in range(0, end, SLICE_CHARS):
        piece = content[at : min(at + SLICE_CHARS, end)]
        if not piece.isascii() or piece.encode("ascii").translate(None, ALPHABET):
            return None
    return len(content) // 4 * 3 - padding
