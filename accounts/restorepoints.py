"""What accounts were before a bulk change, kept so that one step takes it back.

A point is made in the transaction of each chunk it protects. Undoing writes the old
status, tags, pool, node, windows and deletion; counters of use go on as they are.
"""

import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import standing
from accounts.claims import telling
from accounts.models import Account, QuotaWindow, RestorePoint, RestoreRow
from accounts.store.changes import locked, record, state_of
from accounts.store.revisions import take_revision
from accounts.store.values import chunks, row_of, window_row
from grokgateway.jobs import bulk
from grokgateway.replica import writing

PLAIN = ("status", "state_reason", "pool", "tier_source", "tags", "strikes", "node")
COUNTED = ("server_faults", "fail_count", "last_fail_reason")
TIMES = ("cooling_until", "unauthorized_at", "last_fail_at", "deleted_at")
FIELDS = (*PLAIN, *COUNTED, *TIMES)
WINDOW_PLAIN = ("mode", "remaining", "total", "window_s", "source")
WINDOW_TIMES = ("reset_at", "synced_at", "cooling_until")
Kept = dict[str, object]  # one account's columns as JSON


class AlreadyUndone(ValueError):
    """The point was used before."""


@dataclass(frozen=True, slots=True)
class Undone:
    """`gone` accounts were deleted for good since; nothing brings them back."""

    restored: int
    gone: int


@writing()
def begin(action: str, by: str) -> RestorePoint:
    """An empty point; it counts only once something was kept under it."""
    return RestorePoint.objects.create(
        public_id=secrets.token_hex(8), action=action, actor=by, at=timezone.now()
    )


def keep(point: RestorePoint, accounts: Sequence[Account]) -> None:
    """Note these accounts as they are; call it inside the changing transaction.

    An account that is kept already is left as it was first.
    """
    ids = [account.pk for account in accounts]
    windows: dict[int, list[Kept]] = {account_id: [] for account_id in ids}
    for window in QuotaWindow.objects.filter(account_id__in=ids).order_by("id"):
        windows[window.account_id].append(window_kept(window))
    known = set(
        point.rows.filter(account_id__in=ids).values_list("account_id", flat=True)
    )
    RestoreRow.objects.bulk_create(
        RestoreRow(
            point=point,
            account_id=account.pk,
            kept=account_kept(account),
            windows=windows[account.pk],
        )
        for account in accounts
        if account.pk not in known
    )


def keep_ids(point: RestorePoint, ids: Iterable[int]) -> None:
    for chunk in chunks(ids):
        keep(point, list(Account.objects.filter(pk__in=chunk).order_by("pk")))


def keep_new(point: RestorePoint, ids: Iterable[int]) -> None:
    """Note accounts that the change has made: undoing takes them out again."""
    sample = RestoreRow(point=point, made=True, kept={}, windows=[])
    bulk.insert_like(sample, ["account"], [(account_id,) for account_id in ids])


@writing()
def finish(point: RestorePoint) -> RestorePoint | None:
    """Count what was kept; a point without anything vanishes."""
    point.count = point.rows.count()
    if not point.count:
        point.delete()
        return None
    point.save(update_fields=["count"])
    return point


def undo(point: RestorePoint, by: str) -> Undone:
    """Take the change back, a chunk at a time; raises `AlreadyUndone`.

    What fails half-way can be undone again.
    """
    now = timezone.now()
    take(point, now)
    restored = total = 0
    try:
        for chunk in chunks(point.rows.order_by("account_id").iterator(chunk_size=500)):
            total += len(chunk)
            restored += put_back({row.account_id: row for row in chunk}, by, now)
    except BaseException:
        leave(point)
        raise
    return Undone(restored, total - restored)


@writing()
def take(point: RestorePoint, now: datetime) -> None:
    taken = RestorePoint.objects.filter(pk=point.pk, undone_at=None)
    if not taken.update(undone_at=now):
        raise AlreadyUndone


@writing()
def leave(point: RestorePoint) -> None:
    RestorePoint.objects.filter(pk=point.pk).update(undone_at=None)


@writing()
def put_back(rows: dict[int, RestoreRow], by: str, now: datetime) -> int:
    revision = take_revision()
    accounts = list(locked().filter(pk__in=list(rows)))
    before: dict[str, list[Account]] = {}
    for account in accounts:
        was = Account(pk=account.pk, status=account.status)
        was.deleted_at = account.deleted_at
        revert(account, rows[account.pk], now)
        account.revision = account.ruled_at = revision
        account.updated_at = now
        before.setdefault(state_of(account), []).append(was)
    for state, changed in before.items():
        record(changed, state, reason="undone", by=by, at=now)
    telling.bar({account.pk: barred_until(account) for account in accounts})
    write(accounts)
    put_windows_back([row for row in rows.values() if not row.made], accounts)
    return len(accounts)


def barred_until(account: Account) -> float:
    row = row_of(account, ())
    return row.cooling_until if standing.usable(row) else math.inf


def write(accounts: Sequence[Account]) -> None:
    """One prepared statement; Django's bulk update takes a hundred times as long."""
    columns = (*FIELDS, "revision", "ruled_at", "updated_at")
    assignments = ", ".join(f"{name} = %s" for name in columns)
    sql = f"UPDATE {bulk.table(Account)} SET {assignments} WHERE id = %s"  # noqa: S608 - names of ours
    rows = ([getattr(a, name) for name in (*columns, "id")] for a in accounts)
    bulk.execute(sql, bulk.prepared(Account, (*columns, "id"), rows))


def revert(account: Account, row: RestoreRow, now: datetime) -> None:
    if row.made:
        account.deleted_at = account.deleted_at or now
        account.state_reason = "import_undone"
        return
    for name in (*PLAIN, *COUNTED):
        setattr(account, name, row.kept.get(name, getattr(account, name)))
    for name in TIMES:
        setattr(account, name, moment_of(row.kept[name]))


def put_windows_back(rows: Sequence[RestoreRow], accounts: Sequence[Account]) -> None:
    present = {account.pk for account in accounts}
    ids = [row.account_id for row in rows if row.account_id in present]
    QuotaWindow.objects.filter(account_id__in=ids).delete()
    windows = [
        QuotaWindow(
            account_id=row.account_id,
            **{name: window[name] for name in WINDOW_PLAIN},
            **{name: moment_of(window[name]) for name in WINDOW_TIMES},
        )
        for row in rows
        if row.account_id in present
        for window in row.windows
    ]
    QuotaWindow.objects.bulk_create(windows)
    telling.tell(
        [(window.account_id, window_row(window)) for window in windows], known_only=True
    )


def account_kept(account: Account) -> Kept:
    plain = {name: getattr(account, name) for name in (*PLAIN, *COUNTED)}
    return plain | {name: text_of(getattr(account, name)) for name in TIMES}


def window_kept(window: QuotaWindow) -> Kept:
    plain = {name: getattr(window, name) for name in WINDOW_PLAIN}
    return plain | {name: text_of(getattr(window, name)) for name in WINDOW_TIMES}


def text_of(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def moment_of(text: object) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) and text else None


def purge(before: datetime) -> int:
    """Delete points older than this with their rows; returns how many points."""
    old = list(RestorePoint.objects.filter(at__lt=before).values_list("pk", flat=True))
    for chunk in chunks(old, 20):
        with writing():
            RestoreRow.objects.filter(point_id__in=chunk).delete()
            RestorePoint.objects.filter(pk__in=chunk).delete()
    return len(old)
