"""One round: a drawing by the way of `/v1/images`, told as frames and recorded."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from gateway import catalog, pictures
from gateway.asking import Ask
from gateway.auth import Caller
from gateway.catalog import Catalog, Route
from gateway.conversation.drawing import Drawing
from gateway.conversation.events import (
    Event,
    MediaProgress,
    MediaReady,
    MediaWithheld,
)
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_images
from gateway.recorder import STATUS_CLIENT_GONE, Journal, record
from media import links
from media.models import Kind as MediaKind
from webui.imagine.frames import Frame, Place, Start, in_base64
from webui.imagine.tiles import Tiles

ENDPOINT = "/webui/api/imagine/ws"
CALLER = Caller("webui")
PRO = "-pro"
OWN_NAMES = {"speed": "grok-imagine-image", "quality": "grok-imagine-image-pro"}
Batches = AsyncGenerator[Sequence[Event], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What each round of a run draws; `reference` is a picture to start from."""

    start: Start
    owner: str
    reference: Attachment | None = None


async def drawn(order: Order, place: Place, tiles: Tiles) -> AsyncGenerator[Frame]:
    """Raises GatewayError if there is no picture; recorded in any case."""
    journal = Journal("req_" + secrets.token_hex(16), ENDPOINT, key=CALLER.fingerprint)
    journal.streamed = True
    try:
        async with aclosing(asked(order, place, journal)) as batches:
            async for events in batches:
                for event in events:
                    frame = told(event, place, tiles)
                    if frame is not None:
                        yield frame
        journal.status = 200
    except GatewayError as error:
        journal.error_code = str(error.kind)
        journal.status = openai_images.failure(error, journal.request_id).status
        raise clearer(error, order) from error
    except (asyncio.CancelledError, GeneratorExit):
        journal.status = STATUS_CLIENT_GONE
        raise
    finally:
        record(journal)


def asked(order: Order, place: Place, journal: Journal) -> Batches:
    start = order.start
    route = route_for(start)
    journal.model = route.name
    parts: list[Text | Attachment] = [Text(start.prompt)]
    if order.reference is not None:
        parts.append(order.reference)
    messages = (Message(Role.USER, tuple(parts)),)
    ask = Ask(
        Conversation(route.name, messages),
        journal,
        CALLER,
        owner=order.owner,
        batch=place.round_id,
    )
    return pictures.run(drawing_of(start), ask)


def drawing_of(start: Start) -> Drawing:
    return Drawing(
        n=start.count,
        size=start.ratio,
        ratio=start.ratio,
        inline=start.blob,
        linked=False,
        watched=True,
        adult=start.adult,
    )


def route_for(start: Start) -> Route:
    """The model of a quality, by its shipped name or else by what it can do."""
    known = catalog.current()
    if start.refers:
        found = [one for one in known.routes() if one.capability == "image_edit"]
    else:
        found = full_models(known, start.quality)
    if not found:
        told = "No model for such pictures is enabled. An operator can enable one."
        raise GatewayError(Kind.MODEL_NOT_FOUND, told)
    return found[0]


def full_models(known: Catalog, quality: str) -> list[Route]:
    full = [
        one
        for one in known.routes()
        if one.capability == "image" and not pictures.is_lite(one)
    ]
    own = [one for one in full if one.name == OWN_NAMES[quality]]
    pro = quality == "quality"
    return own or [one for one in full if one.name.endswith(PRO) is pro]


def told(event: Event, place: Place, tiles: Tiles) -> Frame | None:
    match event:
        case MediaProgress() if event.media_id:
            order = tiles.advance(event.media_id, event.percent)
            if order is not None:
                return place.tile("progress", order, progress=event.percent)
        case MediaWithheld():
            order = tiles.withhold(event.media_id)
            if order is not None:
                return place.tile("moderated", order)
        case MediaReady():
            order = tiles.finish(event.media_id)
            if order is not None:
                return shown(event, order, place)
        case _:
            pass
    return None


def shown(ready: MediaReady, order: int, place: Place) -> Frame:
    """`url` is of this gateway, without a host, and opens for a week at least."""
    frame = place.tile(
        "image",
        order,
        id=ready.kept,
        url=links.link(MediaKind.IMAGE, ready.kept, signed=True),
        width=ready.width,
        height=ready.height,
        r_rated=ready.r_rated,
        is_final=True,
    )
    return frame | {"blob": in_base64(ready.data)} if ready.data else frame


def clearer(error: GatewayError, order: Order) -> GatewayError:
    """Says which accounts draw at all, where there are none."""
    if error.kind is not Kind.NO_ACCOUNT:
        return error
    pools = " or ".join(sorted(route_for(order.start).pools, reverse=True))
    told = f"{error.message} Such pictures are drawn by {pools} accounts only."
    after = error.retry_after_s
    return GatewayError(error.kind, told, retry_after_s=after, code="wrong_tier")
