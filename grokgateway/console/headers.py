"""Headers of every page for people."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from grokgateway import csp


class SecurityHeaders(MiddlewareMixin):
    """A view that sets one of them itself keeps its own."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kept = response.headers
        policy = csp.policy(media=csp.media_origins())
        kept.setdefault("Content-Security-Policy", policy)
        kept.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response
