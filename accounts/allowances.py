"""What an account may make beside its modes: media, credits of the week; pure.

Kept as JSON beside the account, as it is only shown, and read once for selection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

UNTOLD = timedelta(hours=1)  # how long a kind rests where upstream names no time
KINDS = ("image", "image_pro", "image_edit", "video", "video_720p")
Kept = Mapping[str, object]  # as it stands in the column


@dataclass(frozen=True, slots=True)
class MediaLeft:
    """One kind, as read; `next_at` is when there is more."""

    available: bool
    remaining: int
    window_s: int
    next_at: datetime | None

    @property
    def spent(self) -> bool:
        return not self.available or self.remaining <= 0


@dataclass(frozen=True, slots=True)
class Week:
    """Percent used of all, and of it by each product."""

    percent: float
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    products: Mapping[str, float] = field(default_factory=dict)


def media_kept(left: Mapping[str, MediaLeft], now: datetime) -> dict[str, Kept]:
    return {kind: one_kept(one, now) for kind, one in left.items()}


def one_kept(one: MediaLeft, now: datetime) -> dict[str, object]:
    rest = timedelta(seconds=one.window_s) or UNTOLD
    more_at = one.next_at if one.next_at and one.next_at > now else now + rest
    return {
        "remaining": 0 if one.spent else one.remaining,
        "window_s": one.window_s,
        "until": more_at.timestamp() if one.spent else 0.0,
        "next_at": more_at.timestamp() if one.spent or one.next_at else 0.0,
        "read_at": now.timestamp(),
    }


def week_kept(weeks: Sequence[Week], now: datetime) -> dict[str, object]:
    """Empty where there is none."""
    if not weeks:
        return {}
    week = weeks[0]
    return {
        "percent": week.percent,
        "begins_at": week.begins_at.timestamp() if week.begins_at else 0.0,
        "ends_at": week.ends_at.timestamp() if week.ends_at else 0.0,
        "products": dict(week.products),
        "read_at": now.timestamp(),
    }


def spent(media: Mapping[str, Kept]) -> tuple[tuple[str, float], ...]:
    """For selection: each kind that is counted, and until when it is spent.

    One object for all accounts that have some of everything, as most have.
    """
    if not media:
        return ()
    until = {kind: number(one.get("until")) for kind, one in sorted(media.items())}
    return tuple(until.items()) if any(until.values()) else unspent(tuple(until))


@lru_cache(maxsize=64)
def unspent(kinds: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    return tuple((kind, 0.0) for kind in kinds)


def number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
