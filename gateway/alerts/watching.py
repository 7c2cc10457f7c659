"""Alerts begin, last and end; people are told once it is sure, and once a day.

One process at a time looks. What is wrong for less than a minute is not told.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from gateway.alert_tables import Alert
from gateway.alerts import conditions, delivery
from gateway.alerts.conditions import Condition
from grokgateway.jobs import leadership

logger = logging.getLogger(__name__)

LEADER = "alerts"
EVERY_S = 30.0
LIFE = timedelta(seconds=75)
SURE = timedelta(seconds=50)
AGAIN = timedelta(days=1)
RETRY = timedelta(minutes=10)
KEPT = timedelta(days=90)


async def watch() -> None:
    """One round, if no other process does it."""
    due = await sync_to_async(looked)()
    for alert, ended in due:
        failure = await delivery.deliver(alert, ended=ended)
        await sync_to_async(noted)(alert, failure)


def looked() -> list[tuple[Alert, bool]]:
    try:
        lease = leadership.claim(LEADER, life=LIFE)
        if lease is None:
            return []
        now = datetime.now(UTC)
        due = brought_up_to_date(conditions.found(now), now)
        leadership.release(lease, linger=timedelta(seconds=EVERY_S * 0.8))
        return due
    finally:
        close_old_connections()


def brought_up_to_date(
    found: Iterable[Condition], now: datetime
) -> list[tuple[Alert, bool]]:
    """Open, keep and end alerts; returns which are to be told, and whether as ended."""
    there = {condition.open_as: condition for condition in found}
    open_ones = {alert.open_as: alert for alert in Alert.objects.filter(ended_at=None)}
    due = []
    for name, condition in there.items():
        alert = open_ones.get(name) or begun(condition, now)
        alert.about, alert.seen_at = dict(condition.about), now
        alert.save(update_fields=["about", "seen_at"])
        if is_due(alert, now):
            due.append((alert, False))
    for over, alert in open_ones.items():
        if over not in there:
            alert.ended_at, alert.open_as = now, None
            alert.save(update_fields=["ended_at", "open_as"])
            if alert.told_at is not None:
                due.append((alert, True))
    return due


def begun(condition: Condition, now: datetime) -> Alert:
    logger.warning("Alert: %s", condition.open_as)
    return Alert.objects.create(
        kind=condition.kind,
        subject=condition.subject,
        about=dict(condition.about),
        since=now,
        seen_at=now,
        open_as=condition.open_as,
    )


def is_due(alert: Alert, now: datetime) -> bool:
    if alert.told_at is None:
        return now - alert.since >= SURE
    return now - alert.told_at >= (RETRY if alert.failure else AGAIN)


def noted(alert: Alert, failure: str) -> None:
    """Told, or why not; while it lasts what could not be told is tried again."""
    try:
        alert.told_at, alert.failure = datetime.now(UTC), failure[:200]
        alert.save(update_fields=["told_at", "failure"])
    finally:
        close_old_connections()


def purge(now: datetime) -> int:
    return Alert.objects.filter(ended_at__lt=now - KEPT).delete()[0]
