"""What settled leases leave behind, written in batches off the request path."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DataError, IntegrityError

from accounts.claims import telling
from accounts.models import Account, QuotaWindow, StatusEvent
from accounts.rows import AccountRow, StatusChange, Use, WindowRow
from accounts.store.changes import locked
from accounts.store.revisions import take_revision
from accounts.store.standings import REASON_MAX_CHARS, replay, state
from accounts.store.values import moment, utc
from grokgateway.jobs import bulk
from grokgateway.jobs.outbox import Sink
from grokgateway.replica import writing

logger = logging.getLogger(__name__)
UNSTORABLE = (IntegrityError, DataError)
REQUEST_ID_MAX_CHARS = 64
RECENT_CALLS = 50  # stands in the statements, too
RECENT_BITS = (1 << RECENT_CALLS) - 1
COUNTED = (
    "UPDATE {table} SET use_count = use_count + %s, fail_count = fail_count + %s, "
    "recent_calls = CASE WHEN recent_calls > 50 - %s THEN 50 "
    "ELSE recent_calls + %s END, "
    "recent_failures = ((recent_failures << %s) | %s) & %s, "
    "last_use_at = %s, updated_at = %s"
)
COUNT_USES = COUNTED + " WHERE id = %s"
COUNT_FAILURES = COUNTED + ", last_fail_at = %s, last_fail_reason = %s WHERE id = %s"
WINDOW_COLUMNS = (
    "account",
    "mode",
    "remaining",
    "total",
    "window_s",
    "reset_at",
    "source",
    "cooling_until",
)


@dataclass(slots=True)
class Sum:
    """All uses of one account in a batch: counters added up, the last state kept."""

    used: int = 0
    failed: int = 0
    failures: int = 0  # one bit a call, the latest lowest
    last_use_at: float = 0.0
    last_fail_at: float = 0.0
    last_fail_reason: str = ""
    row: AccountRow | None = None
    revision: int = 0
    windows: dict[str, WindowRow] = field(default_factory=dict)
    changes: list[StatusChange] = field(default_factory=list)
    shared: list[Use] = field(default_factory=list)  # to be judged on what is stored

    def add(self, use: Use) -> None:
        self.last_use_at = max(self.last_use_at, use.at)
        if use.succeeded is not None:
            failed = not use.succeeded
            self.failures = ((self.failures << 1) | failed) & RECENT_BITS
        if use.succeeded:
            self.used += 1
        elif use.succeeded is False:
            self.failed += 1
            self.last_fail_at = use.at
            self.last_fail_reason = use.fail_reason[:REASON_MAX_CHARS]
        if use.shared:
            if use.row is not None or use.window is not None:
                self.shared.append(use)
            return
        if use.row is not None:
            self.row = use.row
            self.windows.update((window.mode, window) for window in use.row.windows)
            self.revision = use.row.revision
        if use.window is not None:
            self.windows[use.window.mode] = use.window
            self.revision = use.revision
        self.changes.extend(use.changes)


def save_uses(uses: Sequence[Use]) -> None:
    """Add to the counters; store states that no one else has changed meanwhile.

    A state carries the revision it was built on. Where the stored one is newer (an
    operator restored or disabled the account), state, windows and events are dropped:
    the process that sent them is about to read the newer row.
    """
    sums: dict[int, Sum] = {}
    for use in uses:
        sums.setdefault(use.account_id, Sum()).add(use)
    try:
        save_sums(sums)
    except UNSTORABLE:
        save_singly(sums)


@writing()
def save_singly(sums: dict[int, Sum]) -> None:
    """Store all but what the database refuses, which no repetition would cure."""
    for account_id, total in sums.items():
        try:
            save_sums({account_id: total})
        except UNSTORABLE:
            logger.exception("The uses of account %d were dropped", account_id)


@writing()
def save_sums(sums: dict[int, Sum]) -> None:
    shared = {pk: total.shared for pk, total in sums.items() if total.shared}
    fresh = take_revision() if shared else 0
    stored = dict(locked().filter(pk__in=list(sums)).values_list("pk", "revision"))
    replayed = replay(shared, fresh)
    telling.tell(replayed.windows)
    windows, changes = replayed.windows, replayed.changes
    for account_id, revision in stored.items():
        total = sums[account_id]
        if total.row is not None and total.revision >= revision:
            values = state(total.row, total.changes)
            Account.objects.filter(pk=account_id).update(**values)
        if total.revision >= revision or not total.windows:
            windows += [(account_id, window) for window in total.windows.values()]
            changes.extend(total.changes)
    count_uses({account_id: sums[account_id] for account_id in stored})
    save_windows(windows)
    save_changes(changes)


def count_uses(sums: Mapping[int, Sum]) -> None:
    moments = ("last_use_at", "updated_at", "last_fail_at")
    recent = (*["recent_calls"] * 3, *["recent_failures"] * 2)
    rows = bulk.prepared(
        Account,
        ("use_count", "fail_count", *recent, *moments, "last_fail_reason", "id"),
        (counted(account_id, total) for account_id, total in sums.items()),
    )
    quiet = [(*row[:9], row[11]) for row in rows if row[9] is None]
    bulk.execute(COUNT_USES.format(table=bulk.table(Account)), quiet)
    failed = [row for row in rows if row[9] is not None]
    bulk.execute(COUNT_FAILURES.format(table=bulk.table(Account)), failed)


def counted(account_id: int, total: Sum) -> tuple[object, ...]:
    """Values in the order of `COUNT_FAILURES`."""
    calls = min(total.used + total.failed, RECENT_CALLS)
    return (
        *(total.used, total.failed),
        *(calls, calls, calls, total.failures, RECENT_BITS),
        *(moment(total.last_use_at), moment(total.last_use_at)),
        *(moment(total.last_fail_at), total.last_fail_reason),
        account_id,
    )


def save_windows(windows: Iterable[tuple[int, WindowRow]]) -> None:
    bulk.insert(
        QuotaWindow,
        WINDOW_COLUMNS,
        (
            (
                account_id,
                window.mode,
                window.remaining,
                window.total,
                window.window_s,
                moment(window.reset_at),
                window.source,
                moment(window.cooling_until),
            )
            for account_id, window in sorted(windows, key=account_and_mode)
        ),
        unique=("account", "mode"),
    )


def account_and_mode(pair: tuple[int, WindowRow]) -> tuple[int, str]:
    """The order in which everybody locks windows."""
    return pair[0], pair[1].mode


def save_changes(changes: Iterable[StatusChange]) -> None:
    StatusEvent.objects.bulk_create(
        StatusEvent(
            account_id=change.account_id,
            at=utc(change.at),
            from_status=change.from_status,
            to_status=change.to_status,
            reason=change.reason[:REASON_MAX_CHARS],
            request_id=change.request_id[:REQUEST_ID_MAX_CHARS],
        )
        for change in changes
    )


USES = Sink("account uses", save_uses)
