"""Rungs of the way: the node, names, the connection, the address seen from outside."""

import ipaddress
from datetime import UTC, datetime

from gateway.doctor.findings import (
    Check,
    Finding,
    failed,
    note,
    of_cause,
    of_code,
    ok,
    skipped,
)
from gateway.doctor.visit import Visit
from gateway.egress import causes, home
from gateway.egress.causes import Layer
from gateway.egress.nodes import DIRECT
from gateway.exits import probing
from gateway.upstream import checkups


async def node(visit: Visit) -> Finding:
    """A proxied mode without a node sends nothing, and goes nowhere direct."""
    patient = visit.patient
    pinned = bool(patient.login.node) and patient.login.node == patient.name
    if patient.login.node and (
        patient.node is None or (pinned and not patient.enabled)
    ):
        return of_cause(causes.PINNED_OUT)
    if patient.node is None:
        return failed(Check.NODE, "no_node")
    if not patient.enabled:
        return note(Check.NODE, "node_off", node=patient.name)
    if patient.node.proxy is None:
        proxied = visit.settings.text("proxy.egress.mode") != DIRECT
        if proxied:
            return failed(Check.NODE, "direct_unused", layer=Layer.OURS)
        return ok(Check.NODE, "direct")
    health = home.current().of(patient.node)
    if health.cooled(datetime.now(UTC).timestamp()):
        return note(Check.NODE, "node_out", node=patient.name, failures=health.failures)
    return ok(Check.NODE, "proxied", node=patient.name)


async def name(visit: Visit) -> Finding:
    """Names of upstream are looked up by the proxy, where there is one."""
    proxy = visit.node.proxy
    host = proxy.host if proxy else checkups.host_of(visit.settings)
    whose = "proxy" if proxy else "upstream"
    if is_address(host):
        return skipped(Check.NAME, f"name_is_address_{whose}")
    try:
        found = await checkups.resolved(host)
    except (OSError, TimeoutError):
        return failed(Check.NAME, f"name_unknown_{whose}")
    return ok(Check.NAME, f"name_known_{whose}", addresses=len(set(found)))


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


async def connect(visit: Visit) -> Finding:
    """What is learnt of the node counts for all calls, as any probe of it."""
    told = visit.probe = await probing.tried(visit.node, visit.settings)
    if told.cause and visit.node.proxy is None and told.refused:
        return failed(Check.UPSTREAM, "refuses", layer=Layer.UPSTREAM, cause=told.cause)
    if told.cause:
        return of_code(told.cause)
    return ok(Check.CONNECT, "connected", ms=told.latency_ms)


async def exit_address(visit: Visit) -> Finding:
    """A clearance fits one address; a changed one is worth knowing."""
    seen, before = visit.probe.exit_address, visit.patient.seen_exit
    if not seen:
        return skipped(Check.EXIT, "exit_untold")
    if before and before != seen:
        return note(Check.EXIT, "exit_changed", address=seen, before=before)
    return ok(Check.EXIT, "exit", address=seen)
