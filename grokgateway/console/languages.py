"""The language of a page: stored choice, `?lang=`, the browser's, the default."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

PARAMETER = "lang"


class ChosenLanguage(LocaleMiddleware):
    """Django's choice, and the seed's parameter with the seed's codes."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        wanted = asked_for(request)
        if wanted:
            translation.activate(wanted)
            request.LANGUAGE_CODE = wanted

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        wanted = asked_for(request)
        if wanted:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                wanted,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
            )
        return super().process_response(request, response)


def asked_for(request: HttpRequest) -> str | None:
    """The code of a language we have, unless one was chosen before."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return None
    try:
        return translation.get_supported_language_variant(
            request.GET.get(PARAMETER, "")
        )
    except LookupError:
        return None
