"""`/admin/api/egress`: proxy nodes and clearances, seen, changed, tried."""

from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from gateway.admin_api import access, audit
from gateway.admin_api.batch import accepted
from gateway.admin_api.errors import Refused, invalid
from gateway.admin_api.keys import moment
from gateway.egress.nodes import DIRECT
from gateway.egress.proxies import BadProxy, Proxy, parse
from gateway.egress_tables import ClearanceBundle, EgressNode, NodeSource
from gateway.exits import clearances, jobs, manual, pasting, store
from gateway.exits.pasting import Line
from gateway.openapi import fails
from grokgateway import config

router = Router(tags=["egress"], auth=[access.by_key, access.egress_keeper])

Json = dict[str, object]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Url = Annotated[str, Field(min_length=1, max_length=8192)]
ScopeName = Literal["chat", "resource", "both"]
OF_CONFIG = frozenset({"enabled", "notes", "user_agent", "manual_cookies"})


class NodeFields(Schema, extra="forbid"):
    """What is not named stays as it is; address and cookies can be set, never read.

    Empty `manual_cookies` forgets those that are set.
    """

    url: Url | None = None
    scope: ScopeName | None = None
    enabled: bool | None = None
    priority: Annotated[int, Field(ge=0, le=1000)] | None = None
    weight: Annotated[int, Field(ge=1, le=100)] | None = None
    verify: bool | None = None
    notes: Annotated[str, Field(max_length=300)] | None = None
    user_agent: Annotated[str, Field(max_length=400)] | None = None
    manual_cookies: Annotated[str, Field(max_length=16_384)] | None = None


class NewNode(NodeFields):
    name: Name
    url: Url


class Pasted(Schema, extra="forbid"):
    """`save` false only tells what would be added."""

    text: Annotated[str, Field(max_length=1_000_000)]
    scope: ScopeName = "both"
    save: bool = False


@router.get("/egress", summary="The modes, all nodes and all clearances")
def show(request: HttpRequest) -> Json:
    now = config.current()
    return {
        "mode": now.text("proxy.egress.mode"),
        "clearance_mode": now.text("proxy.clearance.mode"),
        "nodes": [described(row) for row in EgressNode.objects.all()],
        "clearances": [solved(row) for row in ClearanceBundle.objects.all()],
    }


@router.post("/egress/nodes", summary="Add a proxy node", openapi_extra=fails(409))
def add_node(request: HttpRequest, payload: NewNode) -> Json:
    row = filled(EgressNode(name=payload.name.strip()), payload)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            noted(request, row.name, "added")
            transaction.on_commit(store.load)
    except IntegrityError as exc:
        raise Refused(
            409, "name_taken", "A node of this name exists.", param="name"
        ) from exc
    return {"status": "success", **described(row)}


@router.post("/egress/nodes/paste", summary="Add many proxies, one in each line")
def paste(request: HttpRequest, payload: Pasted) -> Json:
    try:
        lines = pasting.read(payload.text)
    except pasting.TooMany as exc:
        told = f"text: at most {pasting.MAX_LINES} lines are taken at once"
        raise invalid(told, "text") from exc
    added = pasting.save(lines, payload.scope) if payload.save else 0
    if added:
        noted(request, f"nodes: {added}", "pasted")
    return {"status": "success", "added": added, "lines": [line_of(x) for x in lines]}


@router.get("/egress/nodes/{name}", summary="One node")
def show_node(request: HttpRequest, name: str) -> Json:
    return described(one(name))


@router.patch("/egress/nodes/{name}", summary="Change a node", openapi_extra=fails(409))
def change_node(request: HttpRequest, name: str, payload: NodeFields) -> Json:
    row = one(name)
    given = payload.dict(exclude_unset=True)
    if row.source == NodeSource.CONFIG and (foreign := given.keys() - OF_CONFIG):
        told = "The configuration names this node: change proxy.egress.* instead."
        raise Refused(409, "set_by_configuration", told, param=min(foreign))
    row = filled(row, payload)
    with transaction.atomic():
        row.save()
        noted(request, row.name, f"changed: {', '.join(sorted(given))}")
        transaction.on_commit(store.load)
    return {"status": "success", **described(row)}


@router.delete(
    "/egress/nodes/{name}", summary="Delete a node", openapi_extra=fails(409)
)
def delete_node(request: HttpRequest, name: str) -> Json:
    row = one(name)
    if row.source == NodeSource.CONFIG:
        told = "The configuration names this node: change proxy.egress.* instead."
        raise Refused(409, "set_by_configuration", told)
    with transaction.atomic():
        row.delete()
        noted(request, name, "deleted")
        transaction.on_commit(store.load)
    return {"status": "success", "deleted": 1}


@router.post("/egress/nodes/{name}/test", summary="Try a node, or `direct`")
def test_node(request: HttpRequest, name: str) -> Json:
    return begun(request, jobs.TEST, name)


@router.post("/egress/nodes/{name}/solve", summary="Get a clearance through it now")
def solve_node(request: HttpRequest, name: str) -> Json:
    return begun(request, jobs.SOLVE, name)


@router.post("/egress/nodes/{name}/invalidate", summary="Trust no clearance of it")
def invalidate_node(request: HttpRequest, name: str) -> Json:
    known(name)
    with transaction.atomic():
        count = clearances.invalidate_node(name)
        noted(request, name, "clearances made invalid")
        transaction.on_commit(store.load)
    return {"status": "success", "invalidated": count}


def begun(request: HttpRequest, kind: str, name: str) -> Json:
    known(name)
    job = jobs.begin(kind, [name], access.actor(request))
    noted(request, name, f"{kind}: job {job.public_id}")
    return accepted(job)


def noted(request: HttpRequest, subject: str, told: str) -> None:
    audit.note(request, EgressNode, subject, told)


def known(name: str) -> None:
    if name != DIRECT:
        one(name)


def one(name: str) -> EgressNode:
    row = EgressNode.objects.filter(name=name).first()
    if row is None:
        raise Refused(404, "node_not_found", "There is no such node.")
    return row


def filled(row: EgressNode, payload: NodeFields) -> EgressNode:
    given = payload.dict(exclude_unset=True, exclude={"name"})
    for name, value in given.items():
        if value is None:
            raise invalid(f"{name}: it cannot be null", name)
    url, cookies = given.pop("url", None), given.pop("manual_cookies", None)
    for name, value in given.items():
        setattr(row, name, value)
    if url is not None:
        addressed(row, url)
    browsed(row, cookies)
    sealed = ["url_ciphertext", "manual_ciphertext"]
    try:
        row.full_clean(validate_unique=False, exclude=sealed)
    except ValidationError as exc:
        name, told = next(iter(exc.message_dict.items()))
        raise invalid(f"{name}: {' '.join(told)}", name) from exc
    return row


def addressed(row: EgressNode, url: str) -> None:
    try:
        proxy: Proxy = parse(url)
    except BadProxy as fault:
        raise invalid(f"url: it {fault}", "url") from fault
    try:
        store.fill(row, proxy)
    except store.NameReserved as exc:
        raise invalid("name: it is one that the configuration gives", "name") from exc


def browsed(row: EgressNode, cookies: str | None) -> None:
    """What is set by hand for manual mode."""
    try:
        row.user_agent = manual.read_agent(row.user_agent)
    except manual.BadCookies as fault:
        raise invalid(f"user_agent: cookies {fault}", "user_agent") from fault
    if cookies is None:
        return
    try:
        manual.give(row, manual.read(cookies) if cookies.strip() else "")
    except manual.BadCookies as fault:
        raise invalid(f"manual_cookies: they {fault}", "manual_cookies") from fault


def described(row: EgressNode) -> Json:
    return {
        "name": row.name,
        "source": row.source,
        "address": row.shown,
        "identity": row.identity,
        "scope": row.scope,
        "enabled": row.enabled,
        "priority": row.priority,
        "weight": row.weight,
        "verify": row.verify,
        "notes": row.notes,
        "user_agent": row.user_agent,
        "manual_cookies": row.manual_ciphertext is not None,
        "health": round(row.score, 3),
        "failures": row.failures,
        "cooled_until": moment(row.cooled_until),
        "last_error": row.last_error,
        "failed_at": moment(row.failed_at),
        "succeeded_at": moment(row.succeeded_at),
        "latency_ms": row.latency_ms,
        "exit_address": row.exit_address,
        "checked_at": moment(row.checked_at),
    }


def solved(row: ClearanceBundle) -> Json:
    return {
        "node": row.node,
        "origin": row.origin,
        "version": row.version,
        "valid": row.valid,
        "user_agent": row.user_agent,
        "made_at": moment(row.made_at),
        "used_at": moment(row.used_at),
        "failures": row.failures,
        "retry_at": moment(row.retry_at),
        "last_error": row.last_error,
    }


def line_of(line: Line) -> Json:
    state = "good" if line.good else ("known" if line.twice else "refused")
    return {
        "line": line.number,
        "name": line.name,
        "address": line.shown,
        "state": state,
        "fault": line.fault,
    }
