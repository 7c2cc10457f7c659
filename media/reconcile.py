"""Compares a folder with the index, a batch at a time, and mends the index.

Files that are not indexed are taken in, oldest rules included: the name of a file
without its ending is its id. Rows whose file is lost go. Every step takes the lock of
the kind for itself, so saving goes on beside it, and stopping in between harms nothing.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from media import formats, index
from media.models import Asset, Source
from media.shelves import PART_SUFFIX, Shelf

PART_LIFE = timedelta(hours=1)
# An upload to a storage elsewhere is seen there a moment before it is indexed.
SETTLE = timedelta(minutes=1)
UNKNOWN_MIME = "application/octet-stream"
ID_CHARS = 64

T = TypeVar("T")
Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: str
    adopted: int
    lost: int
    parts: int
    files: int
    size: int


def reconcile(shelf: Shelf, stopped: Stopped = lambda: False) -> Outcome:
    parts = remove_parts(shelf, timezone.now())
    adopted = sum(
        adopt(shelf, names) for names in until(stopped, batches(shelf.names()))
    )
    lost = drop_lost(shelf, stopped) if shelf.is_there() else 0
    files, size = recount(shelf)
    return Outcome(shelf.kind, adopted, lost, parts, files, size)


def foreseen(shelf: Shelf) -> Outcome:
    """What it would do; the totals are those of the rows as they are."""
    adopted = sum(len(strangers(shelf, names)) for names in batches(shelf.names()))
    lost = sum(map(len, missing(shelf))) if shelf.is_there() else 0
    files, size = counted(shelf)
    parts = len(list(old_parts(shelf, timezone.now())))
    return Outcome(shelf.kind, adopted, lost, parts, files, size)


def drop_lost(shelf: Shelf, stopped: Stopped) -> int:
    found = until(stopped, missing(shelf))
    return sum(index.forget(shelf, ids) for ids in found if ids)


def missing(shelf: Shelf) -> Iterator[list[int]]:
    """The rows whose file is not there, a batch of rows at a time."""
    there = presence(shelf)
    for batch in index.pages(Asset.objects.filter(kind=shelf.kind)):
        yield [row.pk for row in batch if not there(row.name)]


def batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, index.BATCH_ROWS)):
        yield batch


def until(stopped: Stopped, items: Iterable[T]) -> Iterator[T]:
    return takewhile(lambda _item: not stopped(), items)


def presence(shelf: Shelf) -> Callable[[str], bool]:
    """Whether a file is there: a look for each on a disk, one listing elsewhere."""
    return shelf.has if shelf.folder else frozenset(shelf.names()).__contains__


def adopt(shelf: Shelf, names: list[str]) -> int:
    """Index those of the files that are not yet; count them."""
    return sum(inserted(shelf, asset) for asset in strangers(shelf, names))


def strangers(shelf: Shelf, names: list[str]) -> list[Asset]:
    """Rows, not yet stored, of those of the files that have none."""
    known = set(
        Asset.objects.filter(kind=shelf.kind, name__in=names).values_list(
            "name", flat=True
        )
    )
    strange = (name for name in names if name not in known)
    return [asset for name in strange if (asset := described(shelf, name))]


def described(shelf: Shelf, name: str) -> Asset | None:
    """What the row of a found file says; None for what is no media or just gone."""
    path = PurePosixPath(name)
    if path.suffix[1:].lower() not in formats.FOUND_SUFFIXES[shelf.kind]:
        return None
    if len(path.stem) > ID_CHARS:
        return None
    try:
        size, changed_at = shelf.stat(name)
        with shelf.open(name) as file:
            known = formats.sniff(file.read(formats.HEAD_BYTES))
    except FileNotFoundError:
        return None
    if shelf.folder is None and changed_at > timezone.now() - SETTLE:
        return None
    return Asset(
        kind=shelf.kind,
        public_id=path.stem,
        name=name,
        mime=known.mime if known and known.kind == shelf.kind else UNKNOWN_MIME,
        size=size,
        source=Source.FOUND,
        created_at=changed_at,
    )


@transaction.atomic
def inserted(shelf: Shelf, asset: Asset) -> bool:
    usage = index.locked(shelf.kind)
    rows = Asset.objects.filter(kind=shelf.kind)
    if rows.filter(name=asset.name).exists():
        return False
    if rows.filter(public_id=asset.public_id).exists():
        asset.public_id = secrets.token_hex(16)  # two endings of one name
    asset.save(force_insert=True)
    usage.files, usage.size = usage.files + 1, usage.size + asset.size
    usage.save(update_fields=["files", "size"])
    return True


@transaction.atomic
def recount(shelf: Shelf) -> tuple[int, int]:
    """Set the totals to what the rows say: files and bytes, shared ones once."""
    usage = index.locked(shelf.kind)
    usage.files, usage.size = counted(shelf)
    usage.save(update_fields=["files", "size"])
    return usage.files, usage.size


def counted(shelf: Shelf) -> tuple[int, int]:
    names = Asset.objects.filter(kind=shelf.kind).order_by().values("name")
    sums = names.annotate(one=Max("size")).aggregate(n=Count("one"), s=Sum("one"))
    return sums["n"], sums["s"] or 0


def remove_parts(shelf: Shelf, now: datetime) -> int:
    """Remove what downloads left behind when their process died."""
    count = 0
    for path in old_parts(shelf, now):
        with suppress(FileNotFoundError):
            path.unlink()
            count += 1
    return count


def old_parts(shelf: Shelf, now: datetime) -> Iterator[Path]:
    before = (now - PART_LIFE).timestamp()
    for folder in {shelf.folder, Path(settings.DATA_DIR) / "files" / "incoming"}:
        if folder is None or not folder.is_dir():
            continue
        for path in folder.glob(f".*{PART_SUFFIX}"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    yield path
