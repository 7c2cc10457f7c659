"""Clearances in use are renewed before they grow old; one process at a time does it.

A failed renewal leaves the old one in use.
"""

import logging
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gateway.egress import home
from gateway.egress.bundles import Place
from gateway.egress.nodes import DIRECT, DIRECT_NODE
from gateway.egress.settings import Settings
from gateway.egress_tables import ClearanceBundle
from gateway.errors import GatewayError
from gateway.exits.queries import apart
from grokgateway import config
from grokgateway.jobs import leadership

logger = logging.getLogger(__name__)

LEADER = "clearance renewal"
EVERY_S = 5.0
SPREAD = 0.1


async def beat() -> None:
    """What is due now, one after the other."""
    settings = config.current()
    if settings.text("proxy.clearance.mode") != "flaresolverr":
        return
    solver = home.current().solver
    life = timedelta(seconds=settings.number("proxy.clearance.timeout_sec") + 60)
    lease = await apart(leadership.claim, LEADER, life=life)
    if lease is None or solver is None:
        return
    try:
        for place, version in await apart(due, settings, datetime.now(UTC)):
            try:
                await solver.renew(place, version, settings)
            except GatewayError as reason:
                name = place.node.name
                logger.info("The clearance of %s stays old: %s", name, reason.message)
            if not await apart(leadership.renew, lease, life=life):
                return
    finally:
        await apart(leadership.release, lease, linger=timedelta(seconds=EVERY_S * 0.8))


def due(settings: Settings, now: datetime) -> list[tuple[Place, int]]:
    """Used within the last interval, and older than one."""
    interval_s = settings.number("proxy.clearance.refresh_interval")
    used = now - timedelta(seconds=interval_s + 60)
    rows = ClearanceBundle.objects.filter(valid=True, used_at__gte=used)
    known = {place.key: place for place in places(settings)}
    found = []
    for row in rows.exclude(retry_at__gt=now):
        own = timedelta(seconds=interval_s * jitter(row.key))
        old = row.made_at is not None and row.made_at + own <= now
        if old and row.key in known:
            found.append((known[row.key], row.version))
    return found


def jitter(key: str) -> float:
    """Around 1, always the same for one clearance."""
    share = zlib.crc32(key.encode()) / 0xFFFFFFFF
    return 1 - SPREAD + 2 * SPREAD * share


def places(settings: Settings) -> Iterator[Place]:
    """Everything that a clearance can be for now."""
    solver = settings.text("proxy.clearance.flaresolverr_url")
    nodes = home.current().nodes(settings)
    if settings.text("proxy.egress.mode") == DIRECT:
        nodes = (DIRECT_NODE,)
    for key in ("upstream.base_url", "upstream.accounts_url"):
        origin = settings.text(key).rstrip("/")
        for node in nodes:
            yield Place(node, origin, solver)
