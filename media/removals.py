"""Files that people remove: gone from sight at once, from the disk ten minutes later.

Until then one id brings back all that were removed together. Eviction takes them first.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from media import index
from media.models import Asset, Kind
from media.shelves import shelf

GRACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Removed:
    """`undo` is empty where nothing was removed."""

    count: int
    undo: str


def remove(ids: Sequence[int], now: datetime) -> Removed:
    """What is removed already stays with the removal that took it."""
    token = secrets.token_hex(16)
    count = sum(mark(chunk, token, now) for chunk in chunks(ids))
    return Removed(count, token if count else "")


def mark(ids: Sequence[int], token: str, now: datetime) -> int:
    rows = Asset.objects.filter(pk__in=ids, removed_at=None)
    return rows.update(removed_at=now, removal=token)


def chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    size = index.BATCH_ROWS
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def undo(token: str) -> int:
    """How many are back; those that made room meanwhile are not."""
    if not token:
        return 0
    return bring_back(Asset.objects.filter(removal=token))


def bring_back(assets: QuerySet[Asset]) -> int:
    return assets.exclude(removed_at=None).update(removed_at=None, removal="")


def finish(now: datetime) -> int:
    """Remove for good what was removed long enough ago."""
    return sum(index.remove_all(shelf(kind), overdue(kind, now)) for kind in Kind)


def overdue(kind: str, now: datetime) -> QuerySet[Asset]:
    return Asset.objects.filter(kind=kind, removed_at__lte=now - GRACE)
