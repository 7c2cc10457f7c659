"""One message of an operator to a model, as one of the keys, by the way of `/v1`.

It counts and is recorded like any request: the key's limits, the account's quota.
"""

import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway import admission, auth, catalog
from gateway.auth import Caller
from gateway.conversation.events import Event
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.keys import home
from gateway.keys.cards import KeyCard
from gateway.keys.ledger import Slot, Use
from gateway.keys.store import USES
from gateway.protocols import openai_chat
from gateway.recorder import Journal, record
from gateway.routes.chat import run_of
from gateway.turn import Ask
from grokgateway.jobs import outbox

ENDPOINT = "/admin/try"
CAPABILITIES = ("chat", "image")  # others need a file or take minutes
CONSOLE = Caller("console")


@dataclass(frozen=True, slots=True)
class Order:
    """`card` is the key that asks; without one the console does, without limits."""

    model: str
    text: str
    card: KeyCard | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; the journal tells who was asked and how long it took."""

    journal: Journal
    completion: Completion
    error: GatewayError | None
    total_ms: float


async def send(order: Order) -> Trial:
    """Never raises `GatewayError`: a refusal is a result, too."""
    request_id = "req_" + secrets.token_hex(16)
    journal = Journal(request_id, endpoint=ENDPOINT, model=order.model)
    completion = Completion()
    slot: Slot | None = None
    refused = False
    error: GatewayError | None = None
    try:
        caller = caller_of(order.card, journal)
        try:
            slot = await admission.entered(order.card) if order.card else None
        except GatewayError:
            refused = True
            raise
        async with aclosing(answer(order, caller, journal)) as batches:
            async for events in batches:
                if events and journal.first_byte is None:
                    journal.first_byte = time.perf_counter()
                completion.add(events)
        journal.status = 200
    except GatewayError as failure:
        error = failure
        journal.error_code = str(failure.kind)
        journal.status = openai_chat.failure(failure, request_id).status
    finally:
        leave(order.card, slot, journal, refused=refused)
        record(journal)
    return Trial(journal, completion, error, journal.elapsed_ms())


def caller_of(card: KeyCard | None, journal: Journal) -> Caller:
    """Raises INVALID_API_KEY for a key that no longer works."""
    journal.key = card.fingerprint if card else CONSOLE.fingerprint
    return auth.holder(card, time.time()) if card else CONSOLE


def answer(
    order: Order, caller: Caller, journal: Journal
) -> AsyncGenerator[Sequence[Event], None]:
    route = catalog.current().route_for(order.model, *CAPABILITIES)
    message = {"role": "user", "content": order.text}
    payload = openai_chat.Request.model_validate(
        {"model": order.model, "messages": [message]}
    )
    conversation = openai_chat.parse(payload, stream=False)
    ask = Ask(conversation, journal, caller, base=order.base)
    return run_of(route, payload)(ask)


def leave(
    card: KeyCard | None, slot: Slot | None, journal: Journal, *, refused: bool
) -> None:
    """Give the place back and note the use, as for any request with a key."""
    if card is None or not (slot or refused):
        return
    usage = journal.usage
    use = Use(card.id, home.ledger().moment().day, time.time())
    if slot is None:
        use = replace(use, refused=1)
    else:
        use = replace(
            use,
            day=slot.day,
            requests=1,
            failed=1 if admission.failed(journal) else 0,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )
        home.ledger().leave(slot, use.prompt_tokens + use.completion_tokens)
    outbox.current().put(USES, use)
