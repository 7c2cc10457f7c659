"""The sandbox as an ASGI application: one table of endpoints, one module per group."""

from collections.abc import Awaitable, Callable

from gateway.sandbox import (
    allowances,
    assets,
    chat,
    control,
    generated,
    limits,
    operations,
    pages,
    posts,
    session,
    solver,
    upgrades,
    uploads,
    voice,
)
from gateway.sandbox.answers import send_error
from gateway.sandbox.calls import Call, Receive, Scope, Send
from gateway.sandbox.doors import stopped
from gateway.sandbox.settings import Settings
from gateway.sandbox.state import State

MAX_BODY_BYTES = 128 * 1024 * 1024
CONTROL = "/_sandbox/"
NOT_UPSTREAM = (CONTROL, solver.PATH)

Endpoint = Callable[[State, Call], Awaitable[None]]

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/rest/app-chat/conversations/new"): chat.converse,
    ("POST", "/rest/rate-limits"): limits.rate_limits,
    ("POST", "/rest/app-chat/upload-file"): uploads.as_json,
    ("POST", "/http/upload-file-v2/direct"): uploads.as_form,
    ("GET", "/rest/assets"): assets.listed,
    ("GET", "/api/auth/session"): session.session,
    ("POST", "/rest/media/post/create"): posts.create,
    ("POST", "/rest/livekit/tokens"): voice.tokens,
    ("POST", operations.TERMS): operations.accept_terms,
    ("POST", operations.CONTROLS): operations.change_controls,
    ("POST", operations.TERMS_SET): operations.set_terms,
    ("POST", allowances.QUOTA): allowances.quota,
    ("POST", allowances.CREDITS): allowances.credits_used,
    ("POST", "/rest/auth/set-birth-date"): operations.set_birth_date,
    ("POST", solver.PATH): solver.solve,
    ("GET", "/"): pages.page,
    ("GET", "/index"): pages.page,
    ("GET", pages.TRACE): pages.trace,
    ("GET", "/_sandbox/stats"): control.stats,
    ("GET", "/_sandbox/requests"): control.requests,
    ("POST", "/_sandbox/reset"): control.reset,
    ("POST", "/_sandbox/settings"): control.change_settings,
}

# Paths that end in a name: counted together under the first part.
BRANCHES: dict[tuple[str, str], Endpoint] = {
    ("DELETE", "/rest/assets-metadata/"): assets.delete,
    ("GET", "/users/"): assets.content,
    ("GET", generated.PUBLIC): generated.public,
}


class Sandbox:
    def __init__(self, settings: Settings | None = None) -> None:
        self.state = State(settings or Settings())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(NOT_UPSTREAM) and scope.get("client"):
            self.state.peers.append(scope["client"][1])
        if scope["type"] == "websocket":
            await upgrades.upgrade(self.state, scope, receive, send)
            return
        body = await read(receive)
        if body is None:
            await send_error(send, "too_large")
            return
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        headers = dict(scope["headers"])
        endpoint, label = find(method, path)
        peer = (scope.get("client") or ("",))[0]
        call = Call(method, path, label, query, headers, body, receive, send, peer)
        if not path.startswith(CONTROL):
            self.state.note(call)
            if await stopped(self.state, call):
                return
        if endpoint is None:
            await send_error(send, "unknown_path")
        else:
            await endpoint(self.state, call)


def find(method: str, path: str) -> tuple[Endpoint | None, str]:
    """What answers, and the name to count it under."""
    endpoint = ENDPOINTS.get((method, path))
    if endpoint is not None:
        return endpoint, path
    for (wanted, start), branch in BRANCHES.items():
        if path.startswith(start):
            return (branch if method == wanted else None), start
    return None, path


async def read(receive: Receive) -> bytes | None:
    """The whole body; None for one that is too large."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message["body"]]
    size = len(parts[0])
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
    return b"".join(parts)
