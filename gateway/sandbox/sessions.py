"""/ws/mgw/: a chat as a session, the later service's form of it (13.3)."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson

from gateway.sandbox import directives, making, script
from gateway.sandbox.accounts import Account
from gateway.sandbox.calls import GARBAGE, Call, abort, half_close
from gateway.sandbox.directives import Directives
from gateway.sandbox.doors import cookies
from gateway.sandbox.events import Telling
from gateway.sandbox.frames import Frame
from gateway.sandbox.rendering import break_after, noise
from gateway.sandbox.script import Cue
from gateway.sandbox.sockets import HALF_CLOSED, Way, note, say, say_text
from gateway.sandbox.state import State

PATH = "/ws/mgw/"
SESSION = "conv-1"
EMPTY = Directives((("empty", ""),), "")
UNSUPPORTED = {"code": 3, "message": "Mode is not available"}
UNKNOWN_FILE = {"code": 3, "message": "Unknown file attachment"}
SPENT = {"code": 8, "message": "Too many requests"}
CODES = {400: 3, 401: 16, 403: 7, 413: 3, 422: 3, 429: 8}  # gRPC's
ANTI_BOT = {"code": 7, "message": "Request rejected by anti-bot rules."}


@dataclass(slots=True)
class Session:
    """What the client has said so far."""

    mode: str = ""
    text: str = ""
    files: list[object] = field(default_factory=list)


def is_own(account: Account, call: Call) -> bool:
    """The address and a cookie name the user."""
    named = parse_qs(call.query).get("uid", [""])[0]
    jar = cookies(call.headers.get(b"cookie", b""))
    return named == jar.get("x-userid") == account.user_id()


async def converse(state: State, account: Account, call: Call, way: Way) -> None:
    """Answer what is said, until either side leaves."""
    session = Session()
    performing: asyncio.Task[None] | None = None
    try:
        while (message := await way.heard())["type"] != "websocket.disconnect":
            text = message.get("text") or ""
            note(state, PATH, text)
            event = told(text)
            match event.get("type"):
                case "session.create":
                    session.mode = str(event["session"]["model"])
                    await attach(way, event)
                case "conversation.item.create":
                    listen(session, event["item"])
                case "response.create" if performing is None:
                    turn = perform(state, account, call, way, session)
                    performing = asyncio.create_task(turn)
                    state.open_streams += 1
                case "ping":
                    await say(way, enveloped({"type": "pong"}))
    finally:
        if performing is not None:
            state.open_streams -= 1
            if not performing.done():
                state.closed_early += 1
            performing.cancel()
            await asyncio.gather(performing, return_exceptions=True)


def told(text: str) -> Frame:
    try:
        event = orjson.loads(text)["event"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return event if isinstance(event, dict) else {}


def enveloped(event: Frame) -> Frame:
    return {"session_id": SESSION, "event": event}


async def attach(way: Way, event: Frame) -> None:
    created = {"type": "session.created", "client_event_id": event.get("event_id")}
    await say(way, enveloped(created))
    attached = {"type": "conversation.attached", "conversation": {"id": SESSION}}
    await say(way, enveloped(attached))


def listen(session: Session, item: Frame) -> None:
    chunks = item["x_grok"]["input_chunks"]
    session.text = "".join(chunk["text"]["text"] for chunk in chunks if "text" in chunk)
    session.files = item.get("file_attachment_ids", [])


async def perform(
    state: State, account: Account, call: Call, way: Way, session: Session
) -> None:
    files = [account.files.find(identity) for identity in session.files]
    described = tuple(file.described() for file in files if file is not None)
    empty = account.fault == "empty"
    asked = (
        EMPTY
        if empty
        else directives.drifting(
            directives.parse(session.text, described), state.settings.drift
        )
    )
    error = UNKNOWN_FILE if None in files else refusal(account, asked, session.mode)
    if error is not None:
        await say(way, enveloped({"type": "error", "error": error}))
        return
    if session.text.startswith(making.LIGHT) and not empty:
        cues = list(making.light(account, session.text, asked))
    else:
        cues = list(script.cues(asked, session.mode))
    await play(state, call, way, asked, cues)


def refusal(account: Account, asked: Directives, mode: str) -> Frame | None:
    """An error instead of an answer; it costs no quota."""
    window = account.windows.get(mode)
    if window is None:
        return UNSUPPORTED
    account.modes[mode] += 1
    if "challenge" in asked:
        return ANTI_BOT
    if "status" in asked:
        status = asked.number("status", bare=500)
        code = CODES.get(status, 13)
        return {"code": code, "message": f"Denied with {status}, as directed"}
    return None if window.spend(time.monotonic()) else SPENT


async def play(
    state: State, call: Call, way: Way, asked: Directives, cues: list[Cue]
) -> None:
    telling = Telling(later="v3" in asked)
    pauses = Pauses(asked, state.settings.pace_ms)
    limit = break_after(asked, sum(cue.word for cue in cues))
    odd = noise(asked).decode().splitlines()
    spoken = 0
    await asyncio.sleep(asked.number("first_ms") / 1000)
    for cue in cues:
        spoken += cue.word
        if limit is not None and spoken > limit:
            await break_off(call, way, asked)
            return
        if cue.paced:
            await pauses.pause()
        for event in telling.events(cue.frame):
            await say(way, enveloped(event))
        for line in odd if cue.word else ():
            await say_text(way, line)
    if "nomarker" in asked:
        await say(way, enveloped({"type": "session.ended"}))


class Pauses:
    """Between tokens, a batch of them at a time."""

    def __init__(self, asked: Directives, pace_ms: int) -> None:
        self._delay_s = (
            asked.number("drip") or asked.number("delay_ms", pace_ms)
        ) / 1000
        self._batch = max(1, asked.number("batch", 1))
        self._ticks = 0

    async def pause(self) -> None:
        if self._delay_s and self._ticks and self._ticks % self._batch == 0:
            await asyncio.sleep(self._delay_s)
        self._ticks += 1


async def break_off(call: Call, way: Way, asked: Directives) -> None:
    if "stall_after" in asked:
        await asyncio.Event().wait()
    elif "reset_after" in asked:
        await abort(call)
    elif "half_close" in asked:
        await half_close(call)
    elif "garbage" in asked:
        await say_text(way, GARBAGE.decode())
        await way.said(HALF_CLOSED)
    else:
        await way.said(HALF_CLOSED)
