"""Which pages may open a socket: our own. Browsers send cookies along from any page."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = Mapping[str, Any]  # ASGI's own shape
Asgi = Callable[[Any, Any, Any], Awaitable[None]]  # servers and channels differ


class OwnOrigin:
    """Refuses a socket whose Origin is missing or foreign, by the rule of forms.

    Ours is the host that was called, if it is an allowed one, and a trusted origin.
    """

    def __init__(self, application: Asgi) -> None:
        self._application = application

    # Any: see above
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - likewise
        inside = self._application if is_own(scope) else WebsocketDenier()
        await inside(scope, receive, send)


def is_own(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    if not origin:
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name, _port = split_domain_port(host)
    called = urlsplit(origin).netloc == host
    return bool(name) and called and validate_host(name, settings.ALLOWED_HOSTS)
