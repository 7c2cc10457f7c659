"""The sandbox as upstream without sockets: all calls end in its application."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from gateway.sandbox.app import Sandbox
from gateway.upstream import pool, websocket
from tests.gateway.upstream.stand_in import Chosen

BASE = "http://127.0.0.1:9"
LIMIT_S = 10
GONE = None
Message = dict[str, Any]  # ASGI's own shape

NEW = {
    "upstream.chat_protocol": "gateway",
    "upstream.upload_protocol": "v3",
    "upstream.image_edit_protocol": "v3",
    "upstream.video_protocol": "v3",
    "upstream.imagine_protocol": "v3",
}
OLD = {
    "upstream.chat_protocol": "rest",
    "upstream.upload_protocol": "v2",
    "upstream.image_edit_protocol": "v2",
    "upstream.video_protocol": "v2",
    "upstream.imagine_protocol": "v2",
}
FORMS = {"old": OLD, "new": NEW}
WHERE: dict[str, object] = {
    "upstream.base_url": BASE,
    "upstream.assets_url": BASE,
    "upstream.accounts_url": BASE,
    "upstream.ws_url": "",
    "upstream.media_hosts": ("127.0.0.1:9",),
}


def chosen(form: str, **changed: object) -> Chosen:
    """Settings of upstream's code alone, for a sandbox in process."""
    given = {
        "features__enable_nsfw": False,
        "asset__upload_timeout": LIMIT_S,
        "asset__download_timeout": LIMIT_S,
        "batch__asset_upload_concurrency": 10,
        "image__timeout": LIMIT_S,
        "image__stream_timeout": LIMIT_S,
        "video__timeout": LIMIT_S,
        "chat__timeout": LIMIT_S,
        "nsfw__timeout": LIMIT_S,
    }
    named = {k.replace(".", "__"): v for k, v in {**WHERE, **FORMS[form]}.items()}
    return Chosen(**{**given, **named, **changed})


@dataclass
class Wire:
    """What goes between one call and the application; `transport` is uvicorn's."""

    sandbox: Sandbox
    scope: Message
    heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    said: asyncio.Queue[Message | None] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None
    cut: bool = False

    @property
    def transport(self) -> "Wire":
        return self

    def get_extra_info(self, _name: str) -> "Wire":
        return self

    def setsockopt(self, *_option: object) -> None:
        pass

    def abort(self) -> None:
        self.cut = True
        self.hang_up()
        self.said.put_nowait(GONE)

    async def receive(self) -> Message:
        return await self.heard.get()

    async def send(self, message: Message) -> None:
        if not self.cut:
            self.said.put_nowait(message)

    def begin(self) -> None:
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self.sandbox(self.scope, self.receive, self.send)
        finally:
            self.said.put_nowait(GONE)

    def hang_up(self) -> None:
        kind = "http" if self.scope["type"] == "http" else "websocket"
        self.heard.put_nowait({"type": f"{kind}.disconnect"})

    async def close(self) -> None:
        self.hang_up()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


def scope_of(method: str, url: httpx.URL, headers: Any) -> Message:
    socket = method == "WS"
    return {
        "type": "websocket" if socket else "http",
        "method": method,
        "path": url.path,
        "query_string": url.query,
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("127.0.0.1", 1),
    }


class Body(httpx.AsyncByteStream):
    def __init__(self, wire: Wire, idle_s: float) -> None:
        self._wire = wire
        self._idle_s = idle_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._idle_s):
                    message = await self._wire.said.get()
            except TimeoutError as exc:
                raise httpx.ReadTimeout("silence") from exc
            if message is GONE:
                raise httpx.ReadError("cut")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return

    async def aclose(self) -> None:
        await self._wire.close()


class Carried(httpx.AsyncBaseTransport):
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wire = Wire(
            self._sandbox, scope_of(request.method, request.url, request.headers.raw)
        )
        wire.heard.put_nowait(
            {"type": "http.request", "body": request.content, "more_body": False}
        )
        wire.begin()
        idle_s = request.extensions["timeout"]["read"]
        try:
            async with asyncio.timeout(idle_s):
                head = await wire.said.get()
        except TimeoutError as exc:
            await wire.close()
            raise httpx.ReadTimeout("no head") from exc
        if head is GONE:
            await wire.close()
            raise httpx.ReadError("cut")
        body = Body(wire, idle_s)
        return httpx.Response(head["status"], headers=head["headers"], stream=body)


class Connection:
    """As much of a WebSocket as upstream's code uses."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def send(self, text: str) -> None:
        if self._wire.cut:
            raise ConnectionClosedError(None, None)
        self._wire.heard.put_nowait({"type": "websocket.receive", "text": text})

    async def recv(self) -> str:
        message = await self._wire.said.get()
        if message is GONE or message["type"] == "websocket.close":
            self._wire.cut = True
            raise ConnectionClosedError(None, None)
        text: str = message["text"]
        return text

    async def close(self) -> None:
        await self._wire.close()


@contextmanager
def carried(sandbox: Sandbox, put: Any) -> Iterator[None]:
    """All of upstream is this sandbox; `put` replaces an attribute for the test."""

    async def connected(target: Any, signed: Any, way: Any) -> Connection:
        host = (b"host", target.url.netloc)
        headers = [host, *target.opened(way.dressed(signed))]
        wire = Wire(sandbox, scope_of("WS", target.url, headers))
        wire.heard.put_nowait({"type": "websocket.connect"})
        wire.begin()
        head = await wire.said.get()
        if head is not GONE and head["type"] == "websocket.accept":
            return Connection(wire)
        if head is GONE:
            await wire.close()
            raise ConnectionResetError
        body = await wire.said.get() or {}
        await wire.close()
        named = [(name.decode(), value.decode()) for name, value in head["headers"]]
        response = Response(head["status"], "", Headers(named), body.get("body", b""))
        raise InvalidStatus(response)

    put(websocket, "connected", connected)
    with pool.carried_by(Carried(sandbox)):
        yield


def recorded(sandbox: Sandbox) -> list[Message]:
    """What the sandbox was told, as its control API shows it."""
    calls = [
        {"method": one.method, "path": one.path, "headers": one.headers}
        | {"query": one.query, "body": one.body}
        for one in sandbox.state.requests
    ]
    found: list[Message] = orjson.loads(orjson.dumps(calls))
    return found
