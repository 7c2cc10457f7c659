"""Answers that are whole when all is well, and the ways in which they may break."""

import asyncio

import orjson

from gateway.sandbox.answers import send_whole
from gateway.sandbox.calls import GARBAGE, Call, abort, gone, half_close

MIDDLE = "_mid"
DRIPS, DRIP_S = 20, 0.02
FAULTS = (
    *("reset", "half_close", "stall", "garbage", "drip"),
    *("reset_mid", "half_close_mid", "stall_mid", "garbage_mid"),
)


async def send_broken(
    call: Call,
    fault: str,
    answer: object,
    content_type: bytes = b"application/json",
) -> None:
    """An answer of 200, as `fault` has it; whole if that means nothing here."""
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    if fault not in FAULTS:
        await send_whole(call.send, 200, body, content_type)
        return
    kind = fault.removesuffix(MIDDLE)
    if kind == "garbage":
        kept = body[: len(body) // 2] if kind != fault else b""
        await send_whole(call.send, 200, kept + GARBAGE, content_type)
        return
    if kind == "drip":
        await drip(call, body, content_type)
        return
    if kind != fault:
        await begin(call, body, content_type)
    match kind:
        case "reset":
            await abort(call)
        case "half_close":
            await half_close(call)
        case _:
            await gone(call)


async def begin(call: Call, body: bytes, content_type: bytes) -> None:
    """The head, and half of what it promises."""
    await head(call, body, content_type)
    await part(call, body[: len(body) // 2])


async def drip(call: Call, body: bytes, content_type: bytes) -> None:
    size = max(1, -(-len(body) // DRIPS))
    await head(call, body, content_type)
    for start in range(0, len(body), size):
        await part(call, body[start : start + size])
        await asyncio.sleep(DRIP_S)
    await call.send({"type": "http.response.body", "body": b"", "more_body": False})


async def head(call: Call, body: bytes, content_type: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type), (b"content-length", length)]
    await call.send({"type": "http.response.start", "status": 200, "headers": headers})


async def part(call: Call, data: bytes) -> None:
    await call.send({"type": "http.response.body", "body": data, "more_body": True})
