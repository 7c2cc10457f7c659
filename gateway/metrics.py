"""`/metrics` in Prometheus' text form: for a scraper's token or whoever is signed in.

It bypasses the middleware like `/v1`, so that scrapers may call this host any name.
"""

import hmac

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from gateway.admin_api import access
from gateway.exits import totals
from grokgateway import config

PERMISSION = "gateway.view_egressnode"
WAY_IN = {"WWW-Authenticate": 'Bearer realm="metrics"', "Cache-Control": "no-store"}
REFUSED = "Use admin.metrics_token or the console key as bearer token, or sign in.\n"


async def view(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if not by_token(request) and not await sync_to_async(signed_in)(request):
        return HttpResponse(
            REFUSED, status=401, headers=WAY_IN, content_type="text/plain"
        )
    body = await sync_to_async(told)()
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(body, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)


def by_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    wanted = config.current().text("admin.metrics_token")
    scraper = bool(wanted) and hmac.compare_digest(
        given.strip().encode(), wanted.encode()
    )
    return scraper or access.by_key(request) is not None


def signed_in(request: HttpRequest) -> bool:
    """No middleware has looked at the session."""
    name = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not name:
        return False
    store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    try:
        request.session = store(name)
        user = get_user(request)
        return bool(user.is_active and user.is_staff and user.has_perm(PERMISSION))
    finally:
        close_old_connections()


def told() -> bytes:
    try:
        return totals.text()
    finally:
        close_old_connections()
