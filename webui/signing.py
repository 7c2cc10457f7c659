"""Signing in to the Web UI with its key, and out of it."""

import logging

from django import forms
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from gateway import auth
from gateway.admin_api.access import origin
from grokgateway import throttle
from webui import access, passes

logger = logging.getLogger(__name__)

NAME = "the Web UI's key"  # under which failures are counted; no user is called so


class KeyForm(forms.Form):
    key = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: object = None, *, address: str = "") -> None:
        super().__init__(data)  # type: ignore[arg-type] # Django's own form data
        self.address = address

    def clean_key(self) -> str:
        given = str(self.cleaned_data["key"])
        if throttle.blocked(NAME, self.address):
            logger.warning("Web UI sign-in from %s refused: throttled", self.address)
            raise forms.ValidationError(
                _("Too many attempts failed. Try again in 15 minutes.")
            )
        if not auth.matches(given, (access.key(),)):
            throttle.failed(NAME, self.address)
            logger.warning("Web UI sign-in from %s failed", self.address)
            raise forms.ValidationError(_("This is not the password."))
        throttle.succeeded(NAME, self.address)
        return given


def sign_in(request: HttpRequest) -> HttpResponse:
    if not access.enabled():
        raise Http404
    onward = destination(request)
    if access.visitor(request) is not None:
        return HttpResponseRedirect(onward)
    posted = request.POST if request.method == "POST" else None
    form = KeyForm(posted, address=origin(request))
    if posted is not None and form.is_valid():
        response = HttpResponseRedirect(onward)
        passes.give(request, response, passes.fresh(access.key()))
        return response
    page = render(request, "webui/login.html", {"form": form, "next": onward})
    page["Cache-Control"] = "private, no-cache"
    return page


def sign_out(request: HttpRequest) -> HttpResponse:
    if not access.enabled():
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    response = HttpResponseRedirect(reverse("webui-login"))
    passes.take(response)
    return response


def destination(request: HttpRequest) -> str:
    """Where to go after signing in: on this host only."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    good = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if good else reverse("webui-chat")
