"""What a console session may do: it ends with its key, and renews while it is used."""

import time

from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from grokgateway import keysessions
from grokgateway.console import signing

CONSOLE = "/admin"
RENEW_S = 3600
READING = ("GET", "HEAD")
OPEN_NAMES = ("admin:console_key", "admin:logout", "admin:jsi18n")


class ConsoleSession(MiddlewareMixin):
    """After authentication. With the shipped key nothing but it can be changed."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if not request.path.startswith(CONSOLE):
            return None
        if keysessions.outdated(request):
            logout(request)
            return None
        renew(request)
        if keysessions.by_key(request) and keysessions.shipped():
            return confined(request)
        return None


def renew(request: HttpRequest) -> None:
    """Put the end of the session off, at most once an hour."""
    if request.session.session_key is None:
        return
    now = time.time()
    if now - request.session.get(signing.RENEWED, 0) > RENEW_S:
        request.session[signing.RENEWED] = now


def confined(request: HttpRequest) -> HttpResponse | None:
    if request.path in {reverse(name) for name in OPEN_NAMES}:
        return None
    if not keysessions.locked():
        return HttpResponseRedirect(reverse("admin:console_key"))
    if request.method in READING:
        return None
    raise PermissionDenied
