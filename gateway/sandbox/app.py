"""The sandbox as an ASGI application: one table of endpoints, one module per group."""

from collections.abc import Awaitable, Callable

from gateway.sandbox import chat, control, limits, operations, pages, session
from gateway.sandbox.answers import send_error
from gateway.sandbox.calls import Call, Receive, Scope, Send
from gateway.sandbox.settings import Settings
from gateway.sandbox.state import State

MAX_BODY_BYTES = 128 * 1024 * 1024
CONTROL = "/_sandbox/"

ENDPOINTS: dict[tuple[str, str], Callable[[State, Call], Awaitable[None]]] = {
    ("POST", "/rest/app-chat/conversations/new"): chat.converse,
    ("POST", "/rest/rate-limits"): limits.rate_limits,
    ("GET", "/api/auth/session"): session.session,
    ("POST", operations.TERMS): operations.accept_terms,
    ("POST", operations.CONTROLS): operations.change_controls,
    ("POST", "/rest/auth/set-birth-date"): operations.set_birth_date,
    ("GET", "/"): pages.page,
    ("GET", "/index"): pages.page,
    ("GET", "/_sandbox/stats"): control.stats,
    ("GET", "/_sandbox/requests"): control.requests,
    ("POST", "/_sandbox/reset"): control.reset,
    ("POST", "/_sandbox/settings"): control.change_settings,
}


class Sandbox:
    def __init__(self, settings: Settings | None = None) -> None:
        self.state = State(settings or Settings())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"no {scope['type']} here yet")
        body = await read(receive)
        if body is None:
            await send_error(send, "too_large")
            return
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        headers = dict(scope["headers"])
        call = Call(method, path, query, headers, body, receive, send)
        if not path.startswith(CONTROL):
            self.state.note(call)
        endpoint = ENDPOINTS.get((method, path))
        if endpoint is None:
            await send_error(send, "unknown_path")
        else:
            await endpoint(self.state, call)


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
