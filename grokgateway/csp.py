"""The Content-Security-Policy of pages: nothing inline, nothing from outside."""

from collections.abc import Iterable


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
