"""A scripted HTTP/1.1 server on loopback, and settings to reach it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

DEFAULTS: dict[str, object] = {
    "upstream.base_url": "https://grok.com",
    "upstream.assets_url": "https://assets.grok.com",
    "upstream.accounts_url": "https://accounts.x.ai",
    "upstream.ws_url": "",
    "upstream.media_hosts": ("assets.grok.com", "imagine-public.x.ai"),
    "upstream.statsig_value": "",
    "upstream.chat_protocol": "auto",
    "upstream.upload_protocol": "auto",
    "upstream.image_edit_protocol": "auto",
    "upstream.video_protocol": "auto",
    "upstream.imagine_protocol": "v2",
    "upstream.statsig_signer_url": "",
    "proxy.egress.mode": "direct",
    "proxy.egress.proxy_url": "",
    "proxy.egress.proxy_pool": (),
    "proxy.egress.resource_proxy_url": "",
    "proxy.egress.resource_proxy_pool": (),
    "proxy.egress.skip_ssl_verify": False,
    "proxy.egress.impersonate": False,
    "proxy.egress.test_url": "",
    "proxy.clearance.mode": "none",
    "proxy.clearance.flaresolverr_url": "",
    "proxy.clearance.timeout_sec": 60,
    "retry.reset_session_status_codes": ("403",),
    "proxy.clearance.user_agent": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36"
    ),
    "proxy.clearance.browser": "chrome136",
    "proxy.clearance.cf_cookies": "",
    "proxy.clearance.cf_clearance": "",
    "features.dynamic_statsig": True,
    "features.temporary": True,
    "features.memory": False,
    "features.custom_instruction": "",
    "features.thinking_summary": False,
    "retry.on_codes": ("429", "401", "503"),
    "chat.timeout": 60,
}


class Chosen:
    """Settings with some values of one's own."""

    def __init__(self, **changed: object) -> None:
        named = {key.replace("__", "."): value for key, value in changed.items()}
        self._values = {**DEFAULTS, **named}

    def flag(self, key: str) -> bool:
        return bool(self._values[key])

    def text(self, key: str) -> str:
        return str(self._values[key])

    def number(self, key: str) -> int:
        return self._values[key]  # type: ignore[return-value] # tests use fractions

    def items(self, key: str) -> tuple[str, ...]:
        value = self._values[key]
        assert isinstance(value, tuple)
        return value


@dataclass
class Peer:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def send(self, *pieces: bytes, pause_s: float = 0.0) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    async def chunk(self, data: bytes) -> None:
        await self.send(chunk(data))

    def reset(self) -> None:
        self.writer.transport.abort()


@dataclass
class Request:
    head: str
    body: bytes

    def header(self, name: str) -> str:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return ""


Answer = Callable[[Peer, Request], Awaitable[None]]


@dataclass
class StandIn:
    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    secure: bool = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    def settings(self, **changed: object) -> Chosen:
        urls = {
            "upstream__base_url": self.url,
            "upstream__assets_url": self.url,
            "upstream__accounts_url": self.url,
        }
        return Chosen(**{**urls, **changed})


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(body: bytes, head: str = "", status: str = "200 OK") -> bytes:
    lines = f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    return lines.encode() + body


@asynccontextmanager
async def serving(
    answer: Answer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[StandIn]:
    stand_in = StandIn(secure=tls is not None)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        stand_in.connections += 1
        peer = Peer(reader, writer, stand_in.connections)
        with suppress(asyncio.CancelledError, ConnectionError):
            await exchange(peer)
        stand_in.gone.set()
        writer.transport.abort()

    async def exchange(peer: Peer) -> None:
        while True:
            try:
                head = (await peer.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except asyncio.IncompleteReadError:
                return
            request = Request(head[:-4], b"")
            size = int(request.header("content-length") or 0)
            request.body = await peer.reader.readexactly(size)
            stand_in.requests.append(request)
            await answer(peer, request)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    stand_in.port = server.sockets[0].getsockname()[1]
    try:
        yield stand_in
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_gone(peer: Peer) -> None:
    """Wait for the client to hang up."""
    with suppress(ConnectionError):
        while await peer.reader.read(65536):
            pass
