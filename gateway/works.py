"""What batch jobs do to one account: each work is one function over its id."""

import asyncio
from collections.abc import Mapping
from datetime import date

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from accounts import bulk, declared
from accounts.declared import BIRTH_DATE, TERMS
from accounts.drafts import steps
from accounts.models import Account
from gateway import online, refreshing
from gateway.doctor import jobs as examinations
from gateway.errors import GatewayError
from gateway.exits import jobs
from gateway.refreshing import Unlearnt
from gateway.upstream import operations
from gateway.upstream.headers import Login
from grokgateway import config, crypto
from grokgateway.jobs.batch_runner import ItemFailed, Params, Result, Work

NSFW = "nsfw"
BY = "batch job"


async def refresh(target: str, params: Params) -> Result:
    account = await account_of(target)
    try:
        pool = await refreshing.refresh(account.pk, config.current())
    except Unlearnt as reason:
        raise ItemFailed(str(reason)) from reason
    return {"refreshed": 1, "pool": pool}


async def accept_terms(target: str, params: Params) -> Result:
    account = await account_of(target)
    if TERMS in await sync_to_async(declared.done)(account.pk):
        return {"success": True, "accepted_before": True}
    try:
        await accepted(account, await login_of(account), params)
    except GatewayError as error:
        raise ItemFailed(error.message) from error
    return {"success": True}


async def accepted(account: Account, login: Login, params: Params) -> None:
    await operations.accept_terms(login, config.current())
    await noted(account, TERMS, params)


async def noted(account: Account, kind: str, params: Params) -> None:
    by = str(params.get("by", BY))
    await sync_to_async(declared.note)(account.pk, kind, by)


async def nsfw(target: str, params: Params) -> Result:
    """On: accept the terms, declare the operator's birth date, switch; off: switch.

    What was declared before is not declared again.
    """
    account = await account_of(target)
    login, settings = await login_of(account), config.current()
    enabled = bool(params["enabled"])
    fresh: bool | None = None
    try:
        if enabled:
            done = await sync_to_async(declared.done)(account.pk)
            if TERMS not in done:
                await accepted(account, login, params)
            fresh = BIRTH_DATE not in done and await born(account, login, params)
        await operations.show_adult_content(login, settings, enabled=enabled)
    except GatewayError as error:
        raise ItemFailed(error.message) from error
    add, remove = ((NSFW,), ()) if enabled else ((), (NSFW,))
    await sync_to_async(bulk.mark)([account.pk], add, remove)
    result: dict[str, object] = {"success": True, "tagged": enabled}
    if fresh is not None:
        result["birth_date_declared"] = fresh
    return result


async def born(account: Account, login: Login, params: Params) -> bool:
    """Declare the operator's birth date; False where upstream has one already."""
    when = date.fromisoformat(str(params["birth_date"]))
    fresh = await operations.declare_birth_date(login, config.current(), when)
    await noted(account, BIRTH_DATE, params)
    return fresh


async def cache_clear(target: str, params: Params) -> Result:
    """Delete the account's files at upstream, page by page to the end."""
    account = await account_of(target)
    try:
        cleared = await online.clear(account.pk)
    except online.Unreachable as reason:
        raise ItemFailed(str(reason)) from reason
    if cleared.failures:
        kept = "; ".join(f"{one} ({why})" for one, why in cleared.failures.items())
        told = f"{cleared.deleted} files were deleted, {len(cleared.failures)} were not"
        raise ItemFailed(f"{told}: {kept}")
    return {"deleted": cleared.deleted}


async def count_assets(target: str, params: Params) -> Result:
    """How much the account keeps at upstream; what it is, is not stored."""
    account = await account_of(target)
    try:
        files = await online.files_of(account.pk)
    except online.Unreachable as reason:
        raise ItemFailed(str(reason)) from reason
    return {"count": len(files), "size_bytes": sum(file.size_bytes for file in files)}


async def delete_asset(target: str, params: Params) -> Result:
    """One file, of the account that `params` names."""
    account = await account_of(str(params["account"]))
    try:
        await online.delete(account.pk, target)
    except online.Unreachable as reason:
        raise ItemFailed(str(reason)) from reason
    return {"deleted": 1}


async def import_accounts(target: str, params: Params) -> Result:
    """One part of an import, in a thread that nothing else waits for."""
    return await asyncio.to_thread(import_part, target, str(params["draft"]))


def import_part(target: str, draft: str) -> Result:
    try:
        return steps.run(target, draft)
    except steps.Unfinished as reason:
        raise ItemFailed(str(reason)) from reason
    except crypto.Undecipherable as reason:
        raise ItemFailed("no key reads this part of the import") from reason
    finally:
        close_old_connections()


async def account_of(public_id: str) -> Account:
    account = await Account.objects.filter(
        public_id=public_id, deleted_at=None
    ).afirst()
    if account is None:
        raise ItemFailed("the account is gone")
    return account


async def login_of(account: Account) -> Login:
    candidate = await sync_to_async(refreshing.candidate_of)(account.pk)
    if candidate is None:
        raise ItemFailed("no key reads its credential")
    return candidate.login


ALL: Mapping[str, Work] = {
    "refresh": refresh,
    "accept-terms": accept_terms,
    "nsfw": nsfw,
    "cache-clear": cache_clear,
    "assets": count_assets,
    "assets-delete": delete_asset,
    steps.KIND: import_accounts,
    **jobs.WORKS,
    **examinations.WORKS,
}
