"""The rows that the directory in memory starts from and follows."""

from collections.abc import Iterator, Sequence

from django.db import connection

from accounts.models import Account, QuotaWindow
from accounts.rows import AccountRow, WindowRow
from accounts.store.values import row_of, seconds

PAGE_ROWS = 5000
WINDOW_COLUMNS = (
    "account_id",
    "mode",
    "remaining",
    "total",
    "window_s",
    "reset_at",
    "source",
    "cooling_until",
)


def encrypted_rows_exist() -> bool:
    """Tell whether a credential is stored; False before the first migration."""
    tables = connection.introspection.table_names()
    return Account._meta.db_table in tables and Account.objects.exists()


def load(
    after_revision: int | None = None, page: int = PAGE_ROWS
) -> Iterator[list[AccountRow]]:
    """Yield pages by (revision, id); deleted rows only where they are news.

    Read `current_revision()` before a full load: a row that changes meanwhile has a
    higher one and comes again with the next `changes_since`.
    """
    revision, last_id = (-1, 0) if after_revision is None else (after_revision + 1, 0)
    accounts = Account.objects.order_by("revision", "id")
    if after_revision is None:
        accounts = accounts.filter(deleted_at=None)
    while True:
        rest = accounts.filter(revision__gte=revision).exclude(
            revision=revision, id__lte=last_id
        )
        found = list(rest[:page])
        if found:
            yield with_windows(found)
        if len(found) < page:
            return
        revision, last_id = found[-1].revision, found[-1].pk


def changes_since(revision: int, page: int = PAGE_ROWS) -> Iterator[list[AccountRow]]:
    return load(revision, page)


def with_windows(accounts: Sequence[Account]) -> list[AccountRow]:
    windows: dict[int, list[WindowRow]] = {account.pk: [] for account in accounts}
    found = QuotaWindow.objects.filter(account_id__in=list(windows))
    for values in found.order_by("id").values_list(*WINDOW_COLUMNS):
        account_id, mode, remaining, total, window_s, reset_at, source, cooling = values
        windows[account_id].append(
            WindowRow(
                mode,
                remaining,
                total,
                window_s,
                seconds(reset_at),
                source,
                seconds(cooling),
            )
        )
    return [row_of(account, windows[account.pk]) for account in accounts]
