"""Asked from the event loop: what a request refers to, and one response or its end.

A response may still be on its way into the table: this process writes its own at once
when somebody asks, and another process's are waited for a moment.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connection

from gateway.errors import GatewayError, Kind
from gateway.protocols.base import Json
from gateway.protocols.openai_responses_ids import is_response_id, response_of
from gateway.protocols.openai_responses_input import Past, blobs, references
from gateway.protocols.openai_responses_request import Members
from gateway.stored import rows
from gateway.stored.rows import RESPONSES, Found, Kept
from gateway.stored.sealing import Document, summary
from grokgateway.jobs import outbox

T = TypeVar("T")

CHAIN_LINKS = 200
PAUSES_S = (0.0, 0.05, 0.1, 0.1)  # before looking again for what may yet come


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a request refers to; `ancestors` are the responses it continues."""

    past: Past = field(default_factory=Past)
    ancestors: tuple[str, ...] = ()


async def find(owner: str, response_id: str, param: str | None = None) -> Document:
    found = (await looked_up(owner, {response_id})).get(response_id)
    if found is None:
        raise unknown(response_id, param)
    return found.document


async def remove(owner: str, response_id: str) -> None:
    await find(owner, response_id)
    await apart(partial(rows.delete, owner, response_id))


async def recall(owner: str, request: Members) -> Recalled:
    """The chain before this request, the items it names, the summaries it carries."""
    chain: dict[str, Found] = {}
    if request.previous_response_id:
        chain = await chain_of(owner, request.previous_response_id)
    items = [item for link in chain.values() for item in link.document.items]
    named = {item["id"]: item for item in items if isinstance(item.get("id"), str)}
    wanted = set(references(request.input))
    elsewhere = {response_of(one) for one in wanted - named.keys()} - {""}
    if elsewhere:
        for other in (await looked_up(owner, elsewhere)).values():
            named |= {item["id"]: item for item in other.document.items}
    own = {blob: summary(blob) for blob in (*blobs(items), *blobs(request.input))}
    past = Past(items, {one: named[one] for one in wanted & named.keys()}, own)
    return Recalled(past, tuple(chain))


async def chain_of(owner: str, response_id: str) -> dict[str, Found]:
    """The named response after those it continues; one missing link breaks it."""
    param = "previous_response_id"
    last = (await looked_up(owner, {response_id})).get(response_id)
    if last is None:
        raise unknown(response_id, param)
    ids = last.ancestors[-(CHAIN_LINKS - 1) :]
    links = await looked_up(owner, set(ids)) if ids else {}
    for one in ids:
        if one not in links:
            raise unknown(one, param)
    return {**{one: links[one] for one in ids}, response_id: last}


def keeper(owner: str, request: Members, recalled: Recalled) -> Callable[[Json], None]:
    """Takes the final object of a response that shall be stored; never waits."""

    def keep(response: Json) -> None:
        kept = Kept(
            owner, response, request.input, recalled.past.named, recalled.ancestors
        )
        outbox.current().put(RESPONSES, kept)

    return keep


async def looked_up(owner: str, ids: Iterable[str]) -> dict[str, Found]:
    missing = {one for one in ids if is_response_id(one)}
    found = await read(owner, missing)
    for pause_s in PAUSES_S:
        missing -= found.keys()
        if not missing:
            break
        await asyncio.sleep(pause_s)
        await outbox.current().flush()
        found |= await read(owner, missing)
    return found


async def read(owner: str, ids: Collection[str]) -> dict[str, Found]:
    return await apart(partial(rows.read, owner, ids)) if ids else {}


async def apart(work: Callable[[], T]) -> T:
    """Run database work in a thread of its own, which keeps no connection."""

    def closing() -> T:
        try:
            return work()
        finally:
            connection.close()

    async with ThreadSensitiveContext():
        return await sync_to_async(closing)()


def unknown(response_id: str, param: str | None) -> GatewayError:
    return GatewayError(
        Kind.RESPONSE_NOT_FOUND,
        f"Response '{response_id:.80}' does not exist.",
        param=param,
    )
