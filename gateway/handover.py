"""From what upstream drew to what the caller of a drawing is told and given."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from gateway.conversation import file_types
from gateway.conversation.drawing import Drawing
from gateway.conversation.events import (
    Event,
    MediaPreview,
    MediaProgress,
    MediaReady,
    MediaWithheld,
)
from gateway.media_links import Resolver
from gateway.upstream import pictures
from media import store

logger = logging.getLogger(__name__)


async def told(
    event: pictures.Event, resolver: Resolver, drawing: Drawing
) -> Sequence[Event]:
    match event:
        case pictures.Progress():
            return (MediaProgress("", event.percent),)
        case pictures.Step():
            return (MediaProgress(str(event.slot), event.percent),)
        case pictures.Preview():
            if not file_types.image_type(event.data[: file_types.SNIFFED_BYTES]):
                return ()
            return (MediaPreview(str(event.slot), event.data),)
        case pictures.Picture():
            return (await finished(event, resolver, drawing),)
        case pictures.Moderated():
            logger.info("a picture was withheld under upstream's content policy")
            return (MediaWithheld(str(event.slot)),) if drawing.watched else ()


async def finished(
    picture: pictures.Picture, resolver: Resolver, drawing: Drawing
) -> MediaReady:
    ready = MediaReady("", str(picture.slot), r_rated=picture.r_rated)
    data = picture.data
    if drawing.watched:
        asset = await resolver.kept_picture(picture.url, data, picture.slot)
        if drawing.inline:
            ready = replace(ready, data=data or await store.read(asset))
        width, height = asset.width, asset.height
        return replace(ready, kept=asset.public_id, width=width, height=height)
    if drawing.inline:
        data = await resolver.picture_bytes(picture.url, data)
        ready = replace(ready, data=data)
    if drawing.linked:
        url = await resolver.picture_link(picture.url, data)
        ready = replace(ready, url=url)
    return ready
