"""The rows that the directory in memory starts from and follows."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from accounts.allowances import spent
from accounts.models import Account, QuotaWindow
from accounts.rows import AccountRow, WindowRow
from accounts.store.values import seconds

PAGE_ROWS = 500  # what a page needs beside its rows is soon used again for the next
ACCOUNT_COLUMNS = (
    *("id", "public_id", "pool", "status", "token_ciphertext", "user_id", "tags"),
    *("cooling_until", "last_use_at", "strikes", "unauthorized_at", "server_faults"),
    *("deleted_at", "node", "media_quota", "revision"),
)
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
Columns = tuple[Any, ...]  # Any: of ACCOUNT_COLUMNS, each of its own type


def encrypted_rows_exist() -> bool:
    """Tell whether a credential is stored; False before the first migration."""
    tables = connection.introspection.table_names()
    return Account._meta.db_table in tables and Account.objects.exists()


def load(page: int = PAGE_ROWS) -> Iterator[list[AccountRow]]:
    """Yield pages of all that are not deleted, by id.

    Read `current_revision()` before: a row that changes meanwhile has a higher one and
    comes again with the next `changes_since`.
    """
    live = Account.objects.filter(deleted_at=None).order_by("id")
    last_id, size = 0, page
    while size == page:
        found = read(live.filter(id__gt=last_id), page)
        size = len(found)
        if found:
            last_id = found[-1].id
            yield found


def digest() -> tuple[int, int]:
    """How many live accounts there are, and the sum of their revisions."""
    live = Account.objects.filter(deleted_at=None)
    found = live.aggregate(count=Count("id"), revisions=Sum("revision"))
    return found["count"], int(found["revisions"] or 0)


def changes_since(revision: int, page: int = PAGE_ROWS) -> Iterator[list[AccountRow]]:
    """Yield pages by (revision, id), deleted rows too."""
    rest = Account.objects.order_by("revision", "id")
    since, last_id, size = revision + 1, 0, page
    while size == page:
        of_the_last = {"revision": since, "id__lte": last_id}
        found = read(rest.filter(revision__gte=since).exclude(**of_the_last), page)
        size = len(found)
        if found:
            since, last_id = found[-1].revision, found[-1].id
            yield found


def read(accounts: QuerySet[Account], page: int) -> list[AccountRow]:
    numbers: dict[int, int] = {}  # one object for all rows of a revision
    return with_windows(
        [
            (*columns, numbers.setdefault(revision, revision))
            for *columns, revision in accounts.values_list(*ACCOUNT_COLUMNS)[:page]
        ]
    )


def with_windows(accounts: Sequence[Columns]) -> list[AccountRow]:
    windows: dict[int, list[WindowRow]] = {columns[0]: [] for columns in accounts}
    found = QuotaWindow.objects.filter(account_id__in=list(windows))
    untouched: dict[Columns, WindowRow] = {}  # most are alike; one object for those
    for values in found.order_by("id").values_list(*WINDOW_COLUMNS):
        account_id, mode, remaining, total, window_s, reset_at, source, cooling = values
        if reset_at is None and cooling is None:
            key = (mode, remaining, total, window_s, source)
            row = untouched.get(key)
            if row is None:
                row = WindowRow(mode, remaining, total, window_s, 0.0, source)
                untouched[key] = row
        else:
            times = seconds(reset_at), seconds(cooling)
            row = WindowRow(
                mode, remaining, total, window_s, times[0], source, times[1]
            )
        windows[account_id].append(row)
    return [row_of(columns, windows[columns[0]]) for columns in accounts]


def row_of(columns: Columns, windows: Sequence[WindowRow]) -> AccountRow:
    """A row as `values.row_of` makes it of an account, without the account."""
    pk, public_id, pool, status, ciphertext, user_id, tags, *rest = columns
    cooling, last_use, strikes, unauthorized, faults, deleted, *rest = rest
    node, media, revision = rest
    return AccountRow(
        id=pk,
        public_id=public_id,
        pool=pool,
        status=status,
        ciphertext=bytes(ciphertext),
        user_id=user_id,
        tags=frozenset(tags),
        windows=tuple(windows),
        cooling_until=seconds(cooling),
        last_use_at=seconds(last_use),
        strikes=tuple(strikes),
        unauthorized_at=seconds(unauthorized),
        server_faults=faults,
        deleted=deleted is not None,
        revision=revision,
        node=node,
        media=spent(media),
    )
