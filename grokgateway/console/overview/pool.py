"""Panel: the accounts of each tier, what is left to them, and when more come back."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode

from accounts import census, directory
from accounts.census import ModeLeft, PoolCensus
from accounts.models import Pool, Status
from grokgateway.console.overview import charts
from grokgateway.console.overview.charts import Part
from grokgateway.console.panels import Panel

Text = str | Promise
STRIPE_WIDTH = 100.0
KINDS = {
    Status.ACTIVE: "good",
    Status.COOLING: "wait",
    Status.EXPIRED: "bad",
    Status.DISABLED: "idle",
}


@dataclass(frozen=True, slots=True)
class Count:
    kind: str
    name: Text
    number: int
    link: str


@dataclass(frozen=True, slots=True)
class Tier:
    name: Text
    total: int
    counts: tuple[Count, ...]
    stripe: list[Part]
    recovers_at: datetime | None
    modes: tuple[ModeLeft, ...]


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("accounts.view_account"):
        return None
    taken = census.kept()
    if not taken.total:
        return None
    tiers = [tier_of(pool) for pool in taken.pools if pool.total]
    paused = [one for one in directory.breakers() if one.open]
    return Panel(
        "console/overview/pool.html",
        {"tiers": tiers, "taken_at": taken.taken_at, "paused": paused},
        name="pool",
    )


def tier_of(pool: PoolCensus) -> Tier:
    counts = tuple(
        Count(kind, status.label, pool.counts[status], listed(pool.pool, status))
        for status, kind in KINDS.items()
    )
    return Tier(
        name=Pool(pool.pool).label,
        total=pool.total,
        counts=counts,
        stripe=charts.stripe([(one.kind, one.number) for one in counts], STRIPE_WIDTH),
        recovers_at=pool.recovers_at,
        modes=tuple(sorted(pool.modes, key=lambda left: left.mode)),
    )


def listed(pool: str, status: str) -> str:
    query = urlencode({"pool__exact": pool, "status__exact": status})
    return f"{reverse('admin:accounts_account_changelist')}?{query}"
