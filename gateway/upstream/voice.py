"""Ask for a room to talk in (9); who gets its token joins it without us."""

import httpx
import orjson

from gateway.conversation.speaking import Room, Speaking
from gateway.upstream import calls, failures
from gateway.upstream.channel import is_near
from gateway.upstream.fields import Json, decode, text
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings

PATH = "/rest/livekit/tokens"
REPLY_BYTES = 64 * 1024
URL = ("livekitUrl",)
PARTICIPANT = ("participantName", "participant_name", "identity")
NAME = ("roomName", "room_name", "room")


async def open_room(login: Login, wish: Speaking, settings: Settings) -> Room:
    """Raises UpstreamFailure, also for an answer without a token."""
    seconds = float(settings.number("voice.timeout"))
    rooms_url = settings.text("upstream.livekit_url")
    answer = await calls.post(
        PATH,
        json_headers(login, settings),
        payload(wish, rooms_url),
        settings,
        Limits(seconds, seconds),
    )
    return read(await calls.whole(answer, REPLY_BYTES), rooms_url)


def payload(wish: Speaking, rooms_url: str) -> bytes:
    """The session's settings travel as JSON text inside the JSON."""
    session: dict[str, object] = {
        "voice": wish.voice,
        "personality": None if wish.instruction else wish.personality,
        "playback_speed": wish.speed,
        "enable_vision": False,
        "turn_detection": {"type": "server_vad"},
    }
    if wish.instruction:
        session |= {"instructions": wish.instruction, "is_raw_instructions": True}
    return orjson.dumps(
        {
            "sessionPayload": orjson.dumps(session).decode(),
            "requestAgentDispatch": False,
            "livekitUrl": rooms_url,
            "params": {"enable_markdown_transcript": "true"},
        }
    )


def read(body: bytes, rooms_url: str) -> Room:
    reply = decode(body) or {}
    token = text(reply.get("token"))
    url = first(reply, URL) or rooms_url
    if not token or not trusted(url):
        raise failures.bad_payload()
    return Room(token, url, first(reply, PARTICIPANT), first(reply, NAME))


def first(reply: Json, names: tuple[str, ...]) -> str:
    """The first of these fields that holds a text."""
    return next(filter(None, (text(reply.get(name)) for name in names)), "")


def trusted(url: str) -> bool:
    """Rooms are entered over TLS, but on this machine or network."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    if parts.scheme == "ws":
        return is_near(parts.host)
    return parts.scheme == "wss" and bool(parts.host)
