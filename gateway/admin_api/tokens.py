"""`/admin/api/tokens`: list, add, replace, edit, disable, delete (accounts.md 9)."""

from typing import Annotated, Literal

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from accounts import bulk, changes, imports, restorepoints, selectors
from accounts.documents import TAG_MAX_CHARS, Defaults, Parsed, parse
from accounts.models import Account, QuotaWindow
from accounts.store.values import chunks
from accounts.tokens import clean_tags
from gateway.admin_api import references
from gateway.admin_api.access import SHIPPED_KEY, actor, sees_tokens
from gateway.admin_api.errors import Refused, invalid
from gateway.openapi import fails
from grokgateway import config

router = Router(tags=["accounts"])

MODES = ("auto", "fast", "expert", "heavy", "grok_4_3")
PoolName = Literal["auto", "basic", "ssobasic", "super", "heavy"]
Tag = Annotated[str, Field(max_length=TAG_MAX_CHARS)]
Json = dict[str, object]
DOCUMENT: Json = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": ["object", "array"]}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}


class Which(Schema):
    pool: Literal["", "basic", "super", "heavy"] = ""
    status: Literal["", "active", "cooling", "expired", "disabled"] = ""
    after: str = ""
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None


class Added(Schema):
    tokens: Annotated[list[str], Field(min_length=1)]
    pool: PoolName = "basic"
    tags: list[Tag] = []


class Edited(Schema):
    old_token: str
    token: str
    pool: Literal["basic", "super", "heavy"] | None = None


class Disabled(Schema):
    token: str
    disabled: bool


class DisabledMany(Schema):
    tokens: Annotated[list[str], Field(min_length=1)]
    disabled: bool


class PoolContent(Schema):
    pool: Literal["basic", "ssobasic", "super", "heavy"]
    tokens: Annotated[list[str], Field(min_length=1)]
    tags: list[Tag] = []


@router.get("/tokens", summary="Live accounts: all, or page by page")
def list_tokens(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """With `limit`, `next` is the id to ask for `after`, null at the end."""
    pools = [which.pool] if which.pool else []
    accounts = selectors.live(pools, [which.status] if which.status else [])
    if which.after:
        last = selectors.find(which.after)
        if last is None:
            raise invalid("after: there is no such account", "after")
        accounts = accounts.filter(pk__gt=last.pk)
    found = accounts[: which.limit + 1] if which.limit else accounts
    items: list[Json] = []
    clear = sees_tokens(request)
    for chunk in chunks(found.iterator(chunk_size=500)):
        items += described(chunk, clear=clear)
    body: Json = {"tokens": items}
    if which.limit:
        shown = items[: which.limit]
        more = len(items) > which.limit
        body = {"tokens": shown, "next": shown[-1]["id"] if more else None}
    response = HttpResponse(orjson.dumps(body), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def described(accounts: list[Account], *, clear: bool) -> list[Json]:
    quotas: dict[int, Json] = {account.pk: {} for account in accounts}
    windows = QuotaWindow.objects.filter(account_id__in=list(quotas))
    for account_id, mode, remaining, total in windows.values_list(
        "account_id", "mode", "remaining", "total"
    ):
        quotas[account_id][mode] = {"remaining": remaining, "total": total}
    nothing = {"remaining": 0, "total": 0}
    tokens = references.shown_tokens(accounts, clear=clear)
    return [
        {
            "id": account.public_id,
            "token": token,
            "pool": account.pool,
            "status": account.status,
            "reason": account.state_reason,
            "quota": {mode: quotas[account.pk].get(mode, nothing) for mode in MODES},
            "use_count": account.use_count,
            "fail_count": account.fail_count,
            "last_used_at": milliseconds(account),
            "tags": account.tags,
            "node": account.node,
        }
        for account, token in zip(accounts, tokens, strict=True)
    ]


def milliseconds(account: Account) -> int | None:
    at = account.last_use_at
    return int(at.timestamp() * 1000) if at else None


@router.post(
    "/tokens", summary="Replace the pools named in the document", openapi_extra=DOCUMENT
)
def replace_tokens(request: HttpRequest) -> Json:
    parsed = parse(request.body.decode("utf-8", "replace"), Defaults("auto"))
    return replaced(parsed, actor(request))


@router.put("/tokens/pool", summary="Replace one pool")
def replace_pool(request: HttpRequest, payload: PoolContent) -> Json:
    document = {payload.pool: payload.tokens}
    tags = clean_tags(payload.tags)
    parsed = parse(orjson.dumps(document).decode(), Defaults("auto", tags))
    done = replaced(parsed, actor(request))
    return done | {"pool": payload.pool}


def replaced(parsed: Parsed, by: str) -> Json:
    """As 2.x did, but a document that holds a bad line changes nothing."""
    if parsed.rejected or not parsed.entries:
        first = parsed.rejected[0] if parsed.rejected else None
        told = f"{first.place}: {first.reason}" if first else "no accounts in it"
        raise invalid(f"Nothing was changed: {told}")
    try:
        missing = imports.missing_ids(parsed)
    except imports.UnclearPools as exc:
        raise invalid(str(exc), "pool") from exc
    report = imports.replace_pools(parsed, missing, by=by)
    count = len(imports.merged(parsed.entries))
    return {
        "status": "success",
        "count": count,
        "deleted": report.deleted,
        "undo": report.undo,
    }


@router.post("/tokens/add", summary="Add accounts, keeping those that are here")
def add_tokens(request: HttpRequest, payload: Added) -> Json:
    defaults = Defaults(payload.pool, clean_tags(payload.tags))
    parsed = parse("\n".join(payload.tokens), defaults)
    report = imports.add(parsed, by=actor(request))
    count = report.added + report.restored
    return {
        "status": "success",
        "count": count,
        "skipped": report.unchanged + report.tagged,
        "rejected": [
            {"place": r.place, "reason": r.reason, "masked": r.masked}
            for r in report.rejected
        ],
        "synced": 0,
        "undo": report.undo,
    }


@router.delete("/tokens", summary="Delete accounts; can be undone")
def delete_tokens(request: HttpRequest, payload: list[str]) -> Json:
    resolved = references.resolve(payload)
    changed = bulk.delete(resolved.ids, by=actor(request))
    return {
        "deleted": changed.count,
        "unknown": resolved.unknown,
        "undo": changed.undo,
    }


@router.put(
    "/tokens/edit",
    summary="Another token or pool for an account",
    openapi_extra=fails(404, 409),
)
def edit_token(request: HttpRequest, payload: Edited) -> Json:
    account = references.one(payload.old_token, "old_token")
    try:
        changes.give_token(account.pk, payload.token, by=actor(request))
    except changes.TokenTaken as exc:
        raise Refused(409, "token_conflict", "Another account has it.") from exc
    except ValueError as exc:
        raise invalid(f"token: {exc}", "token") from exc
    if payload.pool is not None and payload.pool != account.pool:
        bulk.move([account.pk], payload.pool, by=actor(request))
    account = Account.objects.get(pk=account.pk)
    (token,) = references.shown_tokens([account], clear=sees_tokens(request))
    return {
        "status": "success",
        "id": account.public_id,
        "token": token,
        "pool": account.pool,
    }


@router.post(
    "/tokens/disabled",
    summary="Take an account out of service, or back",
    openapi_extra=fails(404),
)
def disable_token(request: HttpRequest, payload: Disabled) -> Json:
    account = references.one(payload.token)
    changed = switched([account.pk], actor(request), disabled=payload.disabled)
    (token,) = references.shown_tokens([account], clear=sees_tokens(request))
    return {
        "status": "success",
        "id": account.public_id,
        "token": token,
        "disabled": payload.disabled,
        "undo": changed.undo,
    }


@router.post("/tokens/disabled/batch", summary="The same for many")
def disable_tokens(request: HttpRequest, payload: DisabledMany) -> Json:
    resolved = references.resolve(payload.tokens)
    changed = switched(resolved.ids, actor(request), disabled=payload.disabled)
    total = len(resolved.ids) + len(resolved.unknown)
    return {
        "status": "success",
        "disabled": payload.disabled,
        "summary": {
            "total": total,
            "ok": len(resolved.ids),
            "fail": len(resolved.unknown),
        },
        "undo": changed.undo,
    }


def switched(ids: list[int], by: str, *, disabled: bool) -> bulk.Changed:
    return bulk.disable(ids, by) if disabled else bulk.restore(ids, by)


@router.post(
    "/undo/{point}",
    summary="Take back a change by its undo id",
    openapi_extra=fails(409),
)
def undo(request: HttpRequest, point: str) -> Json:
    found = bulk.point_of(point)
    if found is None:
        raise Refused(404, "undo_not_found", "There is no such change to undo.")
    try:
        undone = restorepoints.undo(found, by=actor(request))
    except restorepoints.AlreadyUndone as exc:
        raise Refused(409, "already_undone", "It was undone before.") from exc
    return {"status": "success", "restored": undone.restored, "gone": undone.gone}


@router.get("/verify", summary="Whether the key is right")
def verify(request: HttpRequest) -> Json:
    return {"status": "success", "shipped_key": shipped()}


def shipped() -> bool:
    return config.current().text("app.app_key") == SHIPPED_KEY
