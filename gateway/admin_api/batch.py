"""`/admin/api/batch`: work on many accounts, at once or followed by a stream (9.1)."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Annotated

import orjson
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from accounts import selectors
from accounts.credentials import masked
from accounts.declarations import is_adult
from accounts.models import Account
from accounts.store.values import chunks
from gateway.admin_api import access, references
from gateway.admin_api.errors import Refused, invalid
from gateway.openapi import fails
from gateway.streaming import server_sent
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchItem, BatchJob, BatchState

router = Router(tags=["batch"])

POLL_S = 0.3
WAIT_S = 300.0  # a job that takes longer is to be followed
PING_S = 15.0
ENDED = (BatchState.DONE, BatchState.CANCELLED, BatchState.ERROR)
Json = dict[str, object]


class Tokens(Schema):
    tokens: list[str] = []


class NsfwTokens(Tokens):
    birth_date: date | None = None


class How(Schema):
    """`async` answers at once with a task to follow."""

    later: Annotated[bool, Field(alias="async")] = False
    concurrency: Annotated[int, Field(ge=1, le=500)] | None = None


@router.post(
    "/batch/refresh",
    summary="Ask upstream what these accounts have left",
    openapi_extra=fails(404, 504),
)
def refresh(request: HttpRequest, payload: Tokens, how: Query[How]) -> HttpResponse:
    if not payload.tokens:
        raise invalid("tokens: name at least one account", "tokens")
    return begun(request, "refresh", payload, how, {})


@router.post(
    "/batch/nsfw",
    summary="Switch adult content on or off",
    openapi_extra=fails(404, 504),
)
def nsfw(
    request: HttpRequest, payload: NsfwTokens, how: Query[How], enabled: bool = True
) -> HttpResponse:
    params: Json = {"enabled": enabled}
    if enabled:
        params["birth_date"] = adult(payload.birth_date).isoformat()
    return begun(request, "nsfw", payload, how, params)


def adult(born: date | None) -> date:
    """The birth date the operator declares; it is never made up (decisions 19)."""
    if born is None:
        raise invalid(
            "birth_date: name the birth date to declare for these accounts",
            "birth_date",
        )
    if not is_adult(born, timezone.now().date()):
        raise invalid("birth_date: it must be at least 18 years ago", "birth_date")
    return born


@router.post(
    "/batch/accept-terms",
    summary="Accept upstream's terms",
    openapi_extra=fails(404, 504),
)
def accept_terms(
    request: HttpRequest, payload: Tokens, how: Query[How]
) -> HttpResponse:
    return begun(request, "accept-terms", payload, how, {})


@router.post(
    "/batch/cache-clear",
    summary="Delete these accounts' online files",
    openapi_extra=fails(404, 504),
)
def cache_clear(request: HttpRequest, payload: Tokens, how: Query[How]) -> HttpResponse:
    return begun(request, "cache-clear", payload, how, {})


CONCURRENCY = {
    "refresh": "batch.refresh_concurrency",
    "nsfw": "batch.nsfw_concurrency",
    "accept-terms": "batch.nsfw_concurrency",
    "cache-clear": "batch.asset_delete_concurrency",
}


def begun(
    request: HttpRequest, kind: str, payload: Tokens, how: How, params: Json
) -> HttpResponse:
    at_once = how.concurrency or config.current().number(CONCURRENCY[kind])
    by = access.actor(request)
    job, unknown = created(kind, payload.tokens, params | {"by": by}, by, at_once)
    if how.later:
        return JsonResponse(accepted(job) | {"unknown": unknown})
    return JsonResponse(answer_of(ended(job)) | {"unknown": unknown})


def accepted(job: BatchJob) -> Json:
    """What a caller gets who will follow it."""
    return {"status": "success", "task_id": job.public_id, "total": job.total}


def ended(job: BatchJob) -> BatchJob:
    """The job once it has ended; waits in the request's own thread.

    Raises Refused if it has not after `WAIT_S`; it goes on.
    """
    gives_up_at = time.monotonic() + WAIT_S
    while job.status not in ENDED:
        if time.monotonic() >= gives_up_at:
            told = f"The job goes on: follow /admin/api/batch/{job.public_id}."
            raise Refused(504, "job_goes_on", told)
        time.sleep(POLL_S)
        job.refresh_from_db()
    return job


def created(
    kind: str, tokens: list[str], params: Json, by: str, concurrency: int
) -> tuple[BatchJob, list[str]]:
    """No tokens means all live accounts that can be asked for anything."""
    if tokens:
        resolved = references.resolve(tokens)
        unknown, ids = resolved.unknown, resolved.ids
        if not ids:
            raise Refused(404, "account_not_found", "None of these accounts exists.")
        accounts = (a for c in chunks(ids) for a in Account.objects.filter(pk__in=c))
        scope = f"{len(ids)} named"
    else:
        unknown, scope = [], "all that can be asked"
        accounts = (a for a in selectors.live((), ("active", "cooling")).iterator())
    targets = [Target(account.public_id, masked(account)) for account in accounts]
    job = batches.create(
        kind, targets, params=params, by=by, concurrency=concurrency, scope=scope
    )
    return job, unknown


def answer_of(job: BatchJob) -> Json:
    """The synchronous answer, results by masked token."""
    results = {
        f"{item.label or item.target} ({item.target})": outcome(item)
        for item in job.items.exclude(number=0).order_by("number")
    }
    return {
        "status": "success" if job.status == BatchState.DONE else job.status,
        "summary": {"total": job.total, "ok": job.ok, "fail": job.fail},
        "results": results,
    }


def outcome(item: BatchItem) -> Mapping[str, object]:
    return {"error": item.error} if item.error else item.result


@router.post("/batch/{task}/cancel", summary="Skip what has not begun")
def cancel(request: HttpRequest, task: str) -> Json:
    job_of(task)
    batches.cancel(task, timezone.now())
    return {"status": "success"}


@router.get("/batch/{task}", summary="How far a batch is")
def show(request: HttpRequest, task: str) -> Json:
    job = job_of(task)
    return snapshot(job) | {"kind": job.kind, "result": answer_of(job)}


def job_of(task: str) -> BatchJob:
    job = batches.counters(task)
    if job is None:
        raise Refused(404, "task_not_found", "There is no such batch.")
    return job


@router.get(
    "/batch/{task}/stream",
    auth=[access.by_key, access.staff, access.by_query],
    summary="Follow a batch as server-sent events",
    openapi_extra={"responses": {200: {"content": {"text/event-stream": {}}}}},
)
def stream(request: HttpRequest, task: str) -> HttpResponseBase:
    return server_sent(followed(job_of(task)))


async def followed(job: BatchJob) -> AsyncIterator[bytes]:
    """A snapshot, one event for each item, and how it ended; from any process."""
    yield event("snapshot", snapshot(job))
    seen, silent_s = job.processed, 0.0
    while True:
        items, ended = await sync_to_async(news)(job, seen)
        for number, item in enumerate(items, start=seen + 1):
            yield event("progress", progress(job, item, number))
        seen += len(items)
        if ended and not items:
            break
        silent_s = 0.0 if items else silent_s + POLL_S
        if silent_s >= PING_S:
            silent_s = 0.0
            yield b": ping\n\n"
        if not items:
            await asyncio.sleep(POLL_S)
    yield await sync_to_async(last_event)(job)


def news(job: BatchJob, seen: int) -> tuple[list[BatchItem], bool]:
    """The state is read before the items, so that none is missed at the end."""
    try:
        job.refresh_from_db()
        return batches.processed_since(job.pk, seen), job.status in ENDED
    finally:
        close_old_connections()


def progress(job: BatchJob, item: BatchItem, number: int) -> Json:
    body: Json = {
        "task_id": job.public_id,
        "total": job.total,
        "processed": number,
        "ok": job.ok,
        "fail": job.fail,
        "item": item.label or item.target,
        "id": item.target,
    }
    return body | ({"error": item.error} if item.error else {"detail": item.result})


def last_event(job: BatchJob) -> bytes:
    try:
        body = snapshot(job)
        match job.status:
            case BatchState.DONE:
                return event("done", body | {"result": answer_of(job)})
            case BatchState.ERROR:
                return event("error", body | {"error": job.error})
            case _:
                return event("cancelled", body)
    finally:
        close_old_connections()


def snapshot(job: BatchJob) -> Json:
    return {
        "task_id": job.public_id,
        "status": job.status,
        "total": job.total,
        "processed": job.processed,
        "ok": job.ok,
        "fail": job.fail,
        "warning": job.warning or None,
    }


def event(kind: str, body: Json) -> bytes:
    return b"data: " + orjson.dumps({"type": kind, **body}) + b"\n\n"
