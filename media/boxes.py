"""The boxes of an MP4 file: whether it is whole, and a hash of what it shows.

Follows ISO/IEC 14496-12: a box is a 32-bit size, a type of four characters and its
content; size 1 means a 64-bit size follows, size 0 that the box ends with the file.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from media.errors import NotMedia

HEADER_BYTES = 8
LONG_HEADER_BYTES = 16
MOST_BOXES = 20_000
READ_BYTES = 1024 * 1024
NEEDED = frozenset({b"ftyp", b"moov", b"mdat"})


@dataclass(frozen=True, slots=True)
class Box:
    type: bytes
    start: int  # of the content
    end: int


def media_hash(file: BinaryIO, size: int) -> str:
    """SHA-256 of the media data of a whole file; raises NotMedia for any other."""
    found = list(walk(file, 0, size))
    if not found or found[0].type != b"ftyp":
        raise NotMedia("The video does not begin with its type.")
    missing = NEEDED - {box.type for box in found}
    if missing:
        names = ", ".join(sorted(name.decode() for name in missing))
        raise NotMedia(f"The video lacks {names}.")
    for box in found:
        if box.type == b"moov" and not any(walk(file, box.start, box.end)):
            raise NotMedia("The video describes no track.")
    return hash_of(file, [box for box in found if box.type == b"mdat"])


def hash_of(file: BinaryIO, boxes: list[Box]) -> str:
    digest, total = hashlib.sha256(), 0
    for box in boxes:
        file.seek(box.start)
        left = box.end - box.start
        total += left
        while left and (data := file.read(min(left, READ_BYTES))):
            digest.update(data)
            left -= len(data)
    if not total:
        raise NotMedia("The video holds no media data.")
    return digest.hexdigest()


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places; raises NotMedia where one is cut off.

    What follows the last box and is none, such as padding, is passed over.
    """
    for _ in range(MOST_BOXES):
        if end - start < HEADER_BYTES:
            return
        box = box_at(file, start, end)
        if box is None:
            return
        if box.end > end:
            raise NotMedia("The video is cut off.")
        yield box
        start = box.end
    raise NotMedia("The video has too many parts.")


def box_at(file: BinaryIO, start: int, end: int) -> Box | None:
    file.seek(start)
    header = file.read(LONG_HEADER_BYTES)
    size, kind = int.from_bytes(header[:4]), header[4:8]
    if not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
        return None
    if size == 0:
        return Box(kind, start + HEADER_BYTES, end)
    if size == 1:
        size = int.from_bytes(header[8:16])
        least = LONG_HEADER_BYTES
    else:
        least = HEADER_BYTES
    return Box(kind, start + least, start + size) if size >= least else None
