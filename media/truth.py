"""Whether bytes are what they claim, and whether a result is really of its prompt.

All functions read files or the database and belong on a thread.
"""

import hashlib
import io
import logging
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.db import DatabaseError
from PIL import Image

from grokgateway import crypto
from media import boxes, formats
from media.errors import ErrorPage, NotMedia, Repeated
from media.formats import Format
from media.models import Kind, Sighting

logger = logging.getLogger(__name__)
MOST_PIXELS = 32 * 1024 * 1024
STRIP_PIXELS = 1024 * 1024
REPEAT_WITHIN = timedelta(days=1)
DECODERS = {
    formats.PNG: "PNG",
    formats.JPEG: "JPEG",
    formats.WEBP: "WEBP",
    formats.GIF: "GIF",
}
PLAIN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})
UNDECODABLE = (
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a look into a file found; `content_hash` ignores names, dates and tags.

    `width` and `height` are pixels, 0 for a video, which is not decoded.
    """

    format: Format
    content_hash: str
    width: int = 0
    height: int = 0


def examine(path: Path, kind: Kind) -> Facts:
    """Decode as much as proves the file whole; raises NotMedia."""
    with path.open("rb") as file:
        return facts_of(file, path.stat().st_size, kind)


def facts_of(file: BinaryIO, size: int, kind: Kind) -> Facts:
    """The same for an open file."""
    found = recognised(file.read(formats.HEAD_BYTES), kind)
    file.seek(0)
    if found == formats.MP4:
        return Facts(found, boxes.media_hash(file, size))
    return Facts(found, *seen(file, found))


def vouch(kind: Kind, data: bytes, prompt: str) -> Facts:
    """Look into a result that is handed out unkept; raises NotMedia, Repeated."""
    facts = facts_of(io.BytesIO(data), len(data), kind)
    try:
        repeated = is_repeated(kind, facts, prompt)
    except DatabaseError:
        logger.exception("A result cannot be compared with those of other prompts.")
        return facts
    if repeated:
        raise Repeated
    return facts


def recognised(head: bytes, kind: Kind) -> Format:
    if formats.is_page(head):
        raise ErrorPage
    found = formats.sniff(head)
    if found is None or found.kind != kind:
        raise NotMedia(f"The bytes are no {kind} of a kind that is kept.")
    return found


def seen(file: BinaryIO, claimed: Format) -> tuple[str, int, int]:
    """SHA-256 over size and pixels of the first picture, and its size.

    Raises NotMedia.
    """
    try:
        with Image.open(file, formats=[DECODERS[claimed]]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise NotMedia("The picture has too many pixels.")
            image.load()
            return hash_of(image), image.width, image.height
    except UNDECODABLE as exc:
        raise NotMedia("The picture cannot be decoded.") from exc


def hash_of(image: Image.Image) -> str:
    """Strip by strip, so that no second copy of the picture is made."""
    width, height = image.size
    plain = image.mode in PLAIN_MODES
    rows = max(1, STRIP_PIXELS // width)
    digest = hashlib.sha256(f"{width}x{height}".encode())
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        digest.update((strip.convert("RGBA") if plain else strip).tobytes())
    return digest.hexdigest()


def prompt_hash(prompt: str) -> str:
    """Keyed, so that the table tells nobody what was asked; empty for no prompt."""
    words = " ".join(prompt.split())
    if not words:
        return ""
    return crypto.ring().fingerprint(words, purpose="media prompt")


def is_repeated(
    kind: Kind, facts: Facts, prompt: str, now: datetime | None = None
) -> bool:
    """Note a result; whether it was also made for another prompt within a day.

    `prompt` is all that the result should depend on: for an edit also its inputs. Noted
    before it is looked for: of two requests that get one result at once, one at least
    sees the other.
    """
    hashed = prompt_hash(prompt)
    if not hashed:
        return False
    now = now or datetime.now(UTC)
    same = Sighting.objects.filter(kind=kind, content_hash=facts.content_hash)
    if not same.filter(prompt_hash=hashed).update(seen_at=now):
        seen = Sighting(
            kind=kind,
            content_hash=facts.content_hash,
            prompt_hash=hashed,
            seen_at=now,
        )
        Sighting.objects.bulk_create([seen], ignore_conflicts=True)
    recent = same.filter(seen_at__gte=now - REPEAT_WITHIN)
    return recent.exclude(prompt_hash=hashed).exists()


def forget(now: datetime) -> None:
    """Delete what was seen more than a day ago."""
    Sighting.objects.filter(seen_at__lt=now - REPEAT_WITHIN).delete()
