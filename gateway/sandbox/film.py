"""Films made up from a name: MP4 by hand, two JPEG pictures a second (ISO 14496)."""

import struct
from functools import lru_cache

from gateway.sandbox import paint

TIMESCALE = 1000
FRAME_MS = 500
SHRUNK = 4
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
JPEG_OBJECT = 0x6C  # the object type of ISO 10918-1 among MPEG-4 streams
VISUAL_STREAM = 0x11
TYPE = b"isom" + struct.pack(">I", 512) + b"isomiso2mp41"


@lru_cache(maxsize=64)
def mp4(identity: str) -> bytes:
    seconds = paint.seconds_of(identity) or 1
    width, height = paint.size_of(identity)
    size = (width // SHRUNK, height // SHRUNK)
    pictures = [
        paint.saved(paint.painted(f"{identity} {number}", paint.GRID, size), "JPEG")
        for number in range(seconds * TIMESCALE // FRAME_MS)
    ]
    sizes = [len(picture) for picture in pictures]
    head = box(b"ftyp", TYPE)
    # the description stands first and names where the data is, so it is made twice
    start = len(head) + len(movie(size, sizes, 0)) + 8
    return head + movie(size, sizes, start) + box(b"mdat", *pictures)


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *parts)


def movie(size: tuple[int, int], sizes: list[int], start: int) -> bytes:
    length = len(sizes) * FRAME_MS
    header = full(
        b"mvhd",
        struct.pack(">4I", 0, 0, TIMESCALE, length),
        struct.pack(">IHH8x", 0x10000, 0x0100, 0),
        MATRIX,
        struct.pack(">24xI", 2),
    )
    return box(b"moov", header, track(size, sizes, start))


def track(size: tuple[int, int], sizes: list[int], start: int) -> bytes:
    length = len(sizes) * FRAME_MS
    width, height = size
    header = full(
        b"tkhd",
        struct.pack(">5I8x4H", 0, 0, 1, 0, length, 0, 0, 0, 0),
        MATRIX,
        struct.pack(">II", width << 16, height << 16),
        flags=3,
    )
    no_language = 0x55C4
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">4IHH", 0, 0, TIMESCALE, length, no_language, 0)),
        full(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"sandbox\0"),
        box(
            b"minf",
            full(b"vmhd", struct.pack(">4H", 0, 0, 0, 0), flags=1),
            box(b"dinf", full(b"dref", b"\0\0\0\x01", full(b"url ", flags=1))),
            table(size, sizes, start),
        ),
    )
    return box(b"trak", header, media)


def table(size: tuple[int, int], sizes: list[int], start: int) -> bytes:
    count = len(sizes)
    return box(
        b"stbl",
        full(b"stsd", b"\0\0\0\x01", sample_entry(size)),
        full(b"stts", struct.pack(">3I", 1, count, FRAME_MS)),
        full(b"stsc", struct.pack(">4I", 1, 1, count, 1)),
        full(b"stsz", struct.pack(f">II{count}I", 0, count, *sizes)),
        full(b"stco", struct.pack(">II", 1, start)),
    )


def sample_entry(size: tuple[int, int]) -> bytes:
    width, height = size
    stream = struct.pack(">BB3xII", JPEG_OBJECT, VISUAL_STREAM, 0, 0)
    described = descriptor(4, stream) + descriptor(6, b"\x02")
    return box(
        b"mp4v",
        struct.pack(">6xH16x", 1),
        struct.pack(">HHII4xH32xHh", width, height, 72 << 16, 72 << 16, 1, 24, -1),
        full(b"esds", descriptor(3, struct.pack(">HB", 1, 0) + described)),
    )


def descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content
