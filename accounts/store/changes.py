"""Changes made by people and imports; each chunk of rows takes one revision."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.claims import telling
from accounts.models import Account, QuotaWindow, Status, StatusEvent, TierSource
from accounts.quotas import default_windows
from accounts.store.revisions import take_revision
from accounts.store.values import chunks
from grokgateway.jobs import bulk
from grokgateway.replica import writing

DELETED = "deleted"
CLEARED: dict[str, object] = {
    "status": Status.ACTIVE,
    "state_reason": "",
    "cooling_until": None,
    "strikes": [],
    "unauthorized_at": None,
    "server_faults": 0,
    "deleted_at": None,
    "media_quota": {},
}


def locked() -> QuerySet[Account]:
    """Accounts to be written, locked before what hangs on them and in one order.

    Every writer does so, or two of them could wait for each other.
    """
    return Account.objects.select_for_update().order_by("pk")


def reset_windows(pools: dict[int, str]) -> None:
    """Give each account, named by id with its pool, the default windows."""
    QuotaWindow.objects.filter(account_id__in=list(pools)).delete()
    give_windows(pools)
    telling.tell(
        [
            (account_id, row)
            for account_id, pool in pools.items()
            for row in default_windows(pool)
        ],
        known_only=True,
    )


def give_windows(pools: Mapping[int, str]) -> None:
    """Default windows for accounts, named by id with their pool, that have none.

    The database makes the rows out of the accounts and the windows of a pool.
    """
    columns = ("account", "mode", "remaining", "total", "window_s", "source")
    names = ", ".join(bulk.quoted(QuotaWindow, column) for column in columns)
    for pool in set(pools.values()):
        ids = [account_id for account_id, its in pools.items() if its == pool]
        rows = default_windows(pool)
        each = ["SELECT %s AS mode, %s AS total, %s AS window_s, %s AS source"]
        values = [
            value for w in rows for value in (w.mode, w.total, w.window_s, w.source)
        ]
        statement = (
            f"INSERT INTO {bulk.table(QuotaWindow)} ({names}) "  # noqa: S608 - names come from the model
            "SELECT a.id, w.mode, w.total, w.total, w.window_s, w.source "
            f"FROM {bulk.table(Account)} a "
            f"CROSS JOIN ({' UNION ALL '.join(each * len(rows))}) w "
            f"WHERE a.id IN ({', '.join(['%s'] * len(ids))})"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, *ids])


def soft_delete(ids: Iterable[int], reason: str, by: str = "") -> int:
    """Take live accounts out of service, keeping their rows; return how many."""
    now = timezone.now()
    values = {"deleted_at": now, "state_reason": reason}
    return sum(
        change(chunk, DELETED, values, reason=reason, by=by, at=now)
        for chunk in chunks(ids)
    )


def disable(ids: Iterable[int], reason: str = "operator_disabled", by: str = "") -> int:
    values: dict[str, object] = {"status": Status.DISABLED, "state_reason": reason}
    now = timezone.now()
    return sum(
        change(chunk, Status.DISABLED, values, reason=reason, by=by, at=now)
        for chunk in chunks(ids)
    )


def restore(ids: Iterable[int], by: str) -> int:
    """Clear the failures of accounts, deleted ones too, and give default windows."""
    counters = {"fail_count": 0, "recent_calls": 0, "recent_failures": 0}
    values = CLEARED | counters | {"last_fail_at": None, "last_fail_reason": ""}
    now = timezone.now()
    return sum(
        change(chunk, Status.ACTIVE, values, reason="restored", by=by, at=now)
        for chunk in chunks(ids)
    )


@writing()
def change(
    ids: Sequence[int],
    to_status: str,
    values: Mapping[str, object],
    *,
    reason: str,
    by: str,
    at: datetime,
) -> int:
    revision = take_revision()
    accounts = locked().filter(pk__in=ids)
    if to_status != Status.ACTIVE:
        accounts = accounts.filter(deleted_at=None)
    found = list(accounts.only("id", "pool", "status", "deleted_at"))
    if to_status == Status.ACTIVE:
        reset_windows({account.pk: account.pool for account in found})
    Account.objects.filter(pk__in=[account.pk for account in found]).update(
        **values, revision=revision, ruled_at=revision, updated_at=at
    )
    barred_until = 0.0 if to_status == Status.ACTIVE else math.inf
    telling.bar(dict.fromkeys((account.pk for account in found), barred_until))
    record(found, to_status, reason=reason, by=by, at=at)
    return len(found)


def record(
    accounts: Iterable[Account], to_status: str, *, reason: str, by: str, at: datetime
) -> None:
    """Write one event for each account whose state, read before, differs."""
    StatusEvent.objects.bulk_create(
        StatusEvent(
            account=account,
            at=at,
            from_status=state_of(account),
            to_status=to_status,
            reason=reason,
            actor=by,
        )
        for account in accounts
        if state_of(account) != to_status
    )


def state_of(account: Account) -> str:
    return DELETED if account.deleted_at else account.status


@writing()
def edit(account_id: int, pool: str, tags: Sequence[str], note: str) -> None:
    """Store what an operator set; another pool brings its default windows."""
    revision, now = take_revision(), timezone.now()
    account = locked().get(pk=account_id)
    if account.pool != pool:
        account.pool, account.tier_source = pool, TierSource.OPERATOR
        reset_windows({account_id: pool})
        account.ruled_at = revision
    account.tags, account.note = list(tags), note
    account.revision, account.updated_at = revision, now
    account.save(
        update_fields=[
            *("pool", "tier_source", "tags", "note"),
            *("revision", "ruled_at", "updated_at"),
        ]
    )
