"""Sums about the ways out, of all processes and since ever, for `/metrics`.

Synchronous. Each process adds what it counted; nobody else writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db import Error, IntegrityError, transaction
from django.db.models import F
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.egress import home
from gateway.egress.causes import TABLE
from gateway.egress.counts import Counted, Measure, Sum
from gateway.egress_tables import ClearanceBundle, EgressCount, EgressNode

KEPT = timedelta(days=90)
CALL = ("node", "scope", "kind")
NODE = ("node",)


def write() -> None:
    """Add what this process counted; what the database does not take stays counted."""
    here = home.current()
    sums = list(here.counts.taken())
    while sums:
        counted, amount = sums[-1]
        try:
            add(counted, amount)
        except Error:
            here.counts.put_back(sums)
            raise
        sums.pop()


def add(counted: Counted, amount: Sum) -> None:
    named = {
        "measure": str(counted.measure),
        "node": counted.node,
        "scope": counted.scope,
        "kind": counted.kind,
        "detail": counted.detail,
    }
    rows = EgressCount.objects.filter(**named)
    more = {
        "count": F("count") + amount.count,
        "seconds": F("seconds") + amount.seconds,
        "updated_at": datetime.now(UTC),
    }
    if rows.update(**more):
        return
    try:
        with transaction.atomic():
            EgressCount.objects.create(
                **named, count=amount.count, seconds=amount.seconds
            )
    except IntegrityError:  # another process was faster
        rows.update(**more)


def purge(now: datetime) -> None:
    """Forget nodes and causes that were not met for long."""
    EgressCount.objects.filter(updated_at__lt=now - KEPT).delete()


class Ways(Collector):
    """What is asked of the tables at each scrape."""

    def collect(self) -> Iterator[Metric]:
        rows = list(EgressCount.objects.order_by("pk"))
        yield from calls(rows)
        yield from clearances(rows)
        yield from nodes()


def text() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Ways())
    return generate_latest(registry)


def calls(rows: Sequence[EgressCount]) -> Iterator[Metric]:
    made = CounterMetricFamily(
        "grokgateway_egress_requests", "Calls upstream, by node.", labels=CALL
    )
    failed = CounterMetricFamily(
        "grokgateway_egress_failures",
        "Those that failed, by cause and by the layer at fault.",
        labels=(*CALL, "cause", "layer"),
    )
    for row in rows:
        call = (row.node, row.scope, row.kind)
        if row.measure == Measure.REQUEST:
            made.add_metric(call, row.count)
        elif row.measure == Measure.FAILURE:
            cause = TABLE.get(row.detail)
            layer = str(cause.layer) if cause else ""
            failed.add_metric((*call, row.detail, layer), row.count)
    yield from (made, failed)


def clearances(rows: Sequence[EgressCount]) -> Iterator[Metric]:
    solves = CounterMetricFamily(
        "grokgateway_clearance_solves", "Solver runs.", labels=(*NODE, "result")
    )
    solving = CounterMetricFamily(
        "grokgateway_clearance_solve_seconds",
        "Time solver runs took.",
        labels=(*NODE, "result"),
    )
    waits = CounterMetricFamily(
        "grokgateway_clearance_waits", "Calls that waited for a clearance.", labels=NODE
    )
    waiting = CounterMetricFamily(
        "grokgateway_clearance_wait_seconds", "Time calls waited so.", labels=NODE
    )
    for row in rows:
        if row.measure == Measure.SOLVE:
            solves.add_metric((row.node, row.detail), row.count)
            solving.add_metric((row.node, row.detail), row.seconds)
        elif row.measure == Measure.WAIT:
            waits.add_metric((row.node,), row.count)
            waiting.add_metric((row.node,), row.seconds)
    yield from (solves, solving, waits, waiting, ages())


def ages() -> Metric:
    """The youngest where accounts have clearances of their own."""
    age = GaugeMetricFamily(
        "grokgateway_clearance_age_seconds",
        "Age of the clearance in use.",
        labels=(*NODE, "origin"),
    )
    now = datetime.now(UTC)
    found: dict[tuple[str, str], float] = {}
    valid = ClearanceBundle.objects.filter(valid=True).exclude(made_at=None)
    for node, origin, made_at in valid.values_list("node", "origin", "made_at"):
        seconds = max(0.0, (now - made_at).total_seconds()) if made_at else 0.0
        found[node, origin] = min(seconds, found.get((node, origin), seconds))
    for labels, seconds in found.items():
        age.add_metric(labels, seconds)
    return age


def nodes() -> Iterable[Metric]:
    up = GaugeMetricFamily(
        "grokgateway_egress_node_up", "Whether the node can be used.", labels=NODE
    )
    health = GaugeMetricFamily(
        "grokgateway_egress_node_health", "Its health, 0.05 to 1.", labels=NODE
    )
    now = datetime.now(UTC)
    for row in EgressNode.objects.all():
        up.add_metric((row.name,), float(row.enabled and not row.is_out(now)))
        health.add_metric((row.name,), row.score)
    return up, health
