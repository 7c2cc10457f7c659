"""/ws/imagine/listen: pictures in rounds, a prompt for each."""

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from gateway.sandbox import directives, generated, making, paint
from gateway.sandbox.accounts import Account
from gateway.sandbox.calls import GARBAGE, Call, abort, half_close
from gateway.sandbox.directives import Directives
from gateway.sandbox.frames import Frame
from gateway.sandbox.sockets import HALF_CLOSED, Way, note, say, say_text
from gateway.sandbox.state import State

PATH = "/ws/imagine/listen"
SLOTS, PRO_SLOTS = 6, 4
PREVIEW, FINAL = 50, 100
MODEL = "imagine"
COUNTS = range(1, 11)
LATER_ID = re.compile(r"img_[0-9a-f]{32}")
RATIOS = frozenset({"16:9", "9:16", "3:2", "2:3", "1:1"})
LATER_RATIOS = frozenset({"auto", *paint.RATIOS})
ERROR_CODES = {"8": "rate_limit_exceeded", "7": "anti-bot"}


@dataclass(frozen=True, slots=True)
class Request:
    """`count`: how many are asked for, which only the later form says."""

    prompt: str
    ratio: str
    pro: bool
    count: int | None = None


async def converse(state: State, account: Account, call: Call, way: Way) -> None:
    """One round after another, until either side leaves."""
    rounds = 0
    performing: asyncio.Task[None] | None = None
    state.open_streams += 1
    try:
        while (message := await way.heard())["type"] != "websocket.disconnect":
            text = message.get("text") or ""
            note(state, PATH, text)
            request = asked_for(text)
            if request is not None and (told := refusal(state, request)):
                await say(way, error("invalid_argument", told))
            elif request is not None:
                if performing is not None:
                    performing.cancel()
                rounds += 1
                turn = perform(state, account, call, way, request, rounds)
                performing = asyncio.create_task(turn)
    finally:
        state.open_streams -= 1
        if performing is not None:
            if not performing.done():
                state.closed_early += 1
            performing.cancel()
            await asyncio.gather(performing, return_exceptions=True)


def asked_for(text: str) -> Request | None:
    """What a frame asks to be drawn; None for any other frame."""
    try:
        content = orjson.loads(text)["item"]["content"][0]
        if content["type"] != "input_text":
            return None
        wanted = content["properties"]
        count = wanted.get("num_generations")
        if count is not None and not LATER_ID.fullmatch(content["requestId"]):
            count = 0
        ratio, pro = wanted["aspect_ratio"], wanted["enable_pro"]
        return Request(content["text"], ratio, pro, count)
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return None


def refusal(state: State, request: Request) -> str:
    """Why nothing is drawn; empty if something is."""
    generation = "old" if request.count is None else "new"
    if state.settings.imagine_forms not in {"both", generation}:
        return "The request has not the form that is taken"
    if request.count is not None and request.count not in COUNTS:
        return "requestId or num_generations is out of range"
    known = RATIOS if request.count is None else LATER_RATIOS
    return "" if request.ratio in known else "Unknown aspect_ratio"


async def perform(
    state: State,
    account: Account,
    call: Call,
    way: Way,
    request: Request,
    number: int,
) -> None:
    asked = directives.parse(request.prompt)
    host = call.headers.get(b"host", b"").decode("latin-1")
    delay_ms = asked.number("drip") or asked.number("delay_ms", state.settings.pace_ms)
    await asyncio.sleep(asked.number("first_ms") / 1000)
    account.modes[MODEL] += 1
    window = account.windows.get("auto")
    kind = "imagePro" if request.pro else "image"
    free = account.media_left(kind)
    account.spend_media(kind)
    if not free or (window is not None and not window.spend(time.monotonic())):
        await say(way, error("rate_limit_exceeded", "Too many requests"))
        return
    if "stock" not in asked:  # each round of an account has pictures of its own
        number = account.modes[MODEL]
    told = [] if "noresult" in asked else list(drawn(request, asked, host, number))
    for index, frame in enumerate([*told, None]):
        if await broke(way, call, asked, index):
            return
        if frame is not None:
            await say(way, frame)
            await asyncio.sleep(delay_ms / 1000)
    if "close_round" in asked:
        await way.said(HALF_CLOSED)


async def broke(way: Way, call: Call, asked: Directives, index: int) -> bool:
    """Whether the round ends before the frame of this index."""
    if "error" in asked and index == asked.number("error_after"):
        kind = asked.text("error")
        code = ERROR_CODES.get(kind, kind or "internal")
        await say(way, error(code, "As directed"))
    elif "stall_after" in asked and index == asked.number("stall_after"):
        await asyncio.Event().wait()
    elif "close_after" in asked and index == asked.number("close_after"):
        await way.said(HALF_CLOSED)
    elif "reset_after" in asked and index == asked.number("reset_after"):
        await abort(call)
    elif "half_close" in asked and index == asked.number("half_close"):
        await half_close(call)
    elif "garbage" in asked and index == asked.number("garbage"):
        await say_text(way, GARBAGE.decode())
        await way.said(HALF_CLOSED)
    else:
        return False
    return True


def drawn(
    request: Request, asked: Directives, host: str, number: int
) -> Iterator[Frame]:
    """A round: all slots open, develop and end side by side."""
    batch = PRO_SLOTS if request.pro else SLOTS
    slots = asked.number("slots", request.count or batch)
    names = [
        paint.name(
            making.seed(request.prompt, asked, 100 * number + slot), request.ratio
        )
        for slot in range(slots)
    ]
    if "nostart" not in asked:
        for slot, identity in enumerate(names):
            yield status("start_stage", identity, slot)
    ends = [
        status(
            "completed",
            identity,
            slot,
            moderated=making.is_withheld(asked, slot),
            r_rated=False,
        )
        for slot, identity in enumerate(names)
        if "nocompleted" not in asked
    ]
    if "completed_first" in asked:
        yield from ends
    for percent in () if "nourl" in asked else (PREVIEW, FINAL):
        for slot, identity in enumerate(names):
            frame = image(identity, slot, percent, host)
            if request.count is not None and percent == FINAL:
                del frame["percentage_complete"]  # of a preview alone it is told
            yield frame
    if "completed_first" not in asked:
        yield from ends


def status(stage: str, identity: str, slot: int, **more: object) -> Frame:
    width, height = paint.size_of(identity)
    return {
        "type": "json",
        "current_status": stage,
        "image_id": identity,
        "job_id": identity,
        "order": slot,
        "width": width,
        "height": height,
        **more,
    }


def image(identity: str, slot: int, percent: int, host: str) -> Frame:
    preview = percent < FINAL
    data = paint.png(identity) if preview else paint.jpeg(identity)
    width, height = paint.size_of(identity)
    return {
        "type": "image",
        "id": identity,
        "url": f"http://{host}{generated.public_path(identity, preview=preview)}",
        "blob": b64encode(data).decode(),
        "percentage_complete": percent,
        "grid_index": slot,
        "width": width,
        "height": height,
    }


def error(code: str, told: str) -> Frame:
    return {"type": "error", "err_code": code, "err_msg": told}
