"""A server and its client in one: drives an ASGI application call by call."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]  # ASGI's own shape


@dataclass
class Exchange:
    """One request to `app`; what it answered stands in `messages`."""

    method: str = "GET"
    path: str = "/"
    body: bytes | list[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    query: bytes = b""
    client: tuple[str, int] | None = ("127.0.0.1", 5000)
    leaves_in_body: bool = False
    messages: list[Message] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0

    @property
    def scope(self):
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in self._headers()],
            "client": self.client,
            "server": ("testserver", 80),
        }

    def _headers(self):
        return {"host": "testserver", **self.headers}.items()

    async def receive(self):
        chunks = [self.body] if isinstance(self.body, bytes) else self.body
        if self.received < len(chunks):
            self.received += 1
            last = self.received == len(chunks)
            more = self.leaves_in_body or not last
            return {
                "type": "http.request",
                "body": chunks[self.received - 1],
                "more_body": more,
            }
        if not self.leaves_in_body:
            await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.messages.append(message)
        self.started.set()

    async def through(self, app):
        await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def answered(self):
        return {name.decode(): value.decode() for name, value in self.raw_headers}

    @property
    def raw_headers(self) -> Headers:
        headers: Headers = self.messages[0]["headers"]
        return headers

    @property
    def content(self):
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def json(self):
        return orjson.loads(self.content)

    @property
    def code(self):
        return self.json["error"]["code"]


def post(document, path="/v1/chat/completions", **more):
    return Exchange("POST", path, orjson.dumps(document), **more)


def envelope(exchange):
    """Status and code of an error as every caller may rely on it."""
    found = exchange.json["error"]
    assert set(found) == {"message", "type", "param", "code"}
    assert exchange.answered["content-type"] == "application/json"
    assert exchange.answered["content-length"] == str(len(exchange.content))
    assert exchange.answered["access-control-allow-origin"] == "*"
    assert exchange.answered["x-request-id"]
    return exchange.status, found["code"]


def refused(exchange):
    """Status and type of an error in the Anthropic dialect."""
    body = exchange.json
    assert set(body) == {"type", "error", "request_id"}
    assert set(body["error"]) == {"type", "message"}
    assert body["type"] == "error"
    assert exchange.answered["content-type"] == "application/json"
    assert exchange.answered["content-length"] == str(len(exchange.content))
    assert exchange.answered["access-control-allow-origin"] == "*"
    assert exchange.answered["x-request-id"] == body["request_id"]
    assert exchange.answered["request-id"] == body["request_id"]
    return exchange.status, body["error"]["type"]
