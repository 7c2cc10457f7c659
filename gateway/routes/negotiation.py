"""What the request itself says of its answer: a stream or not, links to which host."""

from django.http import HttpRequest

from grokgateway import config
from media import links


def wants_stream(request: HttpRequest, asked: bool | None) -> bool:
    """What was asked; else JSON for callers that accept nothing but JSON."""
    if asked is not None:
        return asked
    accept = request.headers.get("Accept", "").lower()
    only_json = "application/json" in accept and not (
        "text/event-stream" in accept or "*/*" in accept
    )
    return not only_json and config.current().flag("features.stream")


def link_base(request: HttpRequest) -> str:
    """Where links to kept files begin; empty where the caller's host is not ours."""
    return links.base(request.headers.get("Host", ""), request.scheme or "http")
