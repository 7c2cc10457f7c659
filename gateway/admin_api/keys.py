"""`/admin/api/keys`: named keys of `/v1`, made, changed, deleted, and their use."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from gateway.admin_api import access
from gateway.admin_api.errors import Refused, invalid
from gateway.keys import store
from gateway.models import ApiKey, KeyUsage, ModelRoute
from gateway.openapi import fails

router = Router(tags=["keys"], auth=[access.by_key, access.keeper])

COUNTED = ("requests", "failed", "refused", "prompt_tokens", "completion_tokens")
LIMITS = ("requests_per_min", "concurrent", "requests_per_day", "tokens_per_day")
MADE_BY_US = ["key_hash", "fingerprint", "hint"]
Limit = Annotated[int, Field(ge=1)] | None
Json = dict[str, object]


class KeyFields(Schema, extra="forbid"):
    """What is not named stays as it is; null takes a limit or the expiry away."""

    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    enabled: bool | None = None
    expires_at: datetime | None = None
    allowed_models: list[str] | None = None
    allowed_pools: list[Literal["basic", "super", "heavy"]] | None = None
    requests_per_min: Limit = None
    concurrent: Limit = None
    requests_per_day: Limit = None
    tokens_per_day: Limit = None


class NewKey(KeyFields):
    name: Annotated[str, Field(min_length=1, max_length=128)]


@router.get("/keys", summary="All named keys; none can be read again")
def list_keys(request: HttpRequest) -> Json:
    return {"keys": [described(row) for row in ApiKey.objects.order_by("name")]}


@router.post(
    "/keys", summary="Make a key; the answer alone holds it", openapi_extra=fails(409)
)
def make_key(request: HttpRequest, response: HttpResponse, payload: NewKey) -> Json:
    row = filled(ApiKey(), payload)
    try:
        with transaction.atomic():
            key = store.create(row)
    except IntegrityError as exc:
        raise name_taken() from exc
    response["Cache-Control"] = "no-store"
    return {"status": "success", **described(row), "key": key}


@router.get("/keys/{key_id}", summary="One key")
def show_key(request: HttpRequest, key_id: str) -> Json:
    return described(one(key_id))


@router.patch(
    "/keys/{key_id}",
    summary="Change a key; the key itself stays",
    openapi_extra=fails(409),
)
def change_key(request: HttpRequest, key_id: str, payload: KeyFields) -> Json:
    row = filled(one(key_id), payload)
    try:
        with transaction.atomic():
            row.save()
            transaction.on_commit(store.load)
    except IntegrityError as exc:
        raise name_taken() from exc
    return {"status": "success", **described(row)}


@router.delete("/keys/{key_id}", summary="Delete a key and what was counted of it")
def delete_key(request: HttpRequest, key_id: str) -> Json:
    row = one(key_id)
    with transaction.atomic():
        row.delete()
        transaction.on_commit(store.load)
    return {"status": "success", "deleted": 1}


@router.get("/keys/{key_id}/usage", summary="What a key did, by day (UTC)")
def show_usage(
    request: HttpRequest,
    key_id: str,
    days: Annotated[int, Query(ge=1, le=400)] = 31,
) -> Json:
    row = one(key_id)
    first = timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)
    usage = KeyUsage.objects.filter(key=row, day__gte=first).order_by("day")
    return {"id": row.fingerprint, "usage": [counts(day) for day in usage]}


def one(key_id: str) -> ApiKey:
    row = ApiKey.objects.filter(fingerprint=key_id).first()
    if row is None:
        raise Refused(404, "key_not_found", "There is no such key.")
    return row


def filled(row: ApiKey, payload: KeyFields) -> ApiKey:
    """Take over what was named, all of it or nothing."""
    given = payload.dict(exclude_unset=True)
    for name in ("name", "enabled", "allowed_models", "allowed_pools"):
        if name in given and given[name] is None:
            raise invalid(f"{name}: it cannot be null", name)
    at = given.get("expires_at")
    if at is not None and timezone.is_naive(at):
        given["expires_at"] = timezone.make_aware(at)
    known_models(row, given.get("allowed_models") or [])
    for name, value in given.items():
        setattr(row, name, value.strip() if name == "name" else value)
    try:
        row.full_clean(exclude=MADE_BY_US, validate_unique=False)
    except ValidationError as exc:
        name, told = next(iter(exc.message_dict.items()))
        raise invalid(f"{name}: {' '.join(told)}", name) from exc
    if ApiKey.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        raise name_taken()
    return row


def known_models(row: ApiKey, wanted: list[str]) -> None:
    """A model that is gone may stay with a key, but none is added unknown."""
    names = set(ModelRoute.objects.values_list("name", flat=True))
    for name in wanted:
        if name not in names and name not in row.allowed_models:
            raise invalid(f"allowed_models: there is no model {name}", "allowed_models")


def name_taken() -> Refused:
    return Refused(409, "name_taken", "A key of this name exists.", param="name")


def described(row: ApiKey) -> Json:
    return {
        "id": row.fingerprint,
        "name": row.name,
        "hint": row.hint,
        "enabled": row.enabled,
        "expires_at": moment(row.expires_at),
        "allowed_models": row.allowed_models,
        "allowed_pools": row.allowed_pools,
        **{name: getattr(row, name) for name in LIMITS},
        "created_at": moment(row.created_at),
        "last_used_at": moment(row.last_used_at),
    }


def counts(usage: KeyUsage) -> Json:
    counted: Json = {name: getattr(usage, name) for name in COUNTED}
    return {"day": usage.day.isoformat(), **counted}


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
