"""Links to our own kept pictures that callers send back: read here, never fetched.

A link opens what it would open for anyone; a signed one only while it lasts.
"""

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from media import links, serving, store
from media.errors import BadId, UnknownFile
from media.models import Kind


async def read(source: str, take: Callable[[int], None]) -> bytes | None:
    """The picture of a link; None for any other address, and where nothing is kept.

    `take` is told its size before it is read, and raises if that is too much.
    """
    parts = split(source)
    if parts is None:
        return None
    try:
        public_id, _ = serving.admitted(Kind.IMAGE, parts.query)
        asset = await store.find(Kind.IMAGE, public_id)
        if asset is None:
            return None
        take(asset.size)
        return await store.read(asset)
    except (BadId, UnknownFile):
        return None


def split(source: str) -> SplitResult | None:
    """The parts of a link of ours, which may lack its host; None for any other."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if not parts.path.endswith(links.PATHS[Kind.IMAGE]):
        return None
    if not (parts.scheme or parts.netloc):
        return parts
    base = links.base()
    ours = links.is_own(parts.netloc) or (base and source.startswith(f"{base}/"))
    return parts if ours and parts.scheme in {"http", "https"} else None
