"""Small pictures of kept images, for people who look through many of them."""

import io

from PIL import Image

from media import formats
from media.errors import NotMedia
from media.models import Asset, Kind
from media.shelves import shelf
from media.truth import DECODERS, MOST_PIXELS, UNDECODABLE

MIME = "image/webp"
QUALITY = 72


def is_possible(asset: Asset) -> bool:
    """Only of images: of a video nothing is kept but the whole of it."""
    return asset.kind == Kind.IMAGE and asset.mime in formats.SERVED


def thumbnail(asset: Asset, side_px: int) -> bytes:
    """The first picture within a square, as `MIME`.

    Raises FileNotFoundError, or NotMedia for what cannot or should not be decoded.
    """
    with shelf(Kind(asset.kind)).open(asset.name) as file:
        try:
            with Image.open(file, formats=list(DECODERS.values())) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise NotMedia("The picture has too many pixels.")
                image.draft("RGB", (side_px, side_px))
                image.thumbnail((side_px, side_px))
                return encoded(image)
        except UNDECODABLE as exc:
            if isinstance(exc, FileNotFoundError | NotMedia):
                raise
            raise NotMedia("The picture cannot be decoded.") from exc


def encoded(image: Image.Image) -> bytes:
    see_through = image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info
    made = io.BytesIO()
    image.convert("RGBA" if see_through else "RGB").save(made, "WEBP", quality=QUALITY)
    return made.getvalue()
