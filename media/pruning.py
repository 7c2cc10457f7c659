"""Which files have outlived their use or their room, and their removal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from grokgateway import config
from media import index, removals
from media.incoming import MIB, cap_bytes
from media.models import Asset, Usage
from media.shelves import Shelf


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was removed, or would be; `size` is of the files, before any sharing."""

    kind: str
    removed: int
    size: int


def prune(shelf: Shelf, *, dry_run: bool = False) -> Outcome:
    """Apply the ends of files, the age limit, the cap and the free-disk floor now."""
    now = timezone.now()
    if dry_run:
        return foreseen(shelf, outdated(shelf.kind, now))
    before = size_of(shelf)
    removed = remove_outdated(shelf, now)
    removed += index.enforce(shelf, cap_bytes(shelf.kind))
    if wanted := shortage(shelf):
        removed += index.drain(shelf, max(0, size_of(shelf) - wanted))
    return Outcome(shelf.kind, removed, before - size_of(shelf))


def remove_outdated(shelf: Shelf, now: datetime) -> int:
    return index.remove_all(shelf, outdated(shelf.kind, now))


def outdated(kind: str, now: datetime) -> QuerySet[Asset]:
    """Files whose end has come, and those past the age limit that nothing protects."""
    ended = Q(expires_at__lte=now) | Q(removed_at__lte=now - removals.GRACE)
    if days := config.current().number("cache.local.max_age_days"):
        free = Q(protected_until=None) | Q(protected_until__lte=now)
        aged = Q(created_at__lt=now - timedelta(days=days), pinned=False)
        ended |= aged & free
    return Asset.objects.filter(ended, kind=kind)


def shortage(shelf: Shelf) -> int:
    """Bytes that are free too few on the disk that holds the files."""
    if shelf.folder is None:
        return 0
    floor = config.current().number("cache.local.min_free_mb") * MIB
    return max(0, floor - shelf.free_bytes())


def size_of(shelf: Shelf) -> int:
    usage = Usage.objects.filter(pk=shelf.kind).first()
    return usage.size if usage else 0


def foreseen(shelf: Shelf, old: QuerySet[Asset]) -> Outcome:
    gone = {row.pk: row.size for row in old.only("size").iterator()}
    left = size_of(shelf) - sum(gone.values())
    cap = cap_bytes(shelf.kind)
    wanted = left - index.low_water(cap) if 0 < cap < left else 0
    wanted = max(wanted, shortage(shelf) - sum(gone.values()))
    for row in index.removable(shelf.kind).only("size", "name").iterator():
        if wanted <= 0:
            break
        if row.pk not in gone and not shelf.is_read(row.name):
            gone[row.pk] = row.size
            wanted -= row.size
    return Outcome(shelf.kind, len(gone), sum(gone.values()))
