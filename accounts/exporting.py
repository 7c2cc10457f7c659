"""The forms accounts leave in, written piece by piece; CSV never holds a token."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.credentials import masked, reveal
from accounts.documents import V3_PROVIDER
from accounts.models import Account, Pool, QuotaWindow
from accounts.store.values import chunks
from grokgateway import crypto

POOLS, DOCUMENT, FULL, TEXT, CSV = "json", "document", "full", "text", "csv"
SUFFIXES = {
    POOLS: "json",
    DOCUMENT: "document.json",
    FULL: "full.json",
    TEXT: "txt",
    CSV: "csv",
}
COLUMNS = (
    "public_id",
    "pool",
    "tier_source",
    "status",
    "state_reason",
    "use_count",
    "fail_count",
    "last_fail_reason",
    "note",
    "node",
)
TIMES = ("last_use_at", "last_fail_at", "cooling_until", "created_at", "updated_at")
MORE_TIMES = (*TIMES, "last_sync_at", "unauthorized_at", "deleted_at")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Json = dict[str, object]


@dataclass(slots=True)
class Export:
    """`secrets`: tokens in clear. `written` and `lost` count accounts."""

    accounts: QuerySet[Account]
    form: str = POOLS
    secrets: bool = False
    written: int = 0
    lost: int = 0

    def pieces(self) -> Iterator[str]:
        """One for each account or so, with line ends."""
        return WRITERS[self.form](self)

    def rows(self, pool: str = "") -> Iterator[tuple[Account, str]]:
        """Accounts with tokens as they may be shown, but for the unreadable."""
        accounts = self.accounts.filter(pool=pool) if pool else self.accounts
        read = reveal if self.secrets else masked
        for account in accounts.order_by("pk").iterator(chunk_size=500):
            try:
                token = read(account)
            except crypto.Undecipherable:
                self.lost += 1
                continue
            self.written += 1
            yield account, token


def pools(export: Export) -> Iterator[str]:
    """Pool -> items, which an import reads if the tokens are clear."""
    yield "{"
    first_pool = True
    for pool in Pool.values:
        items = (item(export, account, token) for account, token in export.rows(pool))
        first = next(items, None)
        if first is None:
            continue
        yield f'{"" if first_pool else ","}\n  "{pool}": [\n    {text_of(first)}'
        yield from (f",\n    {text_of(one)}" for one in items)
        yield "\n  ]"
        first_pool = False
    yield "\n}\n"


def item(export: Export, account: Account, token: str) -> object:
    pinned: Json = {"node": account.node} if account.node else {}
    if not export.secrets:
        return {"id": account.public_id, "token": token, "tags": account.tags, **pinned}
    if account.tags or pinned:
        return {"token": token, "tags": account.tags, **pinned}
    return token


def document(export: Export) -> Iterator[str]:
    """The form of 3.x, which an import reads if the tokens are clear."""
    yield f'{{"provider": "{V3_PROVIDER}", "accounts": ['
    comma = ""
    for account, token in export.rows():
        one = {"token": token, "tier": account.pool, "tags": account.tags}
        if account.node:
            one["node"] = account.node
        yield f"{comma}\n  {text_of(one)}"
        comma = ","
    yield "\n]}\n"


def full(export: Export) -> Iterator[str]:
    """All that is known of the accounts, their windows included."""
    yield '{"accounts": ['
    comma = ""
    for chunk in chunks(export.rows()):
        windows = windows_of([account for account, _ in chunk])
        for account, token in chunk:
            one = described(account, token) | {"windows": windows[account.pk]}
            yield f"{comma}\n  {text_of(one)}"
            comma = ","
    yield "\n]}\n"


def described(account: Account, token: str) -> Json:
    plain: Json = {name: getattr(account, name) for name in COLUMNS}
    return {
        "token": token,
        **plain,
        "tier": account.pool,
        "tags": account.tags,
        "user_id": account.user_id,
        "sync_count": account.sync_count,
        "server_faults": account.server_faults,
        **{name: moment_of(account, name) for name in MORE_TIMES},
    }


def windows_of(accounts: list[Account]) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = {account.pk: [] for account in accounts}
    windows = QuotaWindow.objects.filter(account_id__in=list(found)).order_by("pk")
    for window in windows:
        found[window.account_id].append(
            {
                "mode": window.mode,
                "remaining": window.remaining,
                "total": window.total,
                "window_s": window.window_s,
                "reset_at": window.reset_at.isoformat() if window.reset_at else "",
                "source": window.source,
            }
        )
    return found


def text(export: Export) -> Iterator[str]:
    for account, token in export.rows():
        shown = token if export.secrets else f"{account.public_id} {token}"
        yield shown.rstrip() + "\n"


def table(export: Export) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*COLUMNS, "tags", *TIMES])
    for account in export.accounts.order_by("pk").iterator(chunk_size=500):
        plain = [safe_cell(str(getattr(account, name))) for name in COLUMNS]
        tags = safe_cell(" ".join(account.tags))
        writer.writerow([*plain, tags, *(moment_of(account, name) for name in TIMES)])
        export.written += 1
        yield taken(buffer)
    yield taken(buffer)


def taken(buffer: io.StringIO) -> str:
    held = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return held


def moment_of(account: Account, name: str) -> str:
    at = getattr(account, name)
    return at.isoformat() if at else ""


def text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


WRITERS: dict[str, Callable[[Export], Iterator[str]]] = {
    POOLS: pools,
    DOCUMENT: document,
    FULL: full,
    TEXT: text,
    CSV: table,
}
