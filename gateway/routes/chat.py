"""`POST /v1/chat/completions`."""

import secrets
import time
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router

from gateway import catalog, narration, openapi, turn
from gateway.auth import caller_of
from gateway.catalog import Route
from gateway.protocols import openai_chat
from gateway.protocols.base import Stamp
from gateway.protocols.openai_chat_shapes import STREAM, ChatCompletion
from gateway.protocols.openai_images_request import chat_drawing
from gateway.protocols.openai_videos import chat_filming
from gateway.routes.drawings import limits_of
from gateway.routes.negotiation import link_base, wants_stream
from gateway.routes.stickiness import session_name
from gateway.streaming import Run, StreamResponse, whole
from gateway.tape import Recipe
from gateway.turn import Ask

CAPABILITIES = ("chat", "image", "image_edit", "video")
router = Router(tags=["chat"])


@router.post(
    "/chat/completions",
    summary="Create a chat completion",
    response={200: ChatCompletion},
    openapi_extra=openapi.streamed(STREAM),
)
async def create(
    request: HttpRequest, payload: openai_chat.Request
) -> HttpResponseBase:
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    journal.model = payload.model
    route = catalog.current().route_for(payload.model, *CAPABILITIES)
    journal.streamed = stream = wants_stream(request, payload.stream)
    conversation = openai_chat.parse(payload, stream=stream)
    session = session_name(request, payload.prompt_cache_key)
    base = link_base(request)
    ask = Ask(conversation, journal, caller_of(request), session, base)
    run = run_of(route, payload)
    stamp = Stamp("chatcmpl-" + secrets.token_hex(12), int(time.time()), payload.model)
    usage = conversation.options.include_usage
    if journal.tape is not None:
        journal.tape.recipe = Recipe(
            "openai_chat",
            *(stamp.id, stamp.created, stamp.model),
            stream=stream,
            include_usage=usage,
        )
    if not stream:
        return await whole(ask, partial(openai_chat.reply, stamp), run)
    encoder = openai_chat.Encoder(stamp, include_usage=usage)
    return StreamResponse(ask, encoder, openai_chat.failure, run)


def run_of(route: Route, payload: openai_chat.Request) -> Run:
    """The turn of this kind of model."""
    if route.capability == "chat":
        return turn.run
    if route.capability == "video":
        return partial(narration.run_film, chat_filming(payload.video_config))
    drawing = chat_drawing(payload.image_config, limits_of(route))
    return partial(narration.run, drawing)
