"""A tiny ASGI application with the contract of ours: it streams for two seconds."""

import asyncio
import os
import sys

from django.conf import settings

STEPS = 20
STEP_S = 0.1
FLOOD = bytes(256 * 1024)
FLOOD_PIECES = 400


class StreamingApp:
    def __init__(self) -> None:
        self.open_requests = 0
        self.flooded = 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        self.open_requests += 1
        try:
            await self.reply(scope["path"], send)
        finally:
            self.open_requests -= 1
        return None

    async def lifespan(self, receive, send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def reply(self, path: str, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if path == "/silent":
            await body(send, b"and no more", more=True)
            await asyncio.sleep(30)
        if path == "/stream":
            for _ in range(STEPS):
                await asyncio.sleep(STEP_S)
                await body(send, b"step\n", more=True)
        if path == "/flood":
            for _ in range(FLOOD_PIECES):
                await body(send, FLOOD, more=True)
                self.flooded += 1
        tail = f"pid {os.getpid()}"
        if path == "/flooded":
            tail = f"pieces {self.flooded}"
        if path == "/jobs":
            tail = str(getattr(settings, "EMBEDDED_JOBS", None))
        await body(send, tail.encode(), more=False)

    async def close_sockets(self) -> None:
        """There are none."""

    async def aclose(self) -> None:
        sys.stdout.write("closed\n")
        sys.stdout.flush()


async def body(send, data: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


application = StreamingApp()
