"""Sends kept files: at the client's pace, and nothing more once it has left."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from django.http.response import HttpResponseBase

from gateway import http
from media.serving import Serving

Send = Callable[[dict[str, object]], Awaitable[None]]
PATHSEND = "http.response.pathsend"


class FileResponse(HttpResponseBase):
    """A file that the entry sends itself; ninja passes it through untouched."""

    streaming = True

    def __init__(self, serving: Serving) -> None:
        super().__init__(status=serving.status)
        self.serving = serving


async def send_file(
    serving: Serving, send: Send, request_id: str, extensions: object
) -> None:
    """Raises OSError where the server tells that the client is gone."""
    headers = http.encoded(serving.headers)
    headers.extend(http.common_headers(request_id))
    try:
        await send(
            {
                "type": "http.response.start",
                "status": serving.status,
                "headers": headers,
            }
        )
        if serving.path and isinstance(extensions, dict) and PATHSEND in extensions:
            await send({"type": PATHSEND, "path": str(serving.path)})
        else:
            await send_chunks(serving, send)
    finally:
        serving.close()


async def send_chunks(serving: Serving, send: Send) -> None:
    left = serving.length
    async with aclosing(serving.chunks()) as chunks:
        async for chunk in chunks:
            left -= len(chunk)
            await send(
                {"type": "http.response.body", "body": chunk, "more_body": left > 0}
            )
    if not serving.length:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
