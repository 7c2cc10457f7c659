"""What every configuration page stands in, and who may see and change what."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from gateway.admin_api import access
from grokgateway import keysessions
from grokgateway.config import Snapshot, Source
from grokgateway.console.configuration import outline

VIEW = "config.view_configoverride"
CHANGE = "config.change_config"
REVEAL = "config.reveal_config"
OWNERS_ONLY = access.OWNERS_ONLY
FOLDER = "console/configuration"
View = TypeVar("View", bound=Callable[..., HttpResponse])


def needs(*permissions: str) -> Callable[[View], View]:
    """Refuse with 403 whoever has none of these permissions."""

    def wrapped(view: View) -> View:
        @wraps(view)
        def checked(
            request: HttpRequest, *args: object, **kwargs: object
        ) -> HttpResponse:
            if not any(request.user.has_perm(one) for one in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, checked)  # wraps keeps the signature, its type does not

    return wrapped


def may_change(request: HttpRequest) -> bool:
    return request.user.has_perm(CHANGE)


def may_reveal(request: HttpRequest) -> bool:
    return request.user.has_perm(REVEAL)


def reserved(request: HttpRequest, names: Iterable[str] = OWNERS_ONLY) -> set[str]:
    """Return those of the keys that take a superuser."""
    return set() if request.user.is_superuser else set(OWNERS_ONLY & set(names))


def refuse_reserved(request: HttpRequest, names: Iterable[str]) -> None:
    if reserved(request, names):
        raise PermissionDenied


def keep_session(request: HttpRequest) -> None:
    """Who signed in with the console key and changed it stays signed in."""
    if keysessions.by_key(request):
        request.session[keysessions.MARK] = keysessions.mark()


def may_take_secrets(request: HttpRequest, snapshot: Snapshot) -> bool:
    """Say whether an export may hold secrets in clear, as these are set now."""
    key_is_set = snapshot.source(keysessions.KEY) is not Source.DEFAULT
    return may_reveal(request) and not (key_is_set and reserved(request))


def actor(request: HttpRequest) -> str:
    return request.user.get_username()


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],  # Django's own shape
    status: int = 200,
) -> TemplateResponse:
    """The admin's own wrapper forbids every cache to keep it."""
    return TemplateResponse(
        request,
        f"{FOLDER}/{template}.html",
        {
            **admin.site.each_context(request),
            "title": _("Configuration"),
            "tabs": outline.groups(),
            "may_change": may_change(request),
            "may_reveal": may_reveal(request),
            **context,
        },
        status=status,
    )
