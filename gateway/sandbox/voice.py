"""POST /rest/livekit/tokens: the pass of a room. There is no room behind it."""

import base64
import secrets
import time

import orjson

from gateway.sandbox import directives
from gateway.sandbox.answers import send_error, send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.chat import decoded, granted
from gateway.sandbox.doors import admit
from gateway.sandbox.frames import Frame
from gateway.sandbox.state import State

MODE = "auto"  # what a session is counted as
LIFE_S = 600
VOICES = frozenset({"ara", "eve", "leo", "rex", "sal", "gork"})


async def tokens(state: State, call: Call) -> None:
    """The instruction of the session may hold directives."""
    account = await admit(state, call)
    if account is None:
        return
    fields = decoded(call.body)
    session = session_of(fields)
    if session is None:
        await send_error(call.send, "malformed")
        return
    asked = directives.parse(str(session.get("instructions", "")))
    if not await granted(call, account, asked, MODE):
        return
    if "notoken" in asked or account.fault == "empty":
        await send_json(call.send, {"livekitUrl": fields["livekitUrl"]})
        return
    who = account.user_id()
    room = f"room-{secrets.token_hex(6)}"
    await send_json(
        call.send,
        {
            "token": pass_for(who, room, asked.number("life", LIFE_S)),
            "livekitUrl": fields["livekitUrl"],
            "participantName": who,
            "roomName": room,
        },
    )


def session_of(fields: Frame) -> Frame | None:
    """Settings of the session, JSON inside the JSON; None if they are not whole."""
    try:
        session = orjson.loads(fields["sessionPayload"])
        known = session["voice"] in VOICES and session["turn_detection"]["type"]
        speed, url = session["playback_speed"], fields["livekitUrl"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    own = session.get("personality") is None
    instructed = own == bool(session.get("instructions"))
    whole = known and isinstance(url, str) and isinstance(speed, float | int)
    return session if whole and instructed else None


def pass_for(who: str, room: str, life_s: int) -> str:
    """Shaped like the real one, signed by nobody."""
    claims = {
        "sub": who,
        "exp": int(time.time()) + life_s,
        "video": {"room": room, "roomJoin": True},
    }
    parts = [orjson.dumps({"alg": "none", "typ": "JWT"}), orjson.dumps(claims)]
    parts.append(secrets.token_bytes(32))
    return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
