"""Examines by itself when the pool or a way out begins to fail; seldom, and once.

All processes look, and share one pause: whoever starts an examination holds it.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from gateway.alert_tables import Alert
from gateway.doctor import examining, jobs
from gateway.doctor.asking import Asked
from gateway.doctor_tables import Examination
from gateway.egress.nodes import DIRECT
from gateway.egress_tables import EgressNode
from gateway.exits.queries import apart
from grokgateway import config
from grokgateway.jobs import leadership

logger = logging.getLogger(__name__)

EVERY_S = 15.0
LEADER = "doctor"
PAUSE = timedelta(minutes=10)
SAME_STORY = timedelta(minutes=2)
SAME = timedelta(hours=1)  # before the same trouble is looked into again
TROUBLES = (
    "pool_empty",
    "upstream_paused",
    "requests_failing",
    "no_egress",
    "clearance_failing",
)
BY = "doctor"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`reason` is kept with the examination, and told apart by."""

    reason: str
    node: str = ""
    alert: int = 0


async def beat() -> None:
    if config.current().flag("alerts.examine"):
        await apart(begun, examining.held_back(), datetime.now(UTC))


def begun(paused: Iterable[str], now: datetime) -> Examination | None:
    """Starts a job for what began to fail; None while nothing did, or it was just so.

    `paused` is what the breaker of this process holds back.
    """
    troubles = found(paused, now)
    if not troubles:
        return None
    if leadership.claim(LEADER, life=PAUSE, now=now) is None:
        joined(now)
        return None
    nodes = {one.node for one in troubles}
    node = nodes.pop() if len(nodes) == 1 else ""
    reason = troubles[0].reason
    row, _job = jobs.begin(Asked(node=node), BY, reason)
    alerts = [one.alert for one in troubles if one.alert]
    Alert.objects.filter(pk__in=alerts).update(examination=row.public_id)
    logger.warning("Looking for the layer at fault: %s", reason)
    return row


def joined(now: datetime) -> None:
    """Alerts that begin just after an examination are told by what it found."""
    last = Examination.objects.filter(by=BY, created_at__gt=now - PAUSE).first()
    if last is None or last.sound:
        return
    begun_since = waiting().filter(since__lt=last.created_at + SAME_STORY)
    begun_since.update(examination=last.public_id)


def waiting() -> QuerySet[Alert]:
    """Open alerts of a kind that is looked into, and were not yet."""
    return Alert.objects.filter(ended_at=None, examination="", kind__in=TROUBLES)


def found(paused: Iterable[str], now: datetime) -> list[Trouble]:
    """Alerts first, as these wait to be told; none of what was looked into lately."""
    alerts = [Trouble(one.open_as or one.kind, alert=one.pk) for one in waiting()]
    held = [Trouble(f"upstream_paused:{what}") for what in paused]
    others = [*held, *failing(now)]
    known = reasons_since(now - SAME) if others else set()
    return alerts + [one for one in others if one.reason not in known]


def failing(now: datetime) -> list[Trouble]:
    """Nodes that are out; the first examination of all tells of those before."""
    if config.current().text("proxy.egress.mode") == DIRECT:
        return []
    out = EgressNode.objects.filter(enabled=True, cooled_until__gt=now)
    return [Trouble(f"node_out:{one.name}", one.name) for one in out.order_by("name")]


def reasons_since(then: datetime) -> set[str]:
    """What was looked into: by its reason, and the nodes that were seen."""
    rows = Examination.objects.filter(created_at__gt=then)
    known = set()
    for row in rows:
        known.add(row.reason)
        cases = row.document.get("cases", [])
        named = [row.asked.get("node", ""), *(case["node"] for case in cases)]
        known.update(f"node_out:{name}" for name in named if name)
    return known
