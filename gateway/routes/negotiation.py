"""Whether the caller gets a stream (public-api 0.2)."""

from django.http import HttpRequest

from grokgateway import config


def wants_stream(request: HttpRequest, asked: bool | None) -> bool:
    """What was asked; else JSON for callers that accept nothing but JSON."""
    if asked is not None:
        return asked
    accept = request.headers.get("Accept", "").lower()
    only_json = "application/json" in accept and not (
        "text/event-stream" in accept or "*/*" in accept
    )
    return not only_json and config.current().flag("features.stream")
