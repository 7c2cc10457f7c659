"""What upstream sends and nobody knows, written down off the requests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import close_old_connections, transaction
from django.db.models import F

from gateway.drift_tables import Drift
from gateway.upstream import drift
from gateway.upstream.drift import MOST, WITNESSES, Oddity, Sighting

EVERY_S = 15.0
SEVERAL = 2  # accounts, or it may be one account's affair
STORY = timedelta(days=1)
KEPT = timedelta(days=90)
TOLD = ("event", "type")  # new fields are common, and only listed


async def follow() -> None:
    """One round: what was seen since the last."""
    streams, found = drift.HOME.taken()
    if streams:
        await sync_to_async(written)(streams, found)


def written(streams: int, found: Mapping[Oddity, Sighting]) -> None:
    try:
        with transaction.atomic():
            for oddity, sighting in found.items():
                write(oddity, sighting)
            Drift.objects.update(of=F("of") + streams)
    finally:
        close_old_connections()


def write(oddity: Oddity, sighting: Sighting) -> None:
    row = Drift.objects.filter(kind=oddity.kind, name=oddity.name).first()
    kept = ["last_at", "streams", "witnesses"]
    if row is None:
        kept = []
        if Drift.objects.count() >= 4 * MOST:
            return
        first_at = datetime.fromtimestamp(sighting.first_at, UTC)
        row = Drift(kind=oddity.kind, name=oddity.name, first_at=first_at)
        row.sample = sighting.sample
    row.last_at = datetime.fromtimestamp(sighting.last_at, UTC)
    row.streams += sighting.streams
    row.witnesses = sorted({*row.witnesses, *sighting.witnesses})[:WITNESSES]
    row.save(update_fields=kept or None)


def new(now: datetime) -> Sequence[Drift]:
    """Kinds and types that several accounts met within a day."""
    rows = Drift.objects.filter(kind__in=TOLD, last_at__gt=now - STORY)[:MOST]
    return [row for row in rows if len(row.witnesses) >= SEVERAL]


def purge(now: datetime) -> int:
    return Drift.objects.filter(last_at__lt=now - KEPT).delete()[0]
