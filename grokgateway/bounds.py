"""How large a body may be that Django is handed, which would spool any of them to disk.

Pages take small forms. Where files are taken, the limit is that of multipart bodies.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from grokgateway import config

Scope = dict[str, Any]  # ASGI's own shape
Message = MutableMapping[str, Any]  # likewise
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]

MIB = 1024 * 1024
FORM_BYTES = 4 * MIB
UPLOADS = (
    "/admin/api/",
    "/admin/accounts/account/import/",
    "/webui/api/",
)
HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"connection", b"close"),
]
TOLD = b"The request body is too large.\n"


class TooLarge(Exception):
    """More of a body came than its address takes."""


class Bounded:
    """An ASGI application whose larger requests are answered 413, unread."""

    def __init__(self, inner: Asgi) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = limit_bytes(scope["path"])
        answered = False

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        if declared_bytes(scope) > left:
            await refuse(send)
            return
        try:
            await self._inner(scope, counted, noted)
        except TooLarge:
            if answered:
                raise
            await refuse(send)


def limit_bytes(path: str) -> int:
    if path.startswith(UPLOADS):
        return config.current().number("limits.multipart_mb") * MIB
    return FORM_BYTES


def declared_bytes(scope: Scope) -> int:
    declared = dict(scope["headers"]).get(b"content-length", b"")
    return int(declared) if declared.isdigit() else 0


async def refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": HEADERS})
    await send({"type": "http.response.body", "body": TOLD})
