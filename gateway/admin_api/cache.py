"""`/admin/api/cache`: the files this gateway keeps (media.md 4).

Totals and lists come from the index. What is removed can be had back for ten minutes,
unless it is wanted to be gone at once.
"""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from gateway.admin_api.errors import Refused
from gateway.openapi import fails
from media import index, links, removals, totals
from media.formats import FOUND_SUFFIXES
from media.incoming import MIB
from media.models import Asset, Kind
from media.shelves import shelf
from media.totals import Totals

router = Router(tags=["cache"])

MOST_PAGES = 1_000_000_000
MOST_NAMES = 10_000
NAMES_AT_ONCE = 500
Json = dict[str, object]
KindName = Literal["image", "video"]


class Listed(Schema):
    type: KindName | None = None
    cache_type: KindName | None = None
    page: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 1
    page_size: Annotated[int, Field(ge=1, le=5000)] = 1000


class Chosen(Schema):
    """`now` removes for good, without an undo."""

    type: KindName = "image"
    now: bool = False


class Item(Chosen):
    name: str = ""


class Items(Chosen):
    names: Annotated[list[str], Field(max_length=MOST_NAMES)] = []


@router.get("/cache", summary="How much is kept, and how much may be")
def summary(request: HttpRequest) -> Json:
    return {f"local_{one.kind}": in_numbers(one) for one in totals.of_all()}


def in_numbers(found: Totals) -> Json:
    limit, share = found.limit_bytes, found.share
    return {
        "count": found.files,
        "size_mb": round(found.size_bytes / MIB, 2),
        "size_bytes": found.size_bytes,
        "limit_mb": limit // MIB,
        "limit_bytes": limit,
        "limited": limit > 0,
        "usage_ratio": None if share is None else round(share, 4),
        "usage_percent": None if share is None else round(share * 100, 1),
        "removed_bytes": found.removed_bytes,
    }


@router.get("/cache/list", summary="The files that are kept, newest first")
def list_files(request: HttpRequest, asked: Query[Listed]) -> Json:
    kind = Kind(asked.type or asked.cache_type or "image")
    rows = shown(kind).order_by("-created_at", "-id")
    start = (asked.page - 1) * asked.page_size
    return {
        "status": "success",
        "total": rows.count(),
        "page": asked.page,
        "page_size": asked.page_size,
        "items": [described(row) for row in rows[start : start + asked.page_size]],
    }


def shown(kind: Kind) -> QuerySet[Asset]:
    return Asset.objects.filter(kind=kind, removed_at=None)


def described(asset: Asset) -> Json:
    return {
        "name": name_of(asset),
        "size_bytes": asset.size,
        "modified_at": asset.created_at.timestamp(),
        "id": asset.public_id,
        "mime": asset.mime,
        "source": asset.source,
        "model": asset.model,
        "account": asset.account,
        "pinned": asset.pinned,
        "url": links.link(Kind(asset.kind), asset.public_id, links.base()),
    }


def name_of(asset: Asset) -> str:
    """Its own, though files of equal bytes share one on the disk."""
    return asset.public_id + PurePosixPath(asset.name).suffix


@router.post("/cache/clear", summary="Remove all files of a kind")
def clear(request: HttpRequest, payload: Chosen) -> Json:
    kind = Kind(payload.type)
    if payload.now:
        rows = Asset.objects.filter(kind=kind)
        return success({"removed": index.remove_all(shelf(kind), rows)})
    ids = list(shown(kind).values_list("pk", flat=True))
    done = removals.remove(ids, timezone.now())
    return success({"removed": done.count}) | undo_of(done)


@router.post("/cache/item/delete", summary="Remove one file", openapi_extra=fails(404))
def delete_item(request: HttpRequest, payload: Item) -> Json:
    kind = Kind(payload.type)
    if not payload.name.strip():
        raise Refused(400, "missing_file_name", "name: is required", param="name")
    if not is_file_name(kind, payload.name):
        told = f"name: is no name of a kept {kind}"
        raise Refused(400, "invalid_file_name", told, param="name")
    ids = found(kind, [payload.name])
    if not ids:
        raise Refused(404, "file_not_found", "No such file is kept.", param="name")
    done = taken_out(kind, list(ids.values()), now=payload.now)
    return success({"deleted": payload.name}) | undo_of(done)


@router.post("/cache/items/delete", summary="Remove some files")
def delete_items(request: HttpRequest, payload: Items) -> Json:
    kind = Kind(payload.type)
    names = list(dict.fromkeys(name for name in payload.names if name.strip()))
    if not names:
        raise Refused(400, "missing_file_names", "names: is required", param="names")
    ids = found(kind, [name for name in names if is_file_name(kind, name)])
    done = taken_out(kind, list(ids.values()), now=payload.now)
    missing = len(names) - done.count
    result: Json = {"deleted": done.count, "missing": missing}
    return success(result) | undo_of(done)


@router.post("/cache/undo/{removal}", summary="Bring back what was removed together")
def undo(request: HttpRequest, removal: str) -> Json:
    restored = removals.undo(removal)
    if not restored:
        told = "Nothing can be brought back; after ten minutes files are gone."
        raise Refused(404, "undo_not_found", told)
    return {"status": "success", "restored": restored}


def is_file_name(kind: Kind, name: str) -> bool:
    """Without any path in it, and with an ending of the kind."""
    path = PurePosixPath(name)
    plain = path.name == name and not set(name) & {"\\", "\0"} and path.stem != ".."
    return plain and path.suffix[1:].lower() in FOUND_SUFFIXES[kind]


def found(kind: Kind, names: list[str]) -> dict[str, int]:
    """The row of each name that is kept."""
    stems = list(dict.fromkeys(PurePosixPath(name).stem for name in names))
    rows: dict[str, int] = {}
    for start in range(0, len(stems), NAMES_AT_ONCE):
        chosen = shown(kind).filter(public_id__in=stems[start : start + NAMES_AT_ONCE])
        rows |= {name_of(row): row.pk for row in chosen}
    return {name: rows[name] for name in names if name in rows}


def taken_out(kind: Kind, ids: list[int], *, now: bool) -> removals.Removed:
    if now:
        return removals.Removed(index.remove(shelf(kind), ids), "")
    return removals.remove(ids, timezone.now())


def undo_of(done: removals.Removed) -> Json:
    return {"undo": done.undo}


def success(result: Json) -> Json:
    return {"status": "success", "result": result}
