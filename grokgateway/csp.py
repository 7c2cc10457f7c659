"""The Content-Security-Policy of pages: nothing inline, nothing from outside."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from grokgateway import config

MEDIA_FORMATS = ("features.image_format", "features.video_format")
UPSTREAM_LINKS = "grok_"


def policy(*, media: Iterable[str] = (), connections: Iterable[str] = ()) -> str:
    """One header value; `media` and `connections` are origins beside our own."""
    origins = list(media)
    directives = {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *origins],
        "media-src": ["'self'", "blob:", *origins],
        "connect-src": ["'self'", *connections],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())


def media_origins() -> list[str]:
    """Where pictures and films come from while answers link them at upstream."""
    snapshot = config.current()
    if not any(snapshot.text(key).startswith(UPSTREAM_LINKS) for key in MEDIA_FORMATS):
        return []
    assets = urlsplit(snapshot.text("upstream.assets_url"))
    hosts = [f"https://{host}" for host in snapshot.items("upstream.media_hosts")]
    return list(dict.fromkeys([f"{assets.scheme}://{assets.netloc}", *hosts]))
