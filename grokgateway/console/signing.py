"""Signing in: people by their password, the built-in `admin` by the console key.

The key is `app.app_key` (decisions 13 and 40). `admin` has no password of its own until
one is set; a session that the key began ends when the key changes.
"""

import logging
import time
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gateway.admin_api import access
from grokgateway import keysessions, throttle

logger = logging.getLogger(__name__)

BUILT_IN = "admin"
RENEWED = "renewed_at"


class ConsoleKey(ModelBackend):
    """Takes the console key for the built-in superuser, made when first needed."""

    # Any: Django's own signature
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_others: Any,  # noqa: ANN401 - Django's
    ) -> User | None:
        if request is None or username != BUILT_IN or not password:
            return None
        if not access.good_key(request, password):
            return None
        found = User.objects.filter(username=BUILT_IN).first()
        if found is None:
            return User.objects.create_superuser(BUILT_IN)
        by_key = found.is_superuser and not found.has_usable_password()
        return found if by_key and self.user_can_authenticate(found) else None


class SignInForm(AdminAuthenticationForm):
    """Without a name the password is the console key."""

    # Any: Django's own signature
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        self.fields["username"].required = False
        self.fields["username"].widget.attrs["placeholder"] = BUILT_IN

    def clean_username(self) -> str:
        return str(self.cleaned_data.get("username") or BUILT_IN)

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username") or BUILT_IN
        address = access.origin(self.request) if self.request else ""
        if throttle.blocked(name, address):
            logger.warning("Sign-in from %s refused: too many failures", address)
            raise forms.ValidationError(
                _("Too many attempts failed. Try again in 15 minutes."),
                code="throttled",
            )
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError:
            throttle.failed(name, address)
            logger.warning("Sign-in of %s from %s failed", known(name), address)
            raise
        if self.get_user():
            throttle.succeeded(name, address)
        return cleaned


def known(name: str) -> str:
    """The name of a user; a password typed in the wrong field is in no log."""
    return repr(name) if User.objects.filter(username=name).exists() else "a stranger"


@receiver(user_logged_in)
def mark_session(request: HttpRequest | None, **_signal: object) -> None:
    """When it was begun, and with which console key."""
    if request is None:
        return
    request.session[RENEWED] = time.time()
    if keysessions.by_key(request):
        request.session[keysessions.MARK] = keysessions.mark()
