"""A base URL that speaks chat completions: how it is asked, and what it says.

Knows nothing of whose gateway it is; a key never gets into a message.
"""

import asyncio
import json
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.bench import dialects, wire
from gateway.bench.connection import Broken, Connection, Reply

CHAT = dialects.ALL["chat"]
CONNECT_S = 10.0
PATIENCE_S = 120.0  # for one whole reply
PORTS = {"http": 80, "https": 443}
END = b"data: [DONE]"


class Unusable(Exception):
    """The target cannot be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    host: str
    port: int
    path: str
    tls: bool
    model: str
    key: str = ""

    def request(self, prompt: str, *, stream: bool) -> bytes:
        """One whole HTTP request that keeps the connection."""
        document = CHAT.body(prompt, stream, 0) | {"model": self.model}
        body = json.dumps(document).encode()
        key = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        accept = "text/event-stream" if stream else "application/json"
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.authority}\r\n{key}"
            f"Accept: {accept}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == PORTS["https" if self.tls else "http"]
        return host if usual else f"{host}:{self.port}"

    async def connect(self) -> Connection:
        """Raises OSError or TimeoutError."""
        context = ssl.create_default_context() if self.tls else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            _, connection = await loop.create_connection(
                Connection, self.host, self.port, ssl=context
            )
        return connection

    def covered(self, words: str) -> str:
        return words.replace(self.key, "***") if self.key else words


def target(name: str, url: str, model: str, key: str) -> Target:
    """`url` with or without `/v1` at its end. Raises Unusable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise Unusable(f"{name}: {exc}") from exc
    if parts.scheme not in PORTS or not parts.hostname:
        raise Unusable(f"{name}: an address like http://127.0.0.1:8000/v1 is wanted")
    if parts.username or parts.password or parts.query:
        raise Unusable(f"{name}: the address may hold no key; use a variable for it")
    base = parts.path.rstrip("/")
    path = (
        f"{base}{CHAT.path.removeprefix('/v1') if base.endswith('/v1') else CHAT.path}"
    )
    if any(mark in key for mark in "\r\n"):
        raise Unusable(f"{name}: the key holds a line break")
    tls = parts.scheme == "https"
    return Target(
        name, parts.hostname, port or PORTS[parts.scheme], path, tls, model, key
    )


def key_in(variable: str, environment: Mapping[str, str] = os.environ) -> str:
    return environment.get(variable, "").strip()


async def try_out(target: Target, prompt: str, variable: str) -> None:
    """One request ahead of the load. Raises Unusable, which says what is wrong."""
    name = target.name
    try:
        connection = await target.connect()
    except (OSError, TimeoutError) as exc:
        told = str(exc) or "no connection in time"
        raise Unusable(f"{name}: {target.authority} cannot be reached: {told}") from exc
    try:
        reply = await exchange(target, connection, prompt, stream=False)
        words_in(reply, stream=False)
    except TimeoutError as exc:
        raise Unusable(f"{name}: no whole answer within {PATIENCE_S:.0f} s") from exc
    except (Broken, ValueError) as exc:
        raise Unusable(f"{name}: {refusal(target, str(exc), variable)}") from exc
    finally:
        connection.close()


def refusal(target: Target, told: str, variable: str) -> str:
    status = told[:3]
    if status in {"401", "403"}:
        given = "the key of" if target.key else "a call without a key, as there is no"
        return f"it refuses {given} {variable} ({status})"
    if status in {"404", "405"}:
        return f"nothing answers at {target.path} for model {target.model} ({status})"
    return target.covered(told)


async def exchange(
    target: Target, connection: Connection, prompt: str, *, stream: bool
) -> Reply:
    """Raises Broken or TimeoutError."""
    reply = Reply(time.perf_counter(), True, CHAT.marker, False)
    async with asyncio.timeout(PATIENCE_S):
        await connection.exchange(target.request(prompt, stream=stream), reply)
    return reply


def words_in(reply: Reply, *, stream: bool) -> int:
    """How many words a good answer has. Raises ValueError for any other."""
    body = wire.payload(b"".join(reply.raw))
    try:
        text = streamed(body) if stream else CHAT.reply_text(json.loads(body))
    except (KeyError, IndexError, TypeError) as exc:
        raise ValueError(f"no chat completion: {body[:80]!r}") from exc
    if not text.strip():
        raise ValueError("the answer has no text")
    return len(text.split())


def streamed(body: bytes) -> str:
    """Lenient: comments, chunks of usage alone and any line ends are passed over."""
    datas = [line.strip() for line in body.splitlines() if line.startswith(b"data:")]
    if not datas or datas[-1] != END:
        raise ValueError("the stream does not end with [DONE]")
    parts = []
    for data in datas[:-1]:
        chunk = json.loads(data.removeprefix(b"data:"))
        if "error" in chunk:
            raise ValueError("the stream holds an error")
        for choice in chunk.get("choices") or ():
            parts.append((choice.get("delta") or {}).get("content") or "")
    return "".join(parts)
