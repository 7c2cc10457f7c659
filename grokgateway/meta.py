"""`/meta` and `/meta/update`: which version this is; open to anybody, as in the seed.

No place is known yet where newer versions are told of, so nothing outside is asked.
"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from grokgateway import __version__, config

OFF = "Looking for updates is switched off (app.check_updates)."
NOWHERE = "This version names no place where newer ones are told of."


@require_safe
def version(request: HttpRequest) -> JsonResponse:
    return told({"version": __version__})


@require_safe
def update(request: HttpRequest) -> JsonResponse:
    """`status` is `off` or `unavailable`; nothing newer is claimed or denied."""
    wanted = config.current().flag("app.check_updates")
    return told(
        {
            "version": __version__,
            "latest": None,
            "update_available": None,
            "status": "unavailable" if wanted else "off",
            "message": NOWHERE if wanted else OFF,
        }
    )


def told(facts: dict[str, str | None]) -> JsonResponse:
    response = JsonResponse(facts)
    response.headers["Cache-Control"] = "no-store"
    return response
