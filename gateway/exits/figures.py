"""How nodes fare, written down now and then for people and for other processes."""

from datetime import UTC, datetime, timedelta

from django.db.models import Q

from gateway.egress import home
from gateway.egress.health import Health
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import totals
from gateway.exits.queries import apart

USED_EVERY = timedelta(seconds=60)


async def beat() -> None:
    await apart(write)


def write() -> None:
    """Synchronous; writes nothing while nothing changes."""
    here = home.current()
    for name, health in list(here.health.items()):
        if health.changed:
            health.changed = False
            EgressNode.objects.filter(name=name).update(**columns(health))
    totals.write()
    used, here.used = here.used, {}
    if used:
        now = datetime.now(UTC)
        late = Q(used_at=None) | Q(used_at__lt=now - USED_EVERY)
        rows = ClearanceBundle.objects.filter(late, key__in=list(used))
        rows.update(used_at=now)


def columns(health: Health) -> dict[str, object]:
    found: dict[str, object] = {
        "score": health.score,
        "failures": health.failures,
        "cooled_until": moment(health.cooled_until),
        "last_error": health.last_error,
    }
    for name in ("failed_at", "succeeded_at"):
        if at := getattr(health, name):
            found[name] = moment(at)
    if health.latency_ms:
        found["latency_ms"] = health.latency_ms
    return found


def moment(unix: float) -> datetime | None:
    return datetime.fromtimestamp(unix, UTC) if unix else None
