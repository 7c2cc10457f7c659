"""The file formats that are kept, recognised by their first bytes."""

import re
from dataclasses import dataclass

from media.models import Kind

HEAD_BYTES = 32
PUBLIC_ID = re.compile(r"[0-9a-f-]{16,36}")
# What earlier versions may have left in the folders, in any case.
FOUND_SUFFIXES = {
    Kind.IMAGE: ("jpg", "jpeg", "png", "gif", "webp", "bmp"),
    Kind.VIDEO: ("mp4", "mov", "m4v", "webm", "avi", "mkv"),
}


@dataclass(frozen=True, slots=True)
class Format:
    kind: Kind
    mime: str
    suffix: str


PNG = Format(Kind.IMAGE, "image/png", "png")
JPEG = Format(Kind.IMAGE, "image/jpeg", "jpg")
WEBP = Format(Kind.IMAGE, "image/webp", "webp")
GIF = Format(Kind.IMAGE, "image/gif", "gif")
MP4 = Format(Kind.VIDEO, "video/mp4", "mp4")
SERVED = frozenset(one.mime for one in (PNG, JPEG, WEBP, GIF, MP4))


def sniff(head: bytes) -> Format | None:
    """The format that at least `HEAD_BYTES` of a file claim to begin."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return MP4
    return None


def is_page(head: bytes) -> bool:
    """Whether this begins like an error page, in HTML or JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"<", b"{"}
