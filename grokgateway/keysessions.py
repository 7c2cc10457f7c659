"""Sessions that the console key began: they end with it, the shipped one binds them.

Console and Web UI ask the same, whoever signed in where.
"""

import hmac

from django.contrib.auth import BACKEND_SESSION_KEY, get_user
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from gateway.admin_api import access
from grokgateway import config

KEY = "app.app_key"
BACKEND = "grokgateway.console.signing.ConsoleKey"
MARK = "console_key"


def mark() -> str:
    """Tells the console key from others; does not tell what it is."""
    return salted_hmac(MARK, config.current().text(KEY)).hexdigest()


def by_key(request: HttpRequest) -> bool:
    """Whether the console key began this session."""
    return bool(request.session.get(BACKEND_SESSION_KEY) == BACKEND)


def outdated(request: HttpRequest) -> bool:
    kept = str(request.session.get(MARK, ""))
    return by_key(request) and not hmac.compare_digest(kept, mark())


def shipped() -> bool:
    return config.current().text(KEY) == access.SHIPPED_KEY


def confined(request: HttpRequest) -> bool:
    """Whether this session may do nothing but change the shipped key."""
    return by_key(request) and shipped() and not locked()


def locked() -> bool:
    """Whether the environment sets the key, so that the console cannot."""
    return config.current().source(KEY) is config.Source.ENVIRONMENT


def staffed(session: SessionBase) -> bool:
    """Whether somebody of the console is signed in; asks the database."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not (user.is_active and getattr(user, "is_staff", False)):
        return False
    return not (outdated(request) or confined(request))
