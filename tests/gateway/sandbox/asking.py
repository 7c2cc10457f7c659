"""Calls the sandbox's ASGI application in process."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from gateway.sandbox.app import Sandbox

CHAT = "/rest/app-chat/conversations/new"
LIMITS = "/rest/rate-limits"
HEALTHY = "sandbox-heavy-1"
LIMIT_S = 5


class Plug:
    """Stands for uvicorn's transport and its socket."""

    def __init__(self) -> None:
        self.options: list[tuple[object, ...]] = []
        self.aborted = asyncio.Event()
        self.ended = False

    def get_extra_info(self, name: str) -> "Plug":
        assert name == "socket"
        return self

    def setsockopt(self, *option: object) -> None:
        self.options.append(option)

    def abort(self) -> None:
        self.aborted.set()

    def write_eof(self) -> None:
        """The other side leaves as soon as it hears of it."""
        self.ended = True
        self.aborted.set()


@dataclass
class Cycle:
    """One request and its reply; `send` is bound to it as uvicorn's is."""

    body: bytes
    leaves_after: int | None = None  # the client goes after so many sends
    sent: list[dict[str, Any]] = field(default_factory=list)
    transport: Plug = field(default_factory=Plug)
    asked: bool = False

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.transport.aborted.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if self.leaves_after is not None and len(self.sent) > self.leaves_after:
            self.transport.abort()

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def parts(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:]]

    @property
    def reply(self) -> bytes:
        return b"".join(self.parts)

    @property
    def complete(self) -> bool:
        return bool(self.sent) and self.sent[-1].get("more_body") is not True

    def json(self) -> Any:
        return json.loads(self.reply)

    def responses(self) -> list[dict[str, Any]]:
        """`result.response` of each line, for replies in plain framing."""
        frames = [json.loads(line) for line in self.reply.splitlines() if line]
        return [f["result"].get("response", {}) for f in frames if "result" in f]

    def text(self) -> str:
        found = self.responses()
        return "".join(r["token"] for r in found if r.get("isThinking") is False)


def cookies(token: str, *more: str) -> bytes:
    return "; ".join([f"sso={token}", f"sso-rw={token}", *more]).encode()


async def call(
    sandbox: Sandbox,
    method: str,
    path: str,
    payload: object = None,
    *,
    query: str = "",
    leaves_after: int | None = None,
    **headers: bytes,
) -> Cycle:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    given = {"content_type": b"application/json", **headers}
    cycle = Cycle(b"" if payload is None else body, leaves_after)
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v) for k, v in given.items()],
    }
    async with asyncio.timeout(LIMIT_S):
        await sandbox(scope, cycle.receive, cycle.send)
    return cycle


async def chat(
    sandbox: Sandbox,
    prompt: str,
    mode: str = "fast",
    token: str = HEALTHY,
    leaves_after: int | None = None,
) -> Cycle:
    return await call(
        sandbox,
        "POST",
        CHAT,
        {"message": f"[user]: {prompt}", "modeId": mode},
        cookie=cookies(token),
        leaves_after=leaves_after,
    )


async def limits(sandbox: Sandbox, token: str, mode: str) -> Cycle:
    payload = {"modelName": mode}
    return await call(sandbox, "POST", LIMITS, payload, cookie=cookies(token))
