"""`POST /v1/messages` and `/v1/messages/count_tokens`."""

import secrets
import time

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from gateway import catalog, seals
from gateway.asking import input_tokens
from gateway.auth import caller_of
from gateway.conversation import prompting
from gateway.conversation.requests import Conversation
from gateway.protocols import anthropic_messages, sse
from gateway.protocols import anthropic_messages_shapes as shapes
from gateway.protocols.anthropic_messages_blocks import Head
from gateway.protocols.base import Stamp
from gateway.recorder import Journal
from gateway.routes.negotiation import link_base, wants_stream
from gateway.routes.stickiness import session_name, session_part
from gateway.streaming import StreamResponse, whole
from gateway.tape import Recipe
from gateway.turn import Ask
from grokgateway import config

router = Router(tags=["messages"])
STREAMED = {
    "responses": {200: {"content": {"text/event-stream": {"example": shapes.STREAM}}}}
}


@router.post(
    "/messages",
    summary="Create a message",
    response={200: shapes.Message},
    openapi_extra=STREAMED,
)
async def create(
    request: HttpRequest, payload: anthropic_messages.Request
) -> HttpResponseBase:
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    journal.model = payload.model
    catalog.current().chat_route(payload.model)
    journal.streamed = stream = wants_stream(request, payload.stream)
    conversation = anthropic_messages.parse(payload, stream=stream)
    session = session_name(request, session_part(user_id(payload)))
    base = link_base(request)
    ask = Ask(conversation, journal, caller_of(request), session, base)
    head = head_of(conversation, journal)
    if stream:
        encoder = anthropic_messages.Encoder(head)
        return StreamResponse(ask, encoder, anthropic_messages.failure)
    return await whole(ask, lambda answer: anthropic_messages.reply(head, answer))


@router.post(
    "/messages/count_tokens",
    summary="Count the tokens of a message",
    response={200: shapes.TokenCount},
)
async def count_tokens(
    request: HttpRequest, payload: anthropic_messages.Request
) -> HttpResponse:
    route = catalog.current().chat_route(payload.model)
    caller_of(request).permit(route.name, route.pools)
    conversation = anthropic_messages.parse(payload)
    prompt = prompting.prompt(conversation)
    total, _ = await input_tokens(conversation, prompt, config.current())
    return HttpResponse(
        sse.dumps({"input_tokens": total}), content_type="application/json"
    )


def head_of(conversation: Conversation, journal: Journal) -> Head:
    options = conversation.options
    stamp = Stamp("msg_" + secrets.token_hex(12), int(time.time()), conversation.model)
    if journal.tape is not None:
        journal.tape.recipe = Recipe(
            "anthropic_messages",
            *(stamp.id, stamp.created, stamp.model),
            stream=journal.streamed,
            search=options.search,
            search_forced=options.search_forced,
        )
    return Head(
        stamp,
        sign=seals.thinking,
        input_tokens=lambda: journal.input_tokens,
        search=options.search,
        search_forced=options.search_forced,
    )


def user_id(payload: anthropic_messages.Request) -> object:
    """What the caller says of its user, of whatever type."""
    metadata = payload.metadata
    return metadata.get("user_id") if isinstance(metadata, dict) else None
