"""Small real files, and files of any size that are real all the same."""

import io
import itertools
import os
import struct
import zlib

from PIL import Image

MIB = 1024 * 1024
COLOURS = itertools.count(1)


def picture(kind="PNG", colour=None, size=(16, 8), **options):
    """A picture of one colour, each call another one unless it is given."""
    number = next(COLOURS) if colour is None else colour
    image = Image.new("RGB", size, (number % 256, number // 256 % 256, 77))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def padded_picture(total, colour=None):
    """A PNG of exactly so many bytes: a private chunk stands before its end."""
    plain = picture(colour=colour)
    ending = plain[-12:]
    padding = bytes(total - len(plain) - 12)
    chunk = b"prVt" + padding
    return b"".join(
        [
            plain[:-12],
            struct.pack(">I", len(padding)),
            chunk,
            struct.pack(">I", zlib.crc32(chunk)),
            ending,
        ]
    )


def box(kind, content=b""):
    return struct.pack(">I", 8 + len(content)) + kind + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")
MOOV = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", bytes(80)))


def film(media=None):
    """A video by its boxes; each call other media data unless it is given."""
    data = os.urandom(256) if media is None else media
    return FTYP + MOOV + box(b"mdat", data)


def padded_film(total):
    head = len(film(b"")) + 32
    return film(os.urandom(32) + bytes(total - head))
