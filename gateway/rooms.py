"""One voice session: an account that may talk, its room, what is noted of it.

Only the room's token passes through here; what is said in the room does not.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from accounts import leases
from accounts.wishes import Wanted
from gateway import turn
from gateway.asking import Ask
from gateway.catalog import Route
from gateway.conversation.requests import Conversation
from gateway.conversation.speaking import Room, Speaking
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_errors
from gateway.recorder import Journal, record
from gateway.search import Search
from gateway.upstream import voice
from gateway.upstream.headers import Login
from grokgateway import config
from grokgateway.config import Snapshot

MODEL = "grok-voice"
MODE = "auto"  # what a session is counted as
POOLS = ("super", "heavy")
ROUTE = Route(MODEL, "Grok Voice", MODE, "voice", POOLS)
WRONG_TIER = "Voice needs an account of the tier super or heavy, and none is usable."
TIER_REQUIRED = "tier_required"


async def enter(wish: Speaking, journal: Journal) -> Room:
    """A room of the first account that gets one. Raises GatewayError.

    What became of it is recorded in any case.
    """
    journal.model = MODEL
    try:
        room = await opened(wish, journal)
        journal.status = 200
    except GatewayError as error:
        journal.status = openai_errors.failure(error, journal.request_id).status
        journal.error_code = error.code
        raise
    finally:
        record(journal)
    return room


async def opened(wish: Speaking, journal: Journal) -> Room:
    snapshot = config.current()
    ask = Ask(Conversation(MODEL, ()), journal)
    search = Search(ROUTE, snapshot, ask, Wanted(POOLS, (MODE,), operation="voice"))
    attempt = partial(attempted, wish=wish, journal=journal, snapshot=snapshot)
    try:
        async with aclosing(turn.tried(search, attempt)) as rooms:
            return await anext(rooms)
    except GatewayError as error:
        if error.kind is Kind.NO_ACCOUNT and error.retry_after_s is None:
            raise GatewayError(
                Kind.NO_ACCOUNT, WRONG_TIER, code=TIER_REQUIRED
            ) from error
        raise


async def attempted(
    held: leases.Lease, wish: Speaking, journal: Journal, snapshot: Snapshot
) -> AsyncGenerator[Room, None]:
    """One account asked, metered and settled."""
    attempt = journal.attempt(held.public_id, held.mode, held.grounds())
    login = Login(held.cookie_token(), held.user_id, held.node)
    try:
        room = await voice.open_room(login, wish, snapshot)
    except asyncio.CancelledError:
        held.mark_sent()
        raise
    except GatewayError as error:
        attempt.reason = turn.settle_failure(held, error)
        raise
    held.mark_sent()
    journal.heard()
    turn.settle_success(held, snapshot)
    attempt.reason = turn.OK
    yield room
