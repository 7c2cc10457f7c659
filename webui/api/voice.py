"""`POST /webui/api/voice/token`, and calls that say how its session goes: on, or over.

A session takes one of its visitor's places. Who never says a word more loses it after a
quarter of an hour.
"""

import secrets

import orjson
from django.core import signing
from django.http import HttpRequest, HttpResponse

from gateway import rooms
from gateway.conversation import speaking
from gateway.errors import GatewayError, Kind
from gateway.recorder import Journal
from grokgateway import config
from webui import rates
from webui.access import endpoint, visitor_on
from webui.api.answers import json
from webui.rates import Place

ENDPOINT = "/webui/api/voice/token"
KEY = "webui"
SALT = "webui.voice"
Fields = dict[str, object]


@endpoint
async def token(request: HttpRequest) -> HttpResponse:
    """Nothing is asked or counted for a wish that cannot be granted."""
    wish = speaking.read(
        posted(request), adult=config.current().flag("features.enable_nsfw")
    )
    journal = Journal("req_" + secrets.token_hex(16), endpoint=ENDPOINT, key=KEY)
    place = await rates.voice_session(visitor_on(request))
    room = None
    try:
        room = await rooms.enter(wish, journal)
    finally:
        if room is None:
            await rates.leave(place)
    return json(
        {
            "token": room.token,
            "url": room.url,
            "participant_name": room.participant,
            "room_name": room.name,
            "session": named(place),
        }
    )


@endpoint
async def keep(request: HttpRequest) -> HttpResponse:
    kept = await rates.keep(place_of(posted(request)))
    if kept is None:
        raise GatewayError(Kind.FILE_NOT_FOUND, "This voice session is over.")
    return json({"session": named(kept)})


@endpoint
async def end(request: HttpRequest) -> HttpResponse:
    await rates.leave(place_of(posted(request)))
    return HttpResponse(status=204)


def posted(request: HttpRequest) -> Fields:
    """Raises GatewayError for anything but a posted object."""
    if request.method != "POST":
        raise GatewayError(Kind.METHOD_NOT_ALLOWED, "Send a POST.", allow="POST")
    try:
        fields = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as exc:
        raise not_an_object() from exc
    if not isinstance(fields, dict):
        raise not_an_object()
    return fields


def not_an_object() -> GatewayError:
    return GatewayError(Kind.INVALID_JSON, "The body is no JSON object.")


def named(place: Place) -> str:
    """What a session is called outside: nobody can make up one that is another's."""
    return signing.dumps([place.name, place.until], salt=SALT)


def place_of(fields: Fields) -> Place:
    try:
        name, until = signing.loads(str(fields.get("session", "")), salt=SALT)
    except signing.BadSignature as exc:
        told = "session: is none that was given out"
        raise GatewayError(Kind.INVALID_VALUE, told, param="session") from exc
    return Place(name, until)
