"""What is wrong now, from sums that are kept anyway."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from accounts import census, directory
from accounts.models import Status
from gateway import agreement, sightings, tallies
from gateway.egress.bundles import SOLVER_MODES
from gateway.egress.nodes import DIRECT
from gateway.exits import standing
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchJob

LOW_SHARE = 0.2
FAILING_SHARE = 0.5
FAILING_AT_LEAST = 20  # requests, or a share says little
LOOK_BACK = timedelta(minutes=10)
WORKER_MISSING = timedelta(minutes=5)
MIB = 1024 * 1024
About = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Condition:
    """`kind` has its words in `wording`, filled from `about`; one per subject."""

    kind: str
    subject: str = ""
    about: About = field(default_factory=dict)

    @property
    def open_as(self) -> str:
        return f"{self.kind}:{self.subject}"


def found(now: datetime) -> list[Condition]:
    """All that is wrong; a handful of queries."""
    return [condition for source in SOURCES for condition in source(now)]


def pools(now: datetime) -> Iterable[Condition]:
    """Tiers without an account that can serve, or with few left of many."""
    for pool in census.take(now).pools:
        wanted = pool.total - pool.counts[Status.DISABLED]
        active = pool.counts[Status.ACTIVE]
        about = {"pool": pool.pool, "active": active, "of": wanted}
        if wanted and not active:
            yield Condition("pool_empty", pool.pool, about)
        elif active < wanted * LOW_SHARE:
            yield Condition("pool_low", pool.pool, about)


def breakers(now: datetime) -> Iterable[Condition]:
    """As this process met it; each process serves a share of the requests."""
    for one in directory.breakers():
        if one.open:
            about = {
                "operation": one.operation,
                "mode": one.mode,
                "fault": str(one.fault or ""),
                "accounts": one.accounts,
            }
            yield Condition("upstream_paused", f"{one.operation}/{one.mode}", about)


def failing(now: datetime) -> Iterable[Condition]:
    """Many requests end in errors that are not the callers'."""
    total = tallies.since(now - LOOK_BACK)
    share = total.success
    counted = total["requests"] - total["refused"] - total["gone"]
    if share is not None and counted >= FAILING_AT_LEAST and share < 1 - FAILING_SHARE:
        about = {"requests": counted, "percent": round(100 * (1 - share))}
        yield Condition("requests_failing", "", about)


def disk(now: datetime) -> Iterable[Condition]:
    floor = config.current().number("cache.local.min_free_mb") * MIB
    folder = Path(settings.DATA_DIR)
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    if floor and free < floor:
        about = {"free_mb": free // MIB, "floor_mb": floor // MIB}
        yield Condition("disk_low", "", about)


def workers(now: datetime) -> Iterable[Condition]:
    """Jobs that nobody takes up, though they wait or their worker is gone."""
    late = now - WORKER_MISSING
    idle = Q(lease_until=None, created_at__lt=late) | Q(lease_until__lt=late)
    waiting = BatchJob.objects.filter(idle, status__in=batches.OPEN).count()
    if waiting:
        yield Condition("worker_missing", "", {"jobs": waiting})


def ways_out(now: datetime) -> Iterable[Condition]:
    """No node that could be used, as far as the processes wrote it down."""
    mode = config.current().text("proxy.egress.mode")
    if mode == DIRECT:
        return
    usable = standing.usable(config.current(), now)
    yield from (
        Condition("no_egress", str(scope), {"scope": str(scope), "of": of})
        for scope, (good, of) in usable.items()
        if not good
    )


def clearances(now: datetime) -> Iterable[Condition]:
    """Solves that fail while calls need them."""
    if config.current().text("proxy.clearance.mode") not in SOLVER_MODES:
        return
    for row in standing.unsolved(now):
        about = {"node": row.node, "times": row.failures, "reason": row.last_error}
        yield Condition("clearance_failing", row.node, about)


def forms(now: datetime) -> Iterable[Condition]:
    """Operations that upstream takes in their other form only."""
    for one in agreement.turned(now):
        about = {"operation": one.operation, "form": one.form}
        yield Condition("form_changed", one.operation, about)


def drifts(now: datetime) -> Iterable[Condition]:
    """What upstream sends of late, to several accounts, and nobody here knows."""
    for one in sightings.new(now):
        about = {"name": one.name, "percent": one.percent, "sample": one.sample}
        yield Condition("upstream_drift", one.name, about)


SOURCES: tuple[Callable[[datetime], Iterable[Condition]], ...] = (
    pools,
    breakers,
    failing,
    disk,
    workers,
    ways_out,
    clearances,
    forms,
    drifts,
)
