"""State of the pool, settings and storage, and tickets for streams."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Router

from accounts import directory
from gateway.admin_api import access
from gateway.admin_api.errors import Refused
from gateway.openapi import fails
from grokgateway import config

router = Router(tags=["status"])
REVISION = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')
Json = dict[str, object]


KEY_OR_OPERATOR = [access.by_key, access.signed_in]


@router.get(
    "/status",
    auth=KEY_OR_OPERATOR,
    summary="The pool as this process sees it",
    openapi_extra=fails(503),
)
async def status(request: HttpRequest) -> Json:
    accounts = directory.current()
    if not accounts.loaded:
        told = "The accounts are not loaded yet."
        raise Refused(503, "directory_not_initialised", told)
    return {
        "status": "ok",
        "size": len(accounts),
        "revision": accounts.revision,
        "selection_strategy": strategy(),
        "accounts": accounts.counts(),
        "breakers": [
            {
                "operation": one.operation,
                "mode": one.mode,
                "open": one.open,
                "fault": one.fault,
                "accounts": one.accounts,
                "opened_times": one.opened_times,
            }
            for one in directory.breakers()
        ],
        "processes": [
            {"name": peer.name, "open_breakers": peer.notes.get("breakers", [])}
            for peer in directory.peers()
        ],
    }


@router.post("/sync", auth=KEY_OR_OPERATOR, summary="See what others changed")
async def sync(request: HttpRequest) -> Json:
    before = directory.current().revision
    await directory.sync()
    revision = directory.current().revision
    return {"changed": revision != before, "revision": revision}


@router.post("/ticket", summary="A ticket for one stream, good for a minute")
def ticket(request: HttpRequest) -> Json:
    issued = access.issue(access.actor(request))
    return {"ticket": issued, "expires_in": access.TICKET_S}


@router.get("/storage", summary="Where accounts are kept")
def storage(request: HttpRequest) -> Json:
    return {"type": settings.ACCOUNT_STORAGE}


@router.get("/config", summary="Every setting in force, secrets masked")
def read_config(request: HttpRequest) -> HttpResponse:
    snapshot = config.current()
    tree: Json = {}
    for key in config.KEYS.values():
        value = config.shown(key, snapshot.stored(key.name))
        put(tree, key.name.split("."), value)
    response = JsonResponse(tree)
    response["ETag"] = f'"{snapshot.revision}"'
    response["Cache-Control"] = "no-store"
    return response


@router.post(
    "/config",
    summary="Change settings; all of them or none",
    openapi_extra=fails(403, 409),
)
def change_config(
    request: HttpRequest, payload: Body[Json], lenient: bool = False
) -> Json:
    refuse_startup(payload)
    refuse_owned(request, payload)
    patch = known(payload) if lenient else payload
    try:
        config.save(
            patch,
            by=access.actor(request),
            expected_revision=expected_revision(request),
        )
    except config.Conflict as exc:
        raise Refused(409, "revision_conflict", str(exc)) from exc
    except config.Rejected as exc:
        name, told = exc.errors[0]
        code = "unknown_key" if name in exc.unknown else "invalid_value"
        every = "; ".join(f"{key} {message}" for key, message in exc.errors)
        raise Refused(400, code, every or told, param=name) from exc
    return {
        "status": "success",
        "message": "Saved.",
        "selection_strategy": strategy(),
        "revision": config.current().revision,
    }


def expected_revision(request: HttpRequest) -> int | None:
    """Of `If-Match`; a tag that was never ours matches nothing."""
    tag = request.headers.get("If-Match", "").strip()
    if tag in {"", "*"}:
        return None
    found = REVISION.fullmatch(tag)
    if found is None:
        told = "If-Match does not name a revision."
        raise Refused(409, "revision_conflict", told, param="If-Match")
    return int(found[1])


STARTUP = ("storage", "local", "redis", "mysql", "postgresql")


def refuse_startup(payload: Json) -> None:
    for name in config.flatten(payload):
        parts = name.split(".")
        if parts[0] == "account" and len(parts) > 1 and parts[1] in STARTUP:
            told = f"{name} is set by a variable at start, not here."
            raise Refused(400, "startup_only_config", told, param=name)


def refuse_owned(request: HttpRequest, payload: Json) -> None:
    named = {key.name for key in map(config.find, config.flatten(payload)) if key}
    owned = sorted(access.OWNERS_ONLY & named)
    if owned and not access.is_owner(request):
        name = owned[0]
        told = f"{name} can only be changed by a superuser."
        raise Refused(403, "permission_denied", told, param=name)


def known(payload: Json) -> Json:
    flat = config.flatten(payload)
    return {name: value for name, value in flat.items() if config.find(name)}


def put(tree: Json, parts: list[str], value: object) -> None:
    for part in parts[:-1]:
        branch = tree.setdefault(part, {})
        assert isinstance(branch, dict)  # noqa: S101 - no key is a branch of another
        tree = branch
    tree[parts[-1]] = value


def strategy() -> str:
    by_quota = config.current().flag("account.refresh.enabled")
    return "quota" if by_quota else "random"
