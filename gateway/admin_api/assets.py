"""`/admin/api/assets`: the files that accounts keep at upstream (media.md 5).

A list is written as the accounts answer, and nothing of it is stored; as a batch it
keeps counts. What is deleted is deleted by batches, which tell of every failure.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

import orjson
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from accounts import selectors
from accounts.credentials import masked
from accounts.models import Account
from gateway import online
from gateway.admin_api import access, batch, references
from gateway.admin_api.errors import Refused
from gateway.openapi import fails
from gateway.streaming import in_pieces
from gateway.upstream.listing import Asset
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob

router = Router(tags=["assets"])

MANAGEABLE = ("active", "cooling")
LIST_LIMIT = "batch.asset_list_concurrency"
DELETE_LIMIT = "batch.asset_delete_concurrency"
Json = dict[str, object]
AssetId = Annotated[str, Field(min_length=1, max_length=64)]


class Whose(batch.How):
    """Accounts by id or token; none means all that can be asked."""

    token: list[str] = []


class OfAccount(Schema):
    token: str


class OneAsset(OfAccount):
    asset_id: AssetId


class SomeAssets(OfAccount):
    asset_ids: Annotated[list[AssetId], Field(min_length=1, max_length=1000)]


@router.get(
    "/assets",
    auth=[access.by_key, access.signed_in],
    summary="The files that accounts keep at upstream",
    openapi_extra=fails(404),
)
async def list_assets(request: HttpRequest, asked: Query[Whose]) -> HttpResponseBase:
    at_once = asked.concurrency or config.current().number(LIST_LIMIT)
    if asked.later:
        by = await sync_to_async(access.actor)(request)
        job, unknown = await sync_to_async(batch.created)(
            "assets", asked.token, {}, by, at_once
        )
        return JsonResponse(batch.accepted(job) | {"unknown": unknown})
    ids, unknown = await sync_to_async(chosen)(asked.token)
    clear = await sync_to_async(access.sees_tokens)(request)
    return in_pieces(written(ids, unknown, at_once, clear=clear))


def chosen(tokens: list[str]) -> tuple[list[int], list[str]]:
    """Rows of accounts, and what names none, masked."""
    try:
        if not tokens:
            accounts = selectors.live((), MANAGEABLE)
            return list(accounts.values_list("pk", flat=True)), []
        resolved = references.resolve(tokens)
    finally:
        close_old_connections()
    if not resolved.ids:
        raise Refused(404, "account_not_found", "None of these accounts exists.")
    return resolved.ids, resolved.unknown


async def written(
    ids: list[int], unknown: list[str], at_once: int, *, clear: bool
) -> AsyncIterator[bytes]:
    """One object with the accounts in order; some are asked at once, few are held."""
    yield b'{"tokens":['
    total, first = 0, True
    waiting: deque[asyncio.Task[Json]] = deque()
    left = iter(ids)
    try:
        for account_id in left:
            waiting.append(asyncio.create_task(told(account_id, clear=clear)))
            if len(waiting) < at_once:
                continue
            total, first, piece = joined(await waiting.popleft(), total, first=first)
            yield piece
        while waiting:
            total, first, piece = joined(await waiting.popleft(), total, first=first)
            yield piece
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    end = {"total_assets": total, "unknown": unknown}
    yield b"]," + orjson.dumps(end)[1:]


def joined(entry: Json, total: int, *, first: bool) -> tuple[int, bool, bytes]:
    count = entry["count"]
    assert isinstance(count, int)  # noqa: S101 - `told` puts it there
    return total + count, False, (b"" if first else b",") + orjson.dumps(entry)


async def told(account_id: int, *, clear: bool) -> Json:
    """What one account keeps, or why that is not known."""
    entry = await sync_to_async(labelled)(account_id, clear=clear)
    files: list[Asset] = []
    error = None
    try:
        files = list(await online.files_of(account_id))
    except online.Unreachable as reason:
        error = str(reason)
    return entry | {
        "count": len(files),
        "assets": [described(file) for file in files],
        "error": error,
    }


def labelled(account_id: int, *, clear: bool) -> Json:
    try:
        account = Account.objects.filter(pk=account_id).first()
        if account is None:
            return {"id": "", "token": "", "masked": ""}
        (token,) = references.shown_tokens([account], clear=clear)
        return {"id": account.public_id, "token": token, "masked": masked(account)}
    finally:
        close_old_connections()


def described(file: Asset) -> Json:
    shown = asdict(file)
    return {
        "id": shown["id"],
        "name": shown["name"],
        "file_path": shown["path"],
        "content_type": shown["media_type"],
        "size": shown["size_bytes"],
        "created_at": shown["created_at"],
    }


@router.post(
    "/assets/delete-item",
    summary="Delete one file at upstream",
    openapi_extra=fails(404, 502, 504),
)
def delete_item(request: HttpRequest, payload: OneAsset) -> Json:
    job = deletion(request, payload.token, [payload.asset_id])
    succeeded(batch.ended(job))
    return {"status": "success"}


@router.post(
    "/assets/delete-items",
    summary="Delete files of one account at upstream",
    openapi_extra=fails(404, 504),
)
def delete_items(
    request: HttpRequest, payload: SomeAssets, how: Query[batch.How]
) -> HttpResponse:
    job = deletion(request, payload.token, payload.asset_ids, how.concurrency)
    if how.later:
        return JsonResponse(batch.accepted(job))
    return JsonResponse(batch.answer_of(batch.ended(job)))


def deletion(
    request: HttpRequest, token: str, asset_ids: list[str], at_once: int | None = None
) -> BatchJob:
    account = references.one(token)
    return batches.create(
        "assets-delete",
        (Target(asset_id) for asset_id in asset_ids),
        params={"account": account.public_id},
        by=access.actor(request),
        concurrency=at_once or config.current().number(DELETE_LIMIT),
    )


@router.post(
    "/assets/clear-token",
    summary="Delete all files of one account",
    openapi_extra=fails(404, 502, 504),
)
def clear_token(request: HttpRequest, payload: OfAccount) -> Json:
    account = references.one(payload.token)
    target = Target(account.public_id, masked(account))
    job = batches.create("cache-clear", [target], by=access.actor(request))
    (result,) = succeeded(batch.ended(job))
    return {"status": "success", "deleted": result["deleted"]}


def succeeded(job: BatchJob) -> list[Json]:
    """The results of its items; raises Refused with the first failure."""
    items = list(job.items.order_by("number"))
    failed = next((item.error for item in items if item.error), "")
    if failed == online.NO_SUCH_FILE:
        raise Refused(404, "file_not_found", "No such file is kept there.")
    if failed or job.ok < job.total:
        raise Refused(502, "upstream_error", failed or "The work was cut short.")
    return [dict(item.result) for item in items]
