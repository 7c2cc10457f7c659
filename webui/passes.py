"""A visitor's pass: a signed cookie with an id and the mark of the key that was typed.

Another key has another mark, so that changing the key ends every session it began.
"""

import hmac
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "gateway_visitor"
PATH = "/webui"
SALT = "webui.visitor"


@dataclass(frozen=True, slots=True)
class Pass:
    """`mark` is empty where no key was typed: no key has that one."""

    id: str
    mark: str = ""

    def opens(self, key: str) -> bool:
        return hmac.compare_digest(self.mark, mark(key))


def fresh(key: str | None = None) -> Pass:
    """A pass for whoever typed this key, or for one who did not have to."""
    return Pass(secrets.token_hex(16), "" if key is None else mark(key))


def of(request: HttpRequest) -> Pass:
    """The pass of this browser, a new one if it has none."""
    return read(request.COOKIES.get(COOKIE, "")) or fresh()


def read(cookie: str) -> Pass | None:
    try:
        name, given = signing.loads(
            cookie, salt=SALT, max_age=settings.SESSION_COOKIE_AGE
        )
    except (signing.BadSignature, ValueError):
        return None
    return Pass(name, given)


def give(request: HttpRequest, response: HttpResponseBase, held: Pass) -> None:
    """Good from now on for as long as a session of the console."""
    response.set_cookie(
        COOKIE,
        signing.dumps([held.id, held.mark], salt=SALT),
        max_age=settings.SESSION_COOKIE_AGE,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE or request.is_secure(),
        httponly=True,
        samesite="Strict",
    )


def take(response: HttpResponseBase) -> None:
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")


def mark(key: str) -> str:
    """Tells this key from others; does not tell what it is."""
    return salted_hmac("webui.key", key).hexdigest()
