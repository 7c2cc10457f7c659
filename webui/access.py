"""Who may use the Web UI: whoever knows its key, everybody if there is none, staff.

People show the cookie of `webui.passes`, staff their session of the console, scripts
the key as a bearer token. While the Web UI is off there is nothing to be found.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from importlib import import_module
from typing import Any, Concatenate, Literal, ParamSpec

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.cookie import parse_cookie
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from ninja.utils import check_csrf

from gateway import auth
from gateway.admin_api.access import origin
from gateway.errors import GatewayError
from grokgateway import config, keysessions
from webui import errors, passes

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]
Call = Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponse]]
Scope = Mapping[str, Any]  # ASGI's own shape

ENABLED = "app.webui_enabled"
KEY = "app.webui_key"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """`id` is random and of this browser's session; it may own what is kept."""

    kind: Literal["staff", "key", "open"]
    id: str
    address: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of itself, before anything is believed."""

    address: str
    bearer: str
    cookie: str
    staff: bool


def enabled() -> bool:
    return config.current().flag(ENABLED)


def key() -> str:
    return config.current().text(KEY)


def page(view: Page[P]) -> Page[P]:
    """A page: 404 while the Web UI is off, the sign-in for strangers.

    `visitor_on(request)` tells the view who is there.
    """

    @wraps(view)
    def inner(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not enabled():
            raise Http404
        found = visitor(request)
        if found is None:
            return to_sign_in(request)
        held = passes.of(request)
        request.visitor = replace(found, id=held.id)  # type: ignore[attr-defined] # read by visitor_on
        response = view(request, *args, **kwargs)
        passes.give(request, response, held)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return inner


def endpoint(view: Call[P]) -> Call[P]:
    """A call of `/webui/api`: 404 while off, 401 for strangers, errors as JSON.

    A browser's call has to come from one of our pages; a bearer key needs no proof.
    """

    @csrf_exempt
    @wraps(view)
    async def inner(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            request.visitor = await entering(request)  # type: ignore[attr-defined] # read by visitor_on
            response = await view(request, *args, **kwargs)
        except GatewayError as error:
            return errors.response(error)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return inner


def visitor_on(request: HttpRequest) -> Visitor:
    """Whom `page` or `endpoint` let in."""
    found: Visitor = request.visitor  # type: ignore[attr-defined] # set above
    return found


async def entering(request: HttpRequest) -> Visitor:
    """Raises GatewayError."""
    if not enabled():
        raise errors.switched_off(request.path)
    found = await sync_to_async(visitor)(request)
    if found is None:
        raise errors.stranger()
    if is_foreign(request):
        raise errors.foreign()
    return found


def is_foreign(request: HttpRequest) -> bool:
    """Whether a page that is not ours may have made a browser send this."""
    if request.method in READING or request.headers.get("Authorization"):
        return False
    by_browser = request.COOKIES or {"Origin", "Referer"} & {*request.headers}
    return bool(by_browser) and check_csrf(request) is not None


def to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('webui-login')}?{query}")


def visitor(request: HttpRequest) -> Visitor | None:
    """Who is calling; None must sign in. May ask the database who is staff."""
    staff = settings.SESSION_COOKIE_NAME in request.COOKIES
    return admitted(
        Shown(
            address=origin(request),
            bearer=bearer_of(request.headers.get("Authorization", "")),
            cookie=request.COOKIES.get(passes.COOKIE, ""),
            staff=staff and keysessions.staffed(request.session),
        )
    )


async def visitor_of(scope: Scope, *, token: str = "") -> Visitor | None:
    """The same for a socket or a lean request; `token` is a key shown otherwise."""
    headers = dict(scope["headers"])
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    session = cookies.get(settings.SESSION_COOKIE_NAME, "")
    given = headers.get(b"authorization", b"").decode("utf-8", "surrogateescape")
    return admitted(
        Shown(
            address=address_of(scope),
            bearer=bearer_of(given) or token,
            cookie=cookies.get(passes.COOKIE, ""),
            staff=bool(session) and await database_sync_to_async(staffed)(session),
        )
    )


def admitted(shown: Shown) -> Visitor | None:
    """A key that is shown must be right, whatever else is shown beside it."""
    wanted = key()
    kept = passes.read(shown.cookie)
    if shown.bearer and wanted:
        right = auth.matches(shown.bearer, (wanted,))
        return Visitor("key", known_by("key", wanted), shown.address) if right else None
    known = kept.id if kept else known_by("address", shown.address)
    if shown.staff:
        return Visitor("staff", known, shown.address)
    if not wanted:
        return Visitor("open", known, shown.address)
    if kept is not None and kept.opens(wanted):
        return Visitor("key", kept.id, shown.address)
    return None


def known_by(kind: str, what: str) -> str:
    """The id of a caller who keeps no cookie: the same each time."""
    return salted_hmac(f"webui.{kind}", what).hexdigest()[:32]


def bearer_of(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def address_of(scope: Scope) -> str:
    """The address of the caller behind the proxies we trust."""
    headers = dict(scope["headers"])
    shown = auth.Credentials(
        None,
        None,
        peer=(scope.get("client") or ("",))[0],
        forwarded=not headers.keys().isdisjoint(auth.FORWARDING_HEADERS),
        forwarded_for=headers.get(b"x-forwarded-for", b"").decode("latin-1"),
    )
    return auth.origin(shown, tuple(settings.TRUSTED_PROXIES))


def staffed(session_key: str) -> bool:
    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return keysessions.staffed(store(session_key))
