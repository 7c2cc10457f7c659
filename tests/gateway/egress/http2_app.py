"""What `test_impersonation` asks over HTTP/2: echoes, streams, and never answers."""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/die":
        os.kill(os.getpid(), 9)
    headers = [(b"x-version", scope["http_version"].encode())]
    headers += [(b"x-got-" + name, value) for name, value in scope["headers"]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for word in (b"one ", b"two ", bytes(body)):
        await send({"type": "http.response.body", "body": word, "more_body": True})
        await asyncio.sleep(0.02)
    if scope["path"] == "/stall":
        await asyncio.sleep(60)
    await send({"type": "http.response.body", "body": b""})
