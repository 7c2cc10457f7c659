"""One turn of Web Chat: the way of `/v1/chat/completions`, told in frames.

It has one lease and one journal like any request. Whoever iterates it may stop: what
upstream is doing is cancelled then, and the account given back.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway import catalog, films, pictures, turn
from gateway.auth import Caller
from gateway.catalog import Route
from gateway.conversation.events import Event
from gateway.conversation.requests import Conversation
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_chat
from gateway.protocols.openai_chat_history import ChatMessage
from gateway.protocols.openai_images_request import chat_drawing
from gateway.protocols.openai_videos import chat_filming
from gateway.recorder import STATUS_CLIENT_GONE, Journal, record
from gateway.routes.chat import CAPABILITIES
from gateway.routes.drawings import limits_of
from gateway.turn import Ask
from webui import rates
from webui.access import Visitor
from webui.chat import files
from webui.chat.frames import Frame, Start, failure
from webui.chat.telling import Teller, told

logger = logging.getLogger(__name__)

ENDPOINT = "/webui/chat"
CALLER = Caller("webui")
INTERNAL = "The gateway met an error of its own; its log says more."
Batches = AsyncGenerator[Sequence[Event], None]
Frames = AsyncGenerator[Sequence[Frame], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked, and by whom."""

    start: Start
    visitor: Visitor
    journal: Journal

    @property
    def id(self) -> str:
        return self.start.id


def begun(start: Start, visitor: Visitor) -> Turn:
    request_id = "req_" + secrets.token_hex(16)
    journal = Journal(
        request_id,
        endpoint=ENDPOINT,
        model=start.model,
        key=CALLER.fingerprint,
        streamed=True,
    )
    return Turn(start, visitor, journal)


async def run(asked: Turn) -> Frames:
    """Batches of frames; the last one is `finished` or `error`. Raises nothing."""
    journal = asked.journal
    try:
        async with aclosing(answered(asked)) as batches:
            async for frames in batches:
                yield frames
        journal.status = 200
    except GatewayError as error:
        note(journal, error)
        yield (failure(asked.id, error),)
    except (asyncio.CancelledError, GeneratorExit):
        journal.status = STATUS_CLIENT_GONE
        raise
    except Exception:
        logger.exception("turn %s failed", journal.request_id)
        failed = GatewayError(Kind.INTERNAL, INTERNAL)
        note(journal, failed)
        yield (failure(asked.id, failed),)
    finally:
        record(journal)


def note(journal: Journal, error: GatewayError) -> None:
    journal.error_code = str(error.kind)
    journal.status = openai_chat.failure(error, journal.request_id).status


async def answered(asked: Turn) -> Frames:
    """Raises GatewayError."""
    await rates.chat_turn(asked.visitor)
    route = catalog.current().route_for(asked.start.model, *CAPABILITIES)
    payload = await request_of(asked)
    ask = Ask(
        conversation_of(payload),
        asked.journal,
        CALLER,
        owner=asked.visitor.id,
        watched=True,
    )
    teller = Teller(asked.id, kind_of(route))
    first = True
    async with aclosing(made_by(route, payload, ask)) as batches:
        async for events in batches:
            frames = [*accepted(asked)] if first else []
            first = False
            frames += teller.tell(events)
            if frames:
                yield frames


def broken_off(asked: Turn) -> Iterator[Frame]:
    """What there is to say of a turn that was stopped from outside."""
    if asked.journal.usage is not None:
        yield {"type": "usage", "id": asked.id, **told(asked.journal.usage)}
    yield {"type": "finished", "id": asked.id, "reason": "stopped"}


def kind_of(route: Route) -> str:
    return "lite" if pictures.is_lite(route) else route.capability


def made_by(route: Route, payload: openai_chat.Request, ask: Ask) -> Batches:
    """The turn of this kind of model; pictures are watched while they are drawn."""
    if route.capability == "chat":
        return turn.run(ask)
    if route.capability == "video":
        return films.run(chat_filming(payload.video_config), ask)
    drawing = chat_drawing(payload.image_config, limits_of(route))
    watched = replace(drawing, inline=False, linked=False, watched=True)
    return pictures.run(watched, ask)


def accepted(asked: Turn) -> Iterator[Frame]:
    """Told once an account has been found and upstream has begun to answer."""
    asked.journal.first_byte = time.perf_counter()
    attempts = asked.journal.attempts
    yield {
        "type": "accepted",
        "id": asked.id,
        "model": asked.start.model,
        "account_tier": attempts[-1].grounds.get("pool", "") if attempts else "",
        "request_id": asked.journal.request_id,
    }


async def request_of(asked: Turn) -> openai_chat.Request:
    """The body of chat completions that says the same. Raises GatewayError."""
    start, options = asked.start, asked.start.options
    messages = await files.resolved(asked.visitor, start.messages)
    return openai_chat.Request.model_construct(
        model=start.model,
        messages=[*instruction(options.system), *messages],
        stream=True,
        reasoning_effort=options.effort,
        temperature=options.temperature,
        top_p=options.top_p,
        image_config=options.image_config,
        video_config=options.video_config,
    )


def instruction(system: str | None) -> Iterator[ChatMessage]:
    if system and system.strip():
        yield ChatMessage(role="system", content=system)


def conversation_of(payload: openai_chat.Request) -> Conversation:
    """Searches and their sources are told as they come."""
    conversation = openai_chat.parse(payload, stream=True)
    options = replace(conversation.options, search=True, include_usage=True)
    return replace(conversation, options=options)
