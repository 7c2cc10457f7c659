"""The rows of captures: written behind, sealed, few, and gone after a while."""

import logging
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction

from gateway.capture_tables import Capture, CaptureWish
from gateway.captures import document, making
from gateway.recorder import storable
from gateway.tape import Tape
from grokgateway import crypto
from grokgateway.jobs.outbox import Sink

logger = logging.getLogger(__name__)

MOST_ROWS = 200
MOST_BYTES = 64 * 1024 * 1024  # sealed
KEPT = timedelta(days=14)
UNSTORABLE = (IntegrityError, DataError, ValueError)


@dataclass(slots=True)
class Taken:
    """A tape on its way; nothing of it is written before it is covered.

    `row` is what was made of it, should the database have to be tried again.
    """

    tape: Tape
    request_id: str
    made_at: datetime
    key: str
    endpoint: str
    model: str
    status: int
    error_code: str
    about: Mapping[str, object]
    row: Capture | None = None


def save(taken: Sequence[Taken]) -> None:
    """All or nothing, but for what can never be kept."""
    for one in taken:
        one.row = one.row or row_of(one)
    with transaction.atomic():
        for one in taken:
            if one.row is not None:
                insert(one.row)
        trim()


def insert(row: Capture) -> None:
    """One that the database refuses is lost, which no repetition would cure."""
    row.pk = None  # it may have been tried before
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except UNSTORABLE as refusal:
        logger.warning("A capture was dropped: %s", type(refusal).__name__)


def row_of(taken: Taken) -> Capture | None:
    """None if it cannot be covered: then nothing of it may be kept."""
    try:
        capture = making.made(taken.tape, taken.request_id, taken.about)
        body = document.dumped(capture)
    except Exception as exc:  # noqa: BLE001 - a tape may hold anything at all
        logger.error("A capture could not be made: %s", type(exc).__name__)
        return None
    public_id = "cap_" + secrets.token_hex(12)
    sealed = crypto.ring().seal(zlib.compress(body), context=context(public_id))
    return Capture(
        public_id=public_id,
        request_id=capture.request_id,
        made_at=taken.made_at,
        key=taken.key,
        endpoint=storable(taken.endpoint, 64),
        model=storable(taken.model, 128),
        status=taken.status,
        error_code=taken.error_code,
        words_kept=taken.tape.keep_words,
        faithful=capture.faithful,
        alike=capture.alike,
        size_bytes=len(body),
        sealed_bytes=len(sealed),
        sealed=sealed,
    )


def opened(row: Capture) -> bytes:
    """The file. Raises `crypto.Undecipherable`."""
    packed = crypto.ring().open(bytes(row.sealed), context=context(row.public_id))
    return zlib.decompress(packed)


def context(public_id: str) -> str:
    return f"capture:{public_id}"


def trim() -> None:
    """The oldest go where there are too many, or they take too much room."""
    kept = Capture.objects.order_by("-made_at", "-pk")
    sizes = list(kept.values_list("pk", "sealed_bytes"))
    room, stay = MOST_BYTES, set[int]()
    for pk, size in sizes[:MOST_ROWS]:
        room -= size
        if room < 0:
            break
        stay.add(pk)
    gone = [pk for pk, _ in sizes if pk not in stay]
    Capture.objects.filter(pk__in=gone).delete()


def purge(now: datetime) -> int:
    """Delete what is older than captures are kept, and wishes that are over."""
    CaptureWish.objects.filter(until__lt=now).delete()
    return Capture.objects.filter(made_at__lt=now - KEPT).delete()[0]


CAPTURES = Sink("captures", save, limit_rows=8)
