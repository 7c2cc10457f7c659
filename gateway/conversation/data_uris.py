"""Base64 data URIs: checked strictly, without decoding more than their start."""

import string
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.conversation.file_types import GENERIC, SNIFFED_BYTES, Unreadable
from gateway.conversation.slices import joined, slices

ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
WHITE_SPACE = string.whitespace.encode()
ESCAPES = {
    **{"%2B": "+", "%2b": "+", "%2F": "/", "%2f": "/", "%3D": "=", "%3d": "="},
    **{"%0A": "", "%0a": "", "%0D": "", "%0d": "", "%20": ""},
}


@dataclass(frozen=True, slots=True)
class DataUri:
    """`content` is bare, correct base64; `start` the first of its bytes."""

    media_type: str
    content: bytes
    start: bytes
    size_bytes: int


def is_data_uri(source: str) -> bool:
    return source[:5].lower() == "data:"


def parse(source: str) -> DataUri:
    """Raises Unreadable."""
    comma = source.find(",")
    media_type, *parameters = source[len("data:") : max(comma, 0)].split(";")
    if not any(one.strip().lower() == "base64" for one in parameters):
        raise Unreadable("is no base64 data URI")
    content = bare(source, comma + 1)
    last = content[-2:]
    padding = len(last) - len(last.rstrip(b"="))
    if len(content) % 4 or content.find(b"=", 0, len(content) - padding) >= 0:
        raise Unreadable("is not correct base64")
    if not content:
        raise Unreadable("holds no data")
    start = a2b_base64(content[: SNIFFED_BYTES * 4])[:SNIFFED_BYTES]
    size_bytes = len(content) // 4 * 3 - padding
    return DataUri(media_type.strip().lower() or GENERIC, content, start, size_bytes)


def bare(source: str, start: int) -> bytes:
    """Without white space, and without the escapes that URLs may have for base64."""
    if "%" in source:
        source, start = source[start:], 0
        for escape, char in ESCAPES.items():
            source = source.replace(escape, char)
    return joined(checked(source, start))


def checked(source: str, start: int) -> Iterator[bytes]:
    for part in slices(start, len(source)):
        piece = source[part].encode("ascii", "replace")
        piece = piece.translate(None, WHITE_SPACE)
        if piece.translate(None, ALPHABET).strip(b"="):
            raise Unreadable("is not correct base64")
        yield piece
