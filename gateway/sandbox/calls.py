"""One call as it reaches an endpoint, and what ASGI has no words for."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Scope = dict[str, Any]  # ASGI's own shape
Message = dict[str, Any]  # likewise
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

NO_LINGER = struct.pack("ii", 1, 0)
ARRIVAL_S = 0.05
GARBAGE = bytes(range(1, 64)) + b"<p>Bad gateway</p>\n"  # no frame, no line of one


@dataclass(frozen=True, slots=True)
class Call:
    """One request with its body read; it is counted under `label`."""

    method: str
    path: str
    label: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes
    receive: Receive
    send: Send
    peer: str = ""


async def gone(call: Call) -> None:
    """Returns when the client has left."""
    while (await call.receive())["type"] != "http.disconnect":
        pass


def wire(call: Call) -> asyncio.Transport:
    """The transport, of which ASGI knows nothing: uvicorn's `send` is a method of its
    request cycle, and that has it.
    """
    cycle = getattr(call.send, "__self__")  # noqa: B009 - not in the type
    transport: asyncio.Transport = cycle.transport
    return transport


async def half_close(call: Call) -> None:
    """Say on the TCP connection that nothing more comes, and go on listening."""
    await asyncio.sleep(ARRIVAL_S)
    wire(call).write_eof()
    await gone(call)


async def abort(call: Call) -> None:
    """Reset the TCP connection, once what was sent has had time to arrive.

    With no time to linger, closing it sends RST and not FIN.
    """
    await asyncio.sleep(ARRIVAL_S)
    transport = wire(call)
    plain = transport.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
    await gone(call)  # uvicorn learns of it a moment later
