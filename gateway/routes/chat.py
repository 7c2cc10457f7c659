"""`POST /v1/chat/completions`."""

import secrets
import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router

from gateway import catalog, openapi
from gateway.auth import caller_of
from gateway.protocols import openai_chat
from gateway.protocols.base import Stamp
from gateway.protocols.openai_chat_shapes import STREAM, ChatCompletion
from gateway.routes.negotiation import link_base, wants_stream
from gateway.routes.stickiness import session_name
from gateway.streaming import StreamResponse, whole
from gateway.turn import Ask

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
    catalog.current().chat_route(payload.model)
    journal.streamed = stream = wants_stream(request, payload.stream)
    conversation = openai_chat.parse(payload, stream=stream)
    session = session_name(request, payload.prompt_cache_key)
    base = link_base(request)
    ask = Ask(conversation, journal, caller_of(request), session, base)
    stamp = Stamp("chatcmpl-" + secrets.token_hex(12), int(time.time()), payload.model)
    if not stream:
        return await whole(ask, lambda completion: openai_chat.reply(stamp, completion))
    usage = conversation.options.include_usage
    encoder = openai_chat.Encoder(stamp, include_usage=usage)
    return StreamResponse(ask, encoder, openai_chat.failure)
