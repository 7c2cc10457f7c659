"""One answer for one idempotency key: asked again within a day, it is told again.

For answers that are made while the caller waits; a video job is its own record. Who
asks again while the first is at work waits for it. What failed is forgotten at once.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse

from gateway.errors import GatewayError, Kind
from gateway.models import IdempotencyRecord
from gateway.protocols import fields
from gateway.stored.reading import apart
from grokgateway import crypto

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
MOST_CHARS = 255
MOST_REPLY_BYTES = 8 * 1024 * 1024  # a larger one is made anew
LIFE = timedelta(hours=24)
AT_WORK = timedelta(minutes=15)  # whoever takes longer has died
PAUSE_S = 0.5


class Busy(Exception):
    """The first request with this key is still being answered."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`request_hash` tells requests apart that bear the same key by mistake."""

    owner: str
    key: str
    request_hash: str


def refuse_long(key: str) -> None:
    if len(key) > MOST_CHARS:
        raise fields.invalid(HEADER, f"may have {MOST_CHARS} characters")


def hash_of(request: object) -> str:
    """Of a request in neutral form, which may hold megabytes."""
    return hashlib.sha256(orjson.dumps(request)).hexdigest()


async def once(
    owner: str,
    key: str,
    request: object,
    work: Callable[[], Awaitable[HttpResponse]],
) -> HttpResponse:
    """The answer of `work`, or the one that was given before. Raises GatewayError."""
    if not key:
        return await work()
    refuse_long(key)
    claim = Claim(owner, key, await asyncio.to_thread(hash_of, request))
    told = await begun(claim)
    if told is not None:
        return HttpResponse(told, content_type="application/json")
    try:
        response = await work()
    except BaseException:
        await asyncio.shield(apart(partial(forget, claim)))
        raise
    try:
        await asyncio.shield(apart(partial(keep, claim, response.content)))
    except DatabaseError:  # the answer is made and paid for
        logger.exception("An answer cannot be kept for its idempotency key.")
    return response


async def begun(claim: Claim) -> bytes | None:
    """What was told before; None once it is ours to answer."""
    while True:
        asking = asyncio.create_task(apart(partial(begin, claim, datetime.now(UTC))))
        try:
            return await asyncio.shield(asking)
        except Busy:
            await asyncio.sleep(PAUSE_S)
        except asyncio.CancelledError:
            await asyncio.shield(given_up(claim, asking))
            raise


async def given_up(claim: Claim, asking: asyncio.Task[bytes | None]) -> None:
    """Who leaves meanwhile holds nothing: others would wait for an answer in vain."""
    with contextlib.suppress(Busy, GatewayError, DatabaseError):
        if await asking is None:
            await apart(partial(forget, claim))


def begin(claim: Claim, now: datetime) -> bytes | None:
    """Raises Busy, and GatewayError for a key that belongs to another request."""
    known = IdempotencyRecord.objects.filter(owner=claim.owner, key=claim.key)
    known.filter(created_at__lt=now - LIFE).delete()
    known.filter(reply=None, created_at__lt=now - AT_WORK).delete()
    record = IdempotencyRecord(
        owner=claim.owner,
        key=claim.key,
        request_hash=claim.request_hash,
        created_at=now,
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return told_before(claim, known.first())
    return None


def told_before(claim: Claim, record: IdempotencyRecord | None) -> bytes:
    if record is not None and record.request_hash != claim.request_hash:
        raise conflict()
    if record is None or record.reply is None:
        raise Busy
    return crypto.ring().open(
        bytes(record.reply), context=context(claim.owner, claim.request_hash)
    )


def keep(claim: Claim, reply: bytes) -> None:
    if len(reply) > MOST_REPLY_BYTES:
        forget(claim)
        return
    sealed = crypto.ring().seal(reply, context=context(claim.owner, claim.request_hash))
    mine(claim).update(reply=sealed)


def forget(claim: Claim) -> None:
    mine(claim).delete()


def mine(claim: Claim) -> QuerySet[IdempotencyRecord]:
    return IdempotencyRecord.objects.filter(
        owner=claim.owner, key=claim.key, request_hash=claim.request_hash
    )


def context(owner: str, request_hash: str) -> str:
    return f"idempotency:{owner}:{request_hash}"


def conflict() -> GatewayError:
    told = "The idempotency key belongs to another request."
    return GatewayError(Kind.IDEMPOTENCY_CONFLICT, told, param=HEADER)


def purge(now: datetime) -> None:
    IdempotencyRecord.objects.filter(created_at__lt=now - LIFE).delete()
