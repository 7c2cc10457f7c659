"""The table of stored responses, from threads: write behind, read, delete, purge."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import DatabaseError, DataError, IntegrityError, transaction

from gateway.models import StoredResponse
from gateway.protocols.base import Json
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_responses_items import listed
from gateway.stored.sealing import Document, opened, sealed
from grokgateway import crypto
from grokgateway.jobs import bulk, outbox

logger = logging.getLogger(__name__)

WRITE_ROWS = 32
READ_ROWS = 200
PURGE_ROWS = 500
WAITING_ROWS = 500  # such a row may hold pictures
LARGE_BYTES = 8 * 1024 * 1024  # what a server may refuse to take at once
UNSTORABLE = (IntegrityError, DataError, ValueError)
COLUMNS = (
    "public_id",
    "owner",
    "model",
    "status",
    "ancestors",
    "sealed",
    "created_at",
)
UNIQUE = ("public_id",)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished response on its way into the table."""

    owner: str
    response: Json
    input: RawJson
    named: Mapping[str, Json] = field(default_factory=dict)
    ancestors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    document: Document
    ancestors: tuple[str, ...]


def write(kept: Sequence[Kept]) -> None:
    """Store all but what the database refuses, which no repetition would cure."""
    for start in range(0, len(kept), WRITE_ROWS):
        rows = list(prepared(kept[start : start + WRITE_ROWS]))
        try:
            insert(rows)
        except (DatabaseError, ValueError):
            for row in rows:
                write_one(row)


def write_one(row: bulk.Row) -> None:
    try:
        insert([row])
    except UNSTORABLE as refusal:
        dropped(row[0], refusal)
    except DatabaseError as failure:
        if len(row[COLUMNS.index("sealed")]) < LARGE_BYTES:
            raise
        dropped(row[0], failure)


def prepared(kept: Sequence[Kept]) -> Iterator[bulk.Row]:
    for one in kept:
        response_id = one.response["id"]
        try:
            items = listed(one.input, response_id, one.named)
            content = sealed(Document(one.response, items))
        except (
            TypeError,
            RecursionError,
        ) as refusal:  # JSON too deep to be written again
            dropped(response_id, refusal)
            continue
        yield (
            response_id,
            one.owner[:64],
            one.response["model"][:128],
            one.response["status"],
            list(one.ancestors),
            content,
            datetime.fromtimestamp(one.response["created_at"], UTC),
        )


def dropped(response_id: str, refusal: Exception) -> None:
    name = type(refusal).__name__
    logger.warning("response %s could not be stored: %s", response_id, name)


@transaction.atomic
def insert(rows: Sequence[bulk.Row]) -> None:
    """A row that is there already is written over, so that this may be repeated."""
    bulk.insert(StoredResponse, COLUMNS, rows, unique=UNIQUE)


def read(owner: str, ids: Collection[str]) -> dict[str, Found]:
    """Those of `ids` that are stored for this owner."""
    found: dict[str, Found] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), READ_ROWS):
        rows = StoredResponse.objects.filter(
            owner=owner, public_id__in=wanted[start : start + READ_ROWS]
        )
        for row in rows:
            try:
                document = opened(bytes(row.sealed), row.public_id)
            except crypto.Undecipherable as failure:
                logger.error("response %s: %s", row.public_id, failure)
            else:
                found[row.public_id] = Found(document, tuple(row.ancestors))
    return found


def delete(owner: str, response_id: str) -> None:
    StoredResponse.objects.filter(owner=owner, public_id=response_id).delete()


def purge(before: datetime) -> int:
    """Delete what is older, in short steps; returns the count."""
    purged = 0
    old = StoredResponse.objects.filter(created_at__lt=before).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:PURGE_ROWS]):
        purged += StoredResponse.objects.filter(pk__in=ids).delete()[0]
    return purged


RESPONSES = outbox.Sink("stored responses", write, limit_rows=WAITING_ROWS)
