"""Requests that no honest client sends, over sockets of their own.

Each kind is a function that says the status it was answered, or 0 where the connection
was closed without one.
"""

import asyncio
import contextlib
import gzip
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
POSTS = (CHAT, MESSAGES, "/v1/responses", "/v1/images/generations", "/v1/videos")
MODEL = "grok-4.20-fast"
# Larger than what is read of it, so that a refusal in mid-body is met, too.
BOMB = gzip.compress(b'{"model": "' + b"a" * 64 * 1024 * 1024 + b'"}')
ANSWER_S = 30
SOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x07" * 200,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 64,
    b"GET\r\n\r\n",
    b"GET /v1/models HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET /v1/models\r\n\r\n",
    b"\x00" * 4096,
    b"\xff\xfe GET / HTTP/1.1\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nno colon here\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n",
    b"GET / \r\n HTTP/1.1\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 9e9\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    b"\r\nzz\r\nnot a size\r\n",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n",
    b"GET /%00%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\xc3\x28 HTTP/1.1\r\nHost: a\r\n\r\n",
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe\x00",
    b'{"model": NaN}',
    b'{"model": "\\ud800"}',
    b'{"model": "grok-4.20-fast", "messages": [{}]}',
    b'{"model": "grok-4.20-fast", "messages": 1e400}',
    b'{"a": ' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"model": "' + b"m" * 500_000 + b'"}',
    b'{"model": "grok-4.20-fast", "messages": [' + b"{}," * 50_000 + b"{}]}",
)
TYPES = (
    "text/xml",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 300,
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-7",
    "\x7f",
)
PATHS = (
    "/v1/nothing",
    "/v2/models",
    "//",
    "/v1/../admin/",
    "/v1/videos/%2e%2e%2f",
    "/x",
)
KEYS = ("Bearer wrong", "Bearer ", "Basic YTpi", "Bearer " + "k" * 8000, "\xff\xfe")


@dataclass(frozen=True)
class Target:
    """Where to send it, the key that opens it, and which one of many this is."""

    url: str
    key: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    def head(self, method: str, path: str, *headers: str, key: str = "") -> bytes:
        lines = (
            f"{method} {path} HTTP/1.1",
            "Host: {}:{}".format(*self.address),
            f"Authorization: {key or f'Bearer {self.key}'}",
            *headers,
        )
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    async def sent(self, data: bytes) -> int:
        """The status that comes back once this was sent."""
        async with connected(self) as (reader, writer):
            writer.write(data)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            return await status_of(reader)

    async def posted(self, path: str, body: bytes, *headers: str) -> int:
        length = f"Content-Length: {len(body)}"
        return await self.sent(self.head("POST", path, length, *headers) + body)


Abuse = Callable[[Target, random.Random], Awaitable[int]]


@contextlib.asynccontextmanager
async def connected(target: Target):
    reader, writer = await asyncio.open_connection(*target.address)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def status_of(reader: asyncio.StreamReader) -> int:
    """Nothing at all within the time is the failure that is looked for."""
    try:
        async with asyncio.timeout(ANSWER_S):
            line = await reader.readline()
    except ConnectionError:
        return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/1.") else 0


async def no_http(target: Target, draw: random.Random) -> int:
    """The end of what is sent is told, so that nobody waits for more of it."""
    async with connected(target) as (reader, writer):
        writer.write(draw.choice(NO_HTTP))
        with contextlib.suppress(OSError):
            writer.write_eof()
        return await status_of(reader)


async def large_headers(target: Target, draw: random.Random) -> int:
    many = [f"X-{n}: {'v' * 20}" for n in range(3000)]
    large = [f"X-Large: {'v' * 600_000}"]
    path = "/v1/models?" + "q" * draw.choice((10, 100_000))
    return await target.sent(target.head("GET", path, *draw.choice((many, large))))


async def odd_bodies(target: Target, draw: random.Random) -> int:
    told = "Content-Type: application/json"
    return await target.posted(draw.choice(POSTS), draw.choice(BODIES), told)


async def odd_types(target: Target, draw: random.Random) -> int:
    kind = f"Content-Type: {draw.choice(TYPES)}"
    return await target.posted(draw.choice(POSTS), b'{"model": "m"}', kind)


async def bombs(target: Target, draw: random.Random) -> int:
    headers = ("Content-Type: application/json", "Content-Encoding: gzip")
    return await target.posted(draw.choice(POSTS), BOMB, *headers)


async def too_large(target: Target, draw: random.Random) -> int:
    declared = f"Content-Length: {draw.choice((10**9, 10**15))}"
    return await target.sent(target.head("POST", draw.choice(POSTS), declared))


async def wrong_keys(target: Target, draw: random.Random) -> int:
    key = draw.choice(KEYS)
    path = draw.choice((*POSTS, "/admin/api/tokens"))
    body = b'{"model": "grok-4.20-fast"}'
    head = target.head("POST", path, f"Content-Length: {len(body)}", key=key)
    return await target.sent(head + body)


async def unknown_routes(target: Target, draw: random.Random) -> int:
    method = draw.choice(("GET", "PUT", "DELETE", "OPTIONS", "BREW"))
    return await target.sent(target.head(method, draw.choice(PATHS)))


async def half_bodies(target: Target, draw: random.Random) -> int:
    """Nobody is there any more to be answered."""
    async with connected(target) as (_, writer):
        head = target.head("POST", draw.choice(POSTS), "Content-Length: 1000")
        writer.write(head + b'{"model": "grok')
        await asyncio.sleep(draw.random() / 20)
    return 0


async def leaving(target: Target, draw: random.Random) -> int:
    """Goes in mid-stream, after some of it was read or none."""
    prompt = {"role": "user", "content": "[[tokens=400]] [[delay_ms=25]]"}
    body = json.dumps({"model": MODEL, "stream": True, "messages": [prompt]}).encode()
    async with connected(target) as (reader, writer):
        told = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        writer.write(target.head("POST", CHAT, *told) + body)
        if draw.random() < 0.3:
            await asyncio.sleep(draw.random() / 20)
            return 0
        status = await status_of(reader)
        for _ in range(draw.randrange(4)):
            await reader.read(1000)
        return status


async def odd_sockets(target: Target, draw: random.Random) -> int:
    """Upgrades where there is none, with parts missing, with junk for frames."""
    path = draw.choice(("/webui/ws/chat", "/webui/api/imagine/ws", "/v1/models", "/"))
    headers = [line for line in SOCKET if draw.random() < 0.9]
    async with connected(target) as (reader, writer):
        junk = draw.randbytes(draw.choice((1, 200, 70_000)))
        writer.write(target.head("GET", path, *headers) + junk)
        with contextlib.suppress(OSError):
            writer.write_eof()
        return await status_of(reader)


async def nothing(target: Target, draw: random.Random) -> int:
    """A connection over which little or nothing comes."""
    async with connected(target) as (_, writer):
        writer.write(b"GET /v1/mod"[: draw.randrange(12)])
        await asyncio.sleep(draw.random() / 10)
    return 0


KINDS: tuple[Abuse, ...] = (
    no_http,
    large_headers,
    odd_bodies,
    odd_types,
    bombs,
    too_large,
    wrong_keys,
    unknown_routes,
    half_bodies,
    leaving,
    odd_sockets,
    nothing,
)


async def abused(
    target: Target, count: int, seed: int, at_once: int = 16
) -> Counter[tuple[str, int]]:
    """So many requests, each kind by turns; how often each kind was answered what."""
    found: Counter[tuple[str, int]] = Counter()
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            kind = KINDS[number % len(KINDS)]
            draw = random.Random(f"{seed} {number}")
            found[kind.__name__, await kind(target, draw)] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return found
