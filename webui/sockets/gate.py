"""What stands before every socket of the Web UI; inside, `scope["visitor"]` is known.

A page's socket names our own origin. A script's has none, but a key: as a bearer token,
or, where the address takes one, as `?access_token=`.
"""

from typing import Any
from urllib.parse import parse_qs

from channels.security.websocket import WebsocketDenier

from grokgateway.origins import Asgi, Scope, is_own
from webui import access


class Gate:
    """An ASGI application that lets visitors in and denies all others."""

    def __init__(self, application: Asgi, *, by_query: bool = False) -> None:
        self._application = application
        self._by_query = by_query

    # Any: servers and channels differ
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - see above
        found = await self._visitor(scope)
        if found is None:
            await WebsocketDenier()(scope, receive, send)
            return
        await self._application({**scope, "visitor": found}, receive, send)

    async def _visitor(self, scope: Scope) -> access.Visitor | None:
        if not access.enabled():
            return None
        token = token_of(scope) if self._by_query else ""
        if not is_own(scope) and not is_script(scope, token):
            return None
        return await access.visitor_of(scope, token=token)


def is_script(scope: Scope, token: str) -> bool:
    """No browser leaves the origin out, nor can it add a bearer token."""
    headers = dict(scope["headers"])
    return b"origin" not in headers and bool(token or b"authorization" in headers)


def token_of(scope: Scope) -> str:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return str(query.get("access_token", [""])[0])
