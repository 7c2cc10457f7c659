"""Between columns and plain values: times, rows, windows, chunks of a long list."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from accounts.allowances import spent
from accounts.models import Account, QuotaWindow
from accounts.rows import AccountRow, WindowRow

CHUNK_ROWS = 500
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK_ROWS) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def moment(at: float) -> datetime | None:
    return utc(at) if at else None


def row_of(account: Account, windows: Iterable[WindowRow]) -> AccountRow:
    return AccountRow(
        id=account.pk,
        public_id=account.public_id,
        pool=account.pool,
        status=account.status,
        ciphertext=bytes(account.token_ciphertext),
        user_id=account.user_id,
        tags=frozenset(account.tags),
        windows=tuple(windows),
        cooling_until=seconds(account.cooling_until),
        last_use_at=seconds(account.last_use_at),
        strikes=tuple(account.strikes),
        unauthorized_at=seconds(account.unauthorized_at),
        server_faults=account.server_faults,
        deleted=account.deleted_at is not None,
        revision=account.revision,
        node=account.node,
        media=spent(account.media_quota),
    )


def window_row(window: QuotaWindow) -> WindowRow:
    return WindowRow(
        window.mode,
        window.remaining,
        window.total,
        window.window_s,
        seconds(window.reset_at),
        window.source,
        seconds(window.cooling_until),
    )


def window_of(account_id: int, row: WindowRow) -> QuotaWindow:
    return QuotaWindow(
        account_id=account_id,
        mode=row.mode,
        remaining=row.remaining,
        total=row.total,
        window_s=row.window_s,
        reset_at=moment(row.reset_at),
        source=row.source,
        cooling_until=moment(row.cooling_until),
    )
