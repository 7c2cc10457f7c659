"""The index of kept files: rows, totals and files change together, or not at all.

Whatever adds or removes files of a kind holds the lock of its `Usage` row, so that one
process at a time does it, in a transaction that never spans a download. The sum of a
kind passes its cap by one file at most, and only inside such a transaction.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from media.models import Asset, Usage
from media.shelves import Shelf

logger = logging.getLogger(__name__)
LOW_WATER_PERCENT = 60
BATCH_ROWS = 200
ACCESS_EVERY = timedelta(hours=1)


def keep(asset: Asset, part: Path, shelf: Shelf, cap_bytes: int = 0) -> None:
    """Index a whole file and put it in its place; make room when the cap is passed.

    Bytes that are kept already are not stored twice. `cap_bytes` 0 sets no cap.
    """
    asset.name = shelf.upload(part, asset.name)
    try:
        full = added(asset, part, shelf, cap_bytes)
    except BaseException:
        if shelf.folder is None:
            shelf.remove(asset.name)
        raise
    if full:
        drain(shelf, low_water(cap_bytes))


def added(asset: Asset, part: Path, shelf: Shelf, cap_bytes: int) -> bool:
    """Add it once those before it fit; True when more must go to make room."""
    while True:
        with transaction.atomic():
            usage = locked(asset.kind)
            if over(usage, cap_bytes) and evict(usage, shelf, low_water(cap_bytes)):
                continue
            insert(asset, usage, part, shelf)
            full = over(usage, cap_bytes)
            return full and evict(usage, shelf, low_water(cap_bytes)) > 0


def insert(asset: Asset, usage: Usage, part: Path, shelf: Shelf) -> None:
    asset.created_at = timezone.now()
    same = Asset.objects.filter(kind=asset.kind, sha256=asset.sha256)
    twin = same.exclude(sha256="").first()
    if twin is None:
        shelf.place(part, asset.name)
        usage.files, usage.size = usage.files + 1, usage.size + asset.size
        usage.save(update_fields=["files", "size"])
    else:
        share(asset, twin, part, shelf)
    asset.save(force_insert=True)


def share(asset: Asset, twin: Asset, part: Path, shelf: Shelf) -> None:
    """Let the new row name the file of an equal one, put back if it was lost."""
    if asset.name != twin.name and shelf.folder is None:
        transaction.on_commit(partial(shelf.remove, asset.name))
    asset.name = twin.name
    if shelf.folder is not None and not shelf.has(twin.name):
        shelf.place(part, twin.name)


def enforce(shelf: Shelf, cap_bytes: int) -> int:
    """Bring a kind that is over its cap to the low-water mark; count the rows gone."""
    usage = Usage.objects.filter(pk=shelf.kind).first()
    if usage is None or not over(usage, cap_bytes):
        return 0
    return drain(shelf, low_water(cap_bytes))


def drain(shelf: Shelf, target_bytes: int) -> int:
    """Remove the oldest until no more is left, with the lock taken for each batch."""
    count = 0
    while gone := drained(shelf, target_bytes):
        count += gone
    return count


@transaction.atomic
def drained(shelf: Shelf, target_bytes: int) -> int:
    usage = locked(shelf.kind)
    return evict(usage, shelf, target_bytes) if usage.size > target_bytes else 0


def over(usage: Usage, cap_bytes: int) -> bool:
    return 0 < cap_bytes < usage.size


def low_water(cap_bytes: int) -> int:
    return cap_bytes * LOW_WATER_PERCENT // 100


def evict(usage: Usage, shelf: Shelf, target_bytes: int) -> int:
    """Remove one batch, no more than needed: what people removed, then the oldest."""
    oldest = [*removed(usage.kind)[:BATCH_ROWS], *removable(usage.kind)[:BATCH_ROWS]]
    return drop(usage, shelf, until_freed(oldest, shelf, usage.size - target_bytes))


def removed(kind: str) -> QuerySet[Asset]:
    gone = Asset.objects.filter(kind=kind, removed_at__isnull=False)
    return gone.order_by("removed_at", "id")


def removable(kind: str, now: datetime | None = None) -> QuerySet[Asset]:
    """Oldest first; neither the newest nor what is pinned or protected."""
    now = now or timezone.now()
    newest = Asset.objects.filter(kind=kind).order_by("-created_at", "-id")
    return (
        Asset.objects.filter(kind=kind, pinned=False, removed_at=None)
        .filter(Q(protected_until=None) | Q(protected_until__lte=now))
        .exclude(pk__in=list(newest.values_list("pk", flat=True)[:1]))
        .order_by("created_at", "id")
    )


def until_freed(
    oldest: Iterable[Asset], shelf: Shelf, wanted_bytes: int
) -> list[Asset]:
    """As many of them as free so much; a file that is being read stays."""
    rows = list(oldest)
    users = user_counts(shelf.kind, rows)
    chosen: list[Asset] = []
    freed = 0
    for row in rows:
        if freed >= wanted_bytes:
            break
        if users[row.name] == 1:
            if shelf.is_read(row.name):
                continue
            freed += row.size
        users[row.name] -= 1
        chosen.append(row)
    return chosen


def user_counts(kind: str, rows: Sequence[Asset]) -> Counter[str]:
    """How many rows name each of these files."""
    names = {row.name for row in rows}
    counted = Asset.objects.filter(kind=kind, name__in=names).order_by()
    pairs = counted.values_list("name").annotate(n=Count("id"))
    return Counter(dict(pairs))


def drop(usage: Usage, shelf: Shelf, rows: Sequence[Asset]) -> int:
    """Remove rows, and the files that no other row names; needs the lock."""
    users = user_counts(shelf.kind, rows)
    users.subtract(row.name for row in rows)
    stuck: set[str] = set()
    for row in {row.name: row for row in rows}.values():
        if users[row.name] > 0:
            continue
        if not discarded(shelf, row.name):
            stuck.add(row.name)
            continue
        usage.files = max(0, usage.files - 1)
        usage.size = max(0, usage.size - row.size)
    gone = [row.pk for row in rows if row.name not in stuck]
    Asset.objects.filter(pk__in=gone).delete()
    usage.save(update_fields=["files", "size"])
    return len(gone)


def discarded(shelf: Shelf, name: str) -> bool:
    """Remove a local file now, and any other once the rows are gone for good."""
    if shelf.folder is not None:
        return shelf.remove(name)
    transaction.on_commit(partial(shelf.remove, name))
    return True


@transaction.atomic
def remove(
    shelf: Shelf, ids: Iterable[int], among: QuerySet[Asset] | None = None
) -> int:
    """Remove what a person or its own job no longer wants, pinned or not.

    What is no longer `among` the unwanted by now, as it was brought back, stays.
    """
    usage = locked(shelf.kind)
    unwanted = Asset.objects.all() if among is None else among
    rows = list(unwanted.filter(kind=shelf.kind, pk__in=list(ids)))
    return drop(usage, shelf, rows)


def locked(kind: str) -> Usage:
    """The totals of a kind, locked until the transaction ends."""
    rows = Usage.objects.select_for_update()
    found = rows.filter(pk=kind).first()
    if found is None:
        Usage.objects.get_or_create(pk=kind)
        found = rows.get(pk=kind)
    return found


def remove_all(shelf: Shelf, unwanted: QuerySet[Asset]) -> int:
    """Remove rows that outlived their use, batch by batch, but what is being read."""
    return sum(
        remove(shelf, [row.pk for row in rows if not shelf.is_read(row.name)], unwanted)
        for rows in pages(unwanted)
    )


def pages(assets: QuerySet[Asset]) -> Iterator[list[Asset]]:
    """Batches of rows, each read by a query of its own: they may be removed between."""
    last = 0
    while rows := list(assets.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS]):
        last = rows[-1].pk
        yield rows


def note_accesses(ids: Sequence[int]) -> None:
    """Write-behind of `last_access_at`, which moves at most hourly."""
    now = timezone.now()
    stale = Q(last_access_at=None) | Q(last_access_at__lt=now - ACCESS_EVERY)
    Asset.objects.filter(stale, pk__in=set(ids)).update(last_access_at=now)


def is_access_due(asset: Asset) -> bool:
    last = asset.last_access_at
    return last is None or last < timezone.now() - ACCESS_EVERY


@transaction.atomic
def forget(shelf: Shelf, ids: Iterable[int]) -> int:
    """Drop rows whose file is lost; not where the whole folder seems away."""
    usage = locked(shelf.kind)
    rows = Asset.objects.filter(pk__in=list(ids), kind=shelf.kind)
    lost = [row for row in rows if not shelf.has(row.name)]
    return drop(usage, shelf, lost) if lost and shelf.is_there() else 0
