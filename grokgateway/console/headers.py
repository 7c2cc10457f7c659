"""Headers of every page for people."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from grokgateway import config, csp

MEDIA_FORMATS = ("features.image_format", "features.video_format")
UPSTREAM_LINKS = "grok_"


class SecurityHeaders(MiddlewareMixin):
    """A view that sets one of them itself keeps its own."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kept = response.headers
        kept.setdefault("Content-Security-Policy", csp.policy(media=media_origins()))
        kept.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


def media_origins() -> list[str]:
    """Where pictures and films come from while answers link them at upstream."""
    snapshot = config.current()
    if not any(snapshot.text(key).startswith(UPSTREAM_LINKS) for key in MEDIA_FORMATS):
        return []
    assets = urlsplit(snapshot.text("upstream.assets_url"))
    hosts = [f"https://{host}" for host in snapshot.items("upstream.media_hosts")]
    return list(dict.fromkeys([f"{assets.scheme}://{assets.netloc}", *hosts]))
