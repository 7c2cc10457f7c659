"""`POST /v1/responses`, and its two relatives that store nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from gateway import asking, catalog, openapi, seals, stored
from gateway.auth import caller_of
from gateway.conversation import compacting, prompting
from gateway.conversation.fold import Completion
from gateway.protocols import openai_responses, sse
from gateway.protocols.base import Json, Stamp
from gateway.protocols.openai_responses_body import Head, echo, keep_nothing
from gateway.protocols.openai_responses_ids import new_response_id
from gateway.protocols.openai_responses_items import compacted, listed
from gateway.protocols.openai_responses_request import Count
from gateway.protocols.openai_responses_shapes import STREAM, Response
from gateway.routes.negotiation import link_base, wants_stream
from gateway.routes.stickiness import session_name
from gateway.streaming import StreamResponse, whole
from gateway.tape import Recipe
from gateway.turn import Ask
from grokgateway import config

router = Router(tags=["responses"])


@router.post(
    "/responses",
    summary="Create a response",
    response={200: Response},
    openapi_extra=openapi.streamed(STREAM),
)
async def create(
    request: HttpRequest, payload: openai_responses.Request
) -> HttpResponseBase:
    stream = wants_stream(request, payload.stream)
    asked = await understood(request, payload, stream=stream)
    head = head_of(asked, payload)
    if stream:
        encoder = openai_responses.Encoder(head)
        return StreamResponse(asked.ask, encoder, openai_responses.failure)
    return await whole(asked.ask, partial(openai_responses.reply, head))


@router.post("/responses/compact", summary="Compact a conversation")
async def compact(
    request: HttpRequest, payload: openai_responses.Request
) -> HttpResponseBase:
    asked = await understood(request, payload, stream=False)
    past = asked.recalled.past
    items = [*past.items, *listed(payload.input, asked.stamp.id, past.named)]
    wish = compacting.summarising(asked.ask.conversation)
    ask = replace(asked.ask, conversation=wish)
    return await whole(ask, partial(compaction, asked.stamp, items))


@router.post("/responses/input_tokens", summary="Count the tokens of an input")
async def input_tokens(request: HttpRequest, payload: Count) -> HttpResponse:
    if payload.model is not None:
        route = catalog.current().chat_route(payload.model)
        caller_of(request).permit(route.name, route.pools)
    recalled = await stored.recall(caller_of(request).fingerprint, payload)
    conversation = openai_responses.parse(payload, recalled.past)
    prompt = prompting.prompt(conversation)
    count, _ = await asking.input_tokens(conversation, prompt, config.current())
    body = {"object": "response.input_tokens", "input_tokens": count}
    return HttpResponse(sse.dumps(body), content_type="application/json")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request understood: what the turn needs, and what its answer refers to."""

    ask: Ask
    stamp: Stamp
    recalled: stored.Recalled


async def understood(
    request: HttpRequest, payload: openai_responses.Request, *, stream: bool
) -> Asked:
    """With what is stored of earlier turns, which is read before the turn begins."""
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    journal.model, journal.streamed = payload.model, stream
    catalog.current().chat_route(payload.model)
    caller = caller_of(request)
    recalled = await stored.recall(caller.fingerprint, payload)
    conversation = openai_responses.parse(payload, recalled.past, stream=stream)
    stamp = Stamp(new_response_id(), int(time.time()), payload.model)
    chain = (*recalled.ancestors, stamp.id)
    session = session_name(request, payload.prompt_cache_key) or chain[0]
    ask = Ask(conversation, journal, caller, session, link_base(request))
    return Asked(ask, stamp, recalled)


def head_of(asked: Asked, payload: openai_responses.Request) -> Head:
    """What the answer repeats of the request, and where it goes when it is done."""
    keep: Callable[[Json], None] = keep_nothing
    if payload.stored:
        keep = stored.keeper(asked.ask.caller.fingerprint, payload, asked.recalled)
    seal = seals.reasoning if payload.encrypted_reasoning else None
    head = Head(asked.stamp, echo(payload), seal, keep)
    journal, stamp = asked.ask.journal, asked.stamp
    if journal.tape is None:
        return head
    journal.tape.recipe = Recipe(
        "openai_responses",
        *(stamp.id, stamp.created, stamp.model),
        stream=journal.streamed,
        echo=head.echo,
        sealed=seal is not None,
    )
    return replace(head, clock=journal.tape.clock)


def compaction(stamp: Stamp, items: list[Json], completion: Completion) -> Json:
    if completion.finished is None:
        raise ValueError("a summary without an end cannot be sent")
    blob = stored.blob(completion.text)
    return compacted(stamp, items, blob, completion.finished.usage)
