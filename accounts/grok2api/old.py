"""One account as 2.x kept it: text columns or hash fields, brought to our terms."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from accounts.documents import TAG_MAX_CHARS, Rejected
from accounts.quotas import BASIC_WINDOW_S, TOTALS, default_windows
from accounts.rows import WindowRow
from accounts.tokens import Credential, clean_tags, normalise
from grokgateway import crypto

Field = str | int | None
Fields = Mapping[str, Field]

MS = 1000.0
BASIC_TOTAL = TOTALS["basic"]["fast"]
STATES = ("active", "cooling", "expired", "disabled")
SOURCES = {0: "default", 1: "real", 2: "estimated"}
MODES = ("auto", "fast", "expert", "heavy", "grok_4_3")


@dataclass(frozen=True, slots=True)
class OldAccount:
    """Times are Unix seconds, 0.0 for unknown; counters are never negative."""

    credential: Credential
    pool: str
    status: str
    tags: tuple[str, ...] = ()
    windows: tuple[WindowRow, ...] = ()
    use_count: int = 0
    fail_count: int = 0
    sync_count: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    last_use_at: float = 0.0
    last_fail_at: float = 0.0
    last_sync_at: float = 0.0
    deleted_at: float = 0.0
    last_fail_reason: str = ""
    state_reason: str = ""
    cooling_until: float = 0.0


@dataclass(slots=True)
class Reading:
    """All of a source; `accounts` holds each token once, the latest of it."""

    accounts: dict[str, OldAccount] = field(default_factory=dict)
    found: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(rows: Iterable[Fields]) -> Reading:
    """Rows that cannot be read are listed by mask and reason; none ends the run."""
    reading = Reading()
    for number, row in enumerate(rows, start=1):
        reading.found += 1
        secret = str(row.get("token") or "")
        try:
            account, warnings = account_of(row, secret)
        except ValueError as exc:
            place = f"account {number}"
            reading.rejected.append(Rejected(place, str(exc), crypto.mask(secret)))
            continue
        named = f"account {number} ({crypto.mask(secret)})"
        reading.warnings += [f"{named}: {warning}" for warning in warnings]
        known = reading.accounts.get(account.credential.token)
        if known is None or account.updated_at >= known.updated_at:
            reading.accounts[account.credential.token] = account
    return reading


def account_of(row: Fields, secret: str) -> tuple[OldAccount, list[str]]:
    """Raise `ValueError` with a reason that quotes no secret."""
    credential = normalise(secret)
    warnings: list[str] = []
    pool = str(row.get("pool") or "basic").lower()
    if pool not in TOTALS:
        raise ValueError("unknown pool")
    status = str(row.get("status") or "active").lower()
    if status not in STATES:
        warnings.append("its status is unknown; it counts as active")
        status = "active"
    extra = table(row.get("ext"))
    cooling_until = moment(extra.get("cooldown_until"))
    account = OldAccount(
        credential,
        pool,
        status if status != "cooling" or cooling_until else "active",
        tags=tags_of(row.get("tags")),
        windows=windows_of(row, pool),
        cooling_until=cooling_until if status == "cooling" else 0.0,
    )
    return with_history(account, row), warnings


def with_history(account: OldAccount, row: Fields) -> OldAccount:
    return replace(
        account,
        use_count=count(row.get("usage_use_count")),
        fail_count=count(row.get("usage_fail_count")),
        sync_count=count(row.get("usage_sync_count")),
        created_at=moment(row.get("created_at")),
        updated_at=moment(row.get("updated_at")),
        last_use_at=moment(row.get("last_use_at")),
        last_fail_at=moment(row.get("last_fail_at")),
        last_sync_at=moment(row.get("last_sync_at")),
        deleted_at=moment(row.get("deleted_at")),
        last_fail_reason=str(row.get("last_fail_reason") or "")[:200],
        state_reason=str(row.get("state_reason") or "")[:200],
    )


def windows_of(row: Fields, pool: str) -> tuple[WindowRow, ...]:
    """The pool's modes; a window that was not kept is full, as when newly imported."""
    windows = []
    for default in default_windows(pool):
        kept = table(row.get(f"quota_{default.mode}"))
        windows.append(window_of(kept, default, pool) if kept else default)
    return tuple(windows)


def window_of(kept: Mapping[str, object], default: WindowRow, pool: str) -> WindowRow:
    total = count(kept.get("total")) or default.total
    window_s = count(kept.get("window_seconds")) or default.window_s
    if pool == "basic":
        total, window_s = BASIC_TOTAL, BASIC_WINDOW_S
    source = SOURCES.get(count(kept.get("source")), "default")
    return WindowRow(
        default.mode,
        min(count(kept.get("remaining"), default.total), total),
        total,
        window_s,
        moment(kept.get("reset_at")),
        source,
    )


def tags_of(value: Field) -> tuple[str, ...]:
    tags = parsed(value)
    if not isinstance(tags, list):
        return ()
    return clean_tags([tag[:TAG_MAX_CHARS] for tag in tags if isinstance(tag, str)])


def parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def table(value: object) -> dict[str, object]:
    """A JSON object, empty where it is none."""
    found = parsed(value)
    return found if isinstance(found, dict) else {}


def count(value: object, absent: int = 0) -> int:
    if value is None or value == "":
        return absent
    try:
        return max(0, int(str(value)))
    except ValueError:
        return absent


def moment(value: object) -> float:
    """Milliseconds to seconds."""
    return count(value) / MS
