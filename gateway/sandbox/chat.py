"""POST /rest/app-chat/conversations/new: one scripted turn."""

import asyncio
import time

import orjson

from gateway.sandbox import directives, making
from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_challenge, send_error, send_json
from gateway.sandbox.calls import Call, abort, gone, half_close
from gateway.sandbox.directives import Directives
from gateway.sandbox.doors import admit
from gateway.sandbox.forms import refused
from gateway.sandbox.frames import Frame
from gateway.sandbox.rendering import Fate, Script, script, staged
from gateway.sandbox.state import State

EMPTY = Directives((("empty", ""),), "")
EARLY = {"refuse": abort, "ignore": half_close}
END = {"type": "http.response.body", "body": b"", "more_body": False}


async def converse(state: State, call: Call) -> None:
    account = await admit(state, call)
    if account is None:
        return
    fields = decoded(call.body)
    order = making.read(fields)
    if order is not None:
        await make(state, call, account, order)
        return
    prompt = read(fields)
    if prompt is None:
        await send_error(call.send, "malformed")
        return
    if await refused(state, call, "chat", "old"):
        return
    message, mode, attached = prompt
    files = [account.files.find(identity) for identity in attached]
    if None in files:
        await send_error(call.send, "unknown_attachment")
        return
    described = tuple(file.described() for file in files if file is not None)
    asked = (
        EMPTY
        if account.fault == "empty"
        else directives.drifting(
            directives.parse(message, described), state.settings.drift
        )
    )
    if await granted(call, account, asked, mode):
        if message.startswith(making.LIGHT) and account.fault != "empty":
            told = list(making.light(account, message, asked))
            await perform_all(state, call, staged(asked, told, state.settings.pace_ms))
        else:
            turn = script(asked, mode, state.settings.pace_ms)
            await perform_all(state, call, turn)


async def make(state: State, call: Call, account: Account, order: making.Order) -> None:
    """An edit or a film; counted by its model."""
    if await refused(state, call, making.OPERATIONS[order.model], order.generation):
        return
    if not making.knows(account, order):
        await send_error(call.send, "unknown_attachment")
        return
    asked = directives.parse(order.message)
    if not account.media_left(order.kind):
        await send_error(call.send, "ratelimited")
    elif await granted(call, account, asked, order.model):
        account.spend_media(order.kind)
        told = list(making.cues(account, order, asked))
        if account.fault == "empty":
            told = []
        await perform_all(state, call, staged(asked, told, state.settings.pace_ms))


async def perform_all(state: State, call: Call, turn: Script) -> None:
    if turn.at_once():
        await send_at_once(call, turn)
    else:
        await play(state, call, turn)


def decoded(body: bytes) -> Frame:
    """Empty for what is no JSON object."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def read(payload: Frame) -> tuple[str, str, list[object]] | None:
    """Message, mode and ids of attached files; None for a body that has them not."""
    try:
        message, mode = payload["message"], payload["modeId"]
        attached = payload.get("fileAttachments", [])
    except KeyError:
        return None
    if not isinstance(message, str) or not isinstance(mode, str):
        return None
    return (message, mode, attached) if isinstance(attached, list) else None


async def granted(call: Call, account: Account, asked: Directives, mode: str) -> bool:
    """Whether the turn may start; a refusal is sent here and costs no quota."""
    media = mode in making.READERS
    window = account.windows.get("auto" if media else mode)
    if window is None and not media:  # media is made for basic accounts too
        await send_error(call.send, "unsupported")
        return False
    account.modes[mode] += 1
    if "challenge" in asked:
        await send_challenge(call.send)
        return False
    if "status" in asked:
        await send_directed(call, asked)
        return False
    if window is not None and not window.spend(time.monotonic()):
        await send_error(call.send, "ratelimited")
        return False
    return True


async def send_directed(call: Call, asked: Directives) -> None:
    retry_after = asked.text("retry_after").encode()
    extra = ((b"retry-after", retry_after),) if retry_after else ()
    status = asked.number("status", bare=500)
    body = {"error": {"code": 2, "message": f"Denied with {status}, as directed"}}
    await send_json(call.send, body, status, extra)


async def send_at_once(call: Call, turn: Script) -> None:
    """The short way: no pace to keep, so nobody to watch for."""
    await start(call, turn)
    run = turn.steps[0]
    for data in run[:-1]:
        await send_part(call, data)
    last = run[-1] if run else b""
    await call.send({"type": "http.response.body", "body": last, "more_body": False})


async def play(state: State, call: Call, turn: Script) -> None:
    """Send a script, and stop as soon as the client has left."""
    loop = asyncio.get_running_loop()
    player = loop.create_task(perform(call, turn))
    watcher = loop.create_task(gone(call))
    state.open_streams += 1
    try:
        await asyncio.wait((player, watcher), return_when=asyncio.FIRST_COMPLETED)
        if player.done():
            player.result()
        else:
            state.closed_early += 1
    finally:
        state.open_streams -= 1
        player.cancel()
        watcher.cancel()


async def perform(call: Call, turn: Script) -> None:
    await asyncio.sleep(turn.first_s)
    if turn.fate in EARLY:
        await EARLY[turn.fate](call)
        return
    await start(call, turn)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for tick, run in enumerate(turn.steps):
        if tick:  # a schedule of its own, so that delays do not add up
            await asyncio.sleep(begun + tick * turn.delay_s - loop.time())
        for data in run:
            await send_part(call, data)
            if turn.split:
                await asyncio.sleep(0)  # else the transport joins what follows
    await finish(call, turn.fate)


async def finish(call: Call, fate: Fate) -> None:
    match fate:
        case "stall":
            await asyncio.Event().wait()
        case "reset":
            await abort(call)
        case "half":
            await half_close(call)
        case _:
            await call.send(END)


async def start(call: Call, turn: Script) -> None:
    await call.send(
        {"type": "http.response.start", "status": 200, "headers": turn.headers}
    )


async def send_part(call: Call, data: bytes) -> None:
    await call.send({"type": "http.response.body", "body": data, "more_body": True})
