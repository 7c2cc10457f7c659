"""Upgrades to a WebSocket: which there are, and how one is refused."""

from collections.abc import Awaitable, Callable

from gateway.sandbox import imagine, sessions
from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_error
from gateway.sandbox.calls import Call, Receive, Scope, Send
from gateway.sandbox.doors import admit, stopped
from gateway.sandbox.forms import refused
from gateway.sandbox.sockets import Way
from gateway.sandbox.state import State

Talk = Callable[[State, Account, Call, Way], Awaitable[None]]

SOCKETS: dict[str, Talk] = {
    imagine.PATH: imagine.converse,
    sessions.PATH: sessions.converse,
}


async def upgrade(state: State, scope: Scope, receive: Receive, send: Send) -> None:
    way = Way(receive, send)
    await receive()  # websocket.connect
    headers = dict(scope["headers"])
    path = scope["path"]
    query = scope["query_string"].decode("latin-1")
    call = Call("GET", path, path, query, headers, b"", way.receive, way.send)
    state.note(call)
    if await stopped(state, call):
        return
    talk = SOCKETS.get(path)
    if talk is None:
        await send_error(call.send, "unknown_path")
        return
    account = await admit(state, call)
    if account is None:
        return
    if talk is sessions.converse:
        if await refused(state, call, "chat", "new"):
            return
        if not sessions.is_own(account, call):
            await send_error(call.send, "malformed")
            return
    await send({"type": "websocket.accept"})
    await talk(state, account, call, way)
