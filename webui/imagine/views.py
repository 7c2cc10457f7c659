"""`/webui/api/wall`: what a visitor's wall holds, and taking it off and back."""

from collections.abc import Mapping

import orjson
from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gateway.errors import GatewayError, Kind
from media import links
from media.models import Asset
from media.models import Kind as MediaKind
from webui.access import endpoint, visitor_on
from webui.api import answers
from webui.imagine import wall
from webui.imagine.references import viewer_of
from webui.imagine.wall import Page, Viewer
from webui.models import Round

MOST_IDS = 200
ID_CHARS = 64
WORDS_CHARS = 200


@endpoint
async def show(request: HttpRequest) -> HttpResponse:
    """`q`: words of the prompt; `before`: where the next page begins; `all`: of all."""
    viewer = viewer_of(visitor_on(request), everything="all" in request.GET)
    before = request.GET.get("before", "0")
    if not (before.isascii() and before.isdigit() and len(before) < 19):
        raise GatewayError(Kind.INVALID_VALUE, "before: is no number", param="before")
    words = request.GET.get("q", "")[:WORDS_CHARS].replace("\0", "")
    page: Page = await database_sync_to_async(wall.page)(viewer, int(before), words)
    return answered(body_of(page, viewer))


@endpoint
async def remove(request: HttpRequest) -> HttpResponse:
    """`rounds` and `pictures` are lists of ids; `undo` brings all of it back."""
    given = read(request)
    viewer = viewer_of(visitor_on(request), everything=True)
    named = ids(given, "rounds"), ids(given, "pictures")
    taken = await database_sync_to_async(wall.remove)(viewer, *named, timezone.now())
    return answered({"removed": taken.count, "undo": taken.undo})


@endpoint
async def undo(request: HttpRequest) -> HttpResponse:
    token = read(request).get("undo")
    if not isinstance(token, str) or len(token) > ID_CHARS:
        raise GatewayError(Kind.INVALID_VALUE, "undo: is no token", param="undo")
    viewer = viewer_of(visitor_on(request), everything=True)
    back = await database_sync_to_async(wall.undo)(viewer, token)
    return answered({"restored": back})


def read(request: HttpRequest) -> Mapping[str, object]:
    if request.method != "POST":
        told = "This address takes POST only."
        raise GatewayError(Kind.METHOD_NOT_ALLOWED, told, allow="POST")
    try:
        given = orjson.loads(request.body)
    except orjson.JSONDecodeError as exc:
        raise GatewayError(Kind.INVALID_JSON, "The body is no JSON.") from exc
    if not isinstance(given, dict):
        raise GatewayError(Kind.INVALID_JSON, "The body is no object.")
    return given


def ids(given: Mapping[str, object], name: str) -> list[str]:
    value = given.get(name, [])
    if not isinstance(value, list) or len(value) > MOST_IDS:
        told = f"{name}: must be a list of at most {MOST_IDS} ids"
        raise GatewayError(Kind.INVALID_VALUE, told, param=name)
    return [one for one in value if isinstance(one, str) and len(one) <= ID_CHARS]


def answered(body: Mapping[str, object]) -> HttpResponse:
    response = answers.json(body)
    response["Cache-Control"] = "no-store"
    return response


def body_of(page: Page, viewer: Viewer) -> dict[str, object]:
    shown = [round_of(one, pictures, viewer) for one, pictures in page.rounds]
    return {"rounds": shown, "next": page.more or None}


def round_of(one: Round, pictures: list[Asset], viewer: Viewer) -> dict[str, object]:
    error = {"code": one.error_code, "message": one.error_message}
    return {
        "id": one.public_id,
        "run_id": one.run,
        "round": one.number,
        "prompt": one.prompt,
        "aspect_ratio": one.ratio,
        "quality": one.quality,
        "count": one.count,
        "referred": one.referred,
        "picture": one.picture,
        "state": wall.state_of(one, timezone.now()),
        "moderated": one.withheld,
        "error": error if one.error_code else None,
        "created_at": one.created_at.isoformat(),
        "own": one.owner == viewer.owner,
        "pictures": [picture_of(asset) for asset in pictures],
    }


def picture_of(asset: Asset) -> dict[str, object]:
    return {
        "id": asset.public_id,
        "url": links.link(MediaKind.IMAGE, asset.public_id, signed=True),
        "width": asset.width,
        "height": asset.height,
        "name": f"{asset.public_id}.{asset.name.rpartition('.')[2]}",
    }
