"""What upstream said of an account's quota, and when it is to be asked again."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.allowances import MediaLeft, Week, media_kept, week_kept
from accounts.claims import telling
from accounts.models import Account, QuotaWindow, Status, WindowSource
from accounts.quotas import BASIC_WINDOW_S, TOTALS
from accounts.store.changes import change, locked, reset_windows
from accounts.store.hands import units_in_hand
from accounts.store.revisions import take_revision
from accounts.store.uses import save_windows
from accounts.store.values import window_row
from accounts.tiers import Tier, decided
from grokgateway.replica import Refused, writing

CLAIM = timedelta(seconds=30)  # at most one probe of an account in this time
JITTER = 0.1
DEAD = "invalid_credentials"
ASKED = (Status.ACTIVE, Status.COOLING)


@dataclass(frozen=True, slots=True)
class Reading:
    """One mode's window as upstream told it."""

    remaining: int
    total: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Asked:
    """All that came back from one account; modes it lacks are in `refused`."""

    readings: Mapping[str, Reading]
    refused: frozenset[str] = frozenset()
    user_id: str = ""
    media: Mapping[str, MediaLeft] | None = None  # these two: None if not learnt
    weeks: Sequence[Week] | None = None


@writing()
def save_sync(
    account_id: int, asked: Asked, now: datetime, intervals_s: Mapping[str, int]
) -> str:
    """Store real windows and what they say of the tier; returns the pool."""
    revision = take_revision()
    account = locked().get(pk=account_id)
    totals = {mode: reading.total for mode, reading in asked.readings.items()}
    tier = decided(
        Tier(account.pool, account.tier_source, account.tier_doubt),
        totals,
        refused="auto" in asked.refused,
    )
    if tier.pool != account.pool:
        reset_windows({account_id: tier.pool})
    account.pool, account.tier_source = tier.pool, tier.source
    account.tier_doubt = tier.doubt
    account.user_id = asked.user_id or account.user_id
    account.sync_count += 1
    account.last_sync_at = account.updated_at = now
    account.next_sync_at = now + spread(intervals_s[tier.pool])
    account.revision = revision
    if asked.media is not None:
        account.media_quota = media_kept(asked.media, now)
    if asked.weeks is not None:
        account.weekly_credits = week_kept(asked.weeks, now)
    account.save()
    save_readings(account_id, tier.pool, asked.readings, now)
    return tier.pool


def save_readings(
    account_id: int, pool: str, readings: Mapping[str, Reading], now: datetime
) -> None:
    """Only the pool's own modes; basic figures are clamped (accounts.md 2).

    What processes that share accounts have in hand may be on its way upstream.
    """
    in_hand = units_in_hand(account_id)
    windows: list[telling.Told] = []
    for mode, reading in readings.items():
        if mode not in TOTALS[pool]:
            continue
        total, window_s = reading.total, reading.window_s
        if pool == "basic":
            total, window_s = TOTALS[pool][mode], BASIC_WINDOW_S
        values: dict[str, object] = {
            "remaining": max(0, min(reading.remaining, total) - in_hand.get(mode, 0)),
            "total": total,
            "window_s": window_s,
            "reset_at": now + timedelta(seconds=window_s),
            "synced_at": now,
            "source": WindowSource.REAL,
        }
        if reading.remaining > 0:
            values["cooling_until"] = None
        window, _ = QuotaWindow.objects.update_or_create(
            account_id=account_id, mode=mode, defaults=values
        )
        windows.append((account_id, window_row(window)))
    told = telling.tell(windows, less=True)
    save_windows(pair for pair in told if pair not in windows)


def expire(account_id: int, reason: str = DEAD, by: str = "") -> None:
    """Upstream no longer knows this login."""
    values: dict[str, object] = {"status": Status.EXPIRED, "state_reason": reason}
    at = timezone.now()
    change([account_id], Status.EXPIRED, values, reason=reason, by=by, at=at)


def spread(seconds: float) -> timedelta:
    """A tenth more or less, so that what was imported together parts ways."""
    return timedelta(seconds=seconds * random.uniform(1 - JITTER, 1 + JITTER))


def due(now: datetime, limit: int) -> list[int]:
    """Accounts whose time has come, the longest waiting first."""
    live = Account.objects.filter(deleted_at=None, status__in=ASKED)
    waiting = live.filter(next_sync_at__lte=now).order_by("next_sync_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


def take(ids: Sequence[int], now: datetime) -> list[int]:
    """Those of `ids` nobody else is asking; they are ours for half a minute."""
    try:
        return taken(ids, now) if ids else []
    except Refused:
        return []  # who cannot tell the others asks nobody


@writing()
def taken(ids: Sequence[int], now: datetime) -> list[int]:
    found = []
    for account_id in ids:
        free = Account.objects.filter(pk=account_id, probe_until__lte=now)
        if free.update(probe_until=now + CLAIM, next_sync_at=now + CLAIM):
            found.append(account_id)
    return found


@writing()
def put_off(account_id: int, now: datetime, delay: timedelta) -> None:
    """Nothing was learnt: ask again later."""
    Account.objects.filter(pk=account_id).update(next_sync_at=now + delay)


@writing()
def soon(ids: Sequence[int], now: datetime) -> int:
    """Ask as soon as may be, unless they were asked just now."""
    waiting = Account.objects.filter(pk__in=ids, next_sync_at__gt=now)
    return waiting.update(next_sync_at=F("probe_until"))


def wake_exhausted(since: datetime, now: datetime) -> int:
    """Used-up windows whose reset has passed in between are worth a question."""
    passed = QuotaWindow.objects.filter(
        remaining=0, reset_at__gt=since, reset_at__lte=now
    )
    ids = list(passed.values_list("account_id", flat=True)[:5000])
    return soon(ids, now) if ids else 0
