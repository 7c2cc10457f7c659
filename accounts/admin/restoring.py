"""What taking a change back would do, in words and numbers, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Pool, RestorePoint, RestoreRow, Status
from grokgateway import config

SAMPLES = 10
RETENTION = "retention.deleted_accounts_days"
STATUSES: Mapping[str, Promise] = {one.value: one.label for one in Status}
POOLS: Mapping[str, Promise] = {one.value: one.label for one in Pool}
ACTIONS: Mapping[str, Promise] = {
    "delete": _("Deleted"),
    "disable": _("Disabled"),
    "enable": _("Enabled"),
    "clear-cooldown": _("Cooldown cleared"),
    "restore": _("Restored"),
    "move": _("Moved to another tier"),
    "tag": _("Tags changed"),
    "import": _("Imported"),
    "replace-import": _("Tier replaced by an import"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One account as it is and as it would be; a state of "" has no mark."""

    account: Account
    now: str | Promise
    then: str | Promise
    tier: str | Promise
    tags: str


@dataclass(frozen=True, slots=True)
class Back:
    """How many accounts go back to what; `leave` were not there before."""

    states: list[tuple[str | Promise, int]]
    deleted: int
    leave: int
    samples: list[Sample]
    more: int


def title(point: RestorePoint) -> str | Promise:
    return ACTIONS.get(point.action, point.action)


def until(point: RestorePoint) -> datetime | None:
    """When it can no longer be undone; None: always."""
    days = config.current().number(RETENTION)
    return point.at + timedelta(days=days) if days else None


def preview(point: RestorePoint) -> Back:
    kept = RestoreRow.objects.filter(point=point, made=False)
    leave = RestoreRow.objects.filter(point=point, made=True).count()
    total = kept.count()
    states = states_of(kept)
    samples = samples_of(point)
    return Back(
        states=[(STATUSES.get(name, name), count) for name, count in states],
        deleted=total - sum(count for _name, count in states),
        leave=leave,
        samples=samples,
        more=total + leave - len(samples),
    )


def states_of(kept: QuerySet[RestoreRow]) -> list[tuple[str, int]]:
    """How many had which status, of those that were not deleted."""
    living = kept.filter(kept__deleted_at="")
    living = living.annotate(was=KeyTextTransform("status", "kept"))
    counted = living.values_list("was").annotate(count=Count("pk"))
    return list(counted.order_by("-count"))


def samples_of(point: RestorePoint) -> list[Sample]:
    rows = RestoreRow.objects.filter(point=point).select_related("account")
    return [sample(row) for row in rows.order_by("pk")[:SAMPLES]]


def sample(row: RestoreRow) -> Sample:
    account = row.account
    pool = str(row.kept.get("pool", account.pool))
    return Sample(
        account=account,
        now=_("deleted") if account.deleted_at else STATUSES[account.status],
        then=then(row),
        tier=POOLS.get(pool, pool),
        tags=", ".join(row.kept.get("tags", ())),
    )


def then(row: RestoreRow) -> str | Promise:
    if row.made or row.kept.get("deleted_at"):
        return _("deleted")
    status = str(row.kept["status"])
    return STATUSES.get(status, status)
