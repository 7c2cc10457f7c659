"""Who may use the admin API: the console key, a signed-in operator, or a ticket.

The shipped key opens nothing to a public address (decisions 13). A ticket stands in the
URL of the one stream that browsers cannot send headers with, and is used once.
"""

import hmac
import secrets

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.utils import check_csrf

from gateway import auth
from grokgateway import config

SHIPPED_KEY = "grok2api"
TICKET_S = 60
TICKET = "admin-ticket:"
SCRIPT = "app_key"
# Who knows the console key signs in as a superuser; the others say where the logins of
# accounts go, or who may read them.
OWNERS_ONLY = frozenset(
    {
        "app.app_key",
        "admin.expose_tokens",
        "upstream.base_url",
        "upstream.ws_url",
        "upstream.assets_url",
        "upstream.accounts_url",
        "upstream.media_hosts",
    }
)
VERBS = {
    "GET": "view",
    "HEAD": "view",
    "POST": "add",
    "PATCH": "change",
    "DELETE": "delete",
}
ON_A_NODE = ("/test", "/solve", "/invalidate")
CACHE_PATH = "/admin/api/cache"
CONFIG_PATH = "/admin/api/config"


def staff(request: HttpRequest) -> object | None:
    """A signed-in operator of the console; changes need the token of its pages."""
    return operator(request, needed(request))


def keeper(request: HttpRequest) -> object | None:
    """The same for whoever keeps the named keys."""
    return operator(request, f"gateway.{VERBS[str(request.method)]}_apikey")


def operator(request: HttpRequest, permission: str) -> object | None:
    user = request.user
    if not (user.is_active and user.is_staff and user.has_perm(permission)):
        return None
    return None if check_csrf(request) else user


def egress_keeper(request: HttpRequest) -> object | None:
    """The same for whoever keeps the ways out; work on a node changes it."""
    verb = VERBS[str(request.method)]
    if verb == "add" and request.path.rstrip("/").endswith(ON_A_NODE):
        verb = "change"
    return operator(request, f"gateway.{verb}_egressnode")


def examiner(request: HttpRequest) -> object | None:
    """The same for whoever may let upstream be asked, or read what was found."""
    reading = request.method in {"GET", "HEAD"}
    needed = "gateway.view_examination" if reading else "accounts.run_jobs"
    return operator(request, needed)


async def signed_in(request: HttpRequest) -> object | None:
    """The same for asynchronous routes."""
    return await sync_to_async(staff)(request)


def needed(request: HttpRequest) -> str:
    reading = request.method in {"GET", "HEAD"}
    if request.path.startswith(CACHE_PATH):
        return "media.view_asset" if reading else "media.delete_asset"
    if request.path.startswith(CONFIG_PATH) and not reading:
        return "config.change_config"
    return "accounts.view_account" if reading else "accounts.change_account"


def by_key(request: HttpRequest) -> str | None:
    """The bearer key, compared in constant time; an empty one locks the API."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return SCRIPT if good_key(request, given.strip()) else None


def by_query(request: HttpRequest) -> str | None:
    """Only for the stream of a batch: a ticket, or the key as old scripts send it."""
    ticket = request.GET.get("ticket", "")
    if ticket:
        return cache.get(TICKET + ticket) if taken(ticket) else None
    return SCRIPT if good_key(request, request.GET.get("app_key", "")) else None


def taken(ticket: str) -> bool:
    """True for the first to come with it."""
    return cache.get(TICKET + ticket) is not None and cache.add(
        f"{TICKET}used:{ticket}", True, TICKET_S * 2
    )


def issue(by: str) -> str:
    ticket = secrets.token_urlsafe(24)
    cache.set(TICKET + ticket, by, TICKET_S)
    return ticket


def good_key(request: HttpRequest, given: str) -> bool:
    expected = config.current().text("app.app_key")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        return False
    return expected != SHIPPED_KEY or from_inside(request)


def sees_tokens(request: HttpRequest) -> bool:
    """Scripts where the settings let them; people need the permission, too."""
    if not config.current().flag("admin.expose_tokens"):
        return False
    return is_script(request) or request.user.has_perm("accounts.reveal_token")


def is_owner(request: HttpRequest) -> bool:
    return is_script(request) or request.user.is_superuser


def is_script(request: HttpRequest) -> bool:
    return bool(request.auth == SCRIPT)  # type: ignore[attr-defined] # set by ninja


def from_inside(request: HttpRequest) -> bool:
    return auth.is_private(shown(request), tuple(settings.TRUSTED_PROXIES))


def origin(request: HttpRequest) -> str:
    """The address of the caller behind the proxies we trust."""
    return auth.origin(shown(request), tuple(settings.TRUSTED_PROXIES))


def shown(request: HttpRequest) -> auth.Credentials:
    meta = request.META
    forwarding = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
    return auth.Credentials(
        None,
        None,
        peer=meta.get("REMOTE_ADDR", ""),
        forwarded=any(name in meta for name in forwarding),
        forwarded_for=meta.get("HTTP_X_FORWARDED_FOR"),
    )


def actor(request: HttpRequest) -> str:
    """Who did it, for histories."""
    found = request.auth  # type: ignore[attr-defined] # set by ninja
    return f"api ({found})" if isinstance(found, str) else str(found)
