"""Who calls: accounts told by the name in their token, and quotas that count down."""

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.sandbox.files import Files

COMPUTER_USE = "grok-420-computer-use-sa"
TOTALS = {
    "basic": {"fast": 30},
    "super": {"auto": 50, "fast": 140, "expert": 50, COMPUTER_USE: 50},
    "heavy": {"auto": 150, "fast": 400, "expert": 150, "heavy": 20, COMPUTER_USE: 150},
}
WINDOW_S = {"basic": 86_400, "super": 7_200, "heavy": 7_200}
MEDIA = ("image", "imagePro", "imageEdit", "video", "video720p")
MEDIA_TOTALS = {"basic": 100, "super": 1000, "heavy": 2000}
PAID_MEDIA = frozenset({"imagePro", "video720p"})  # not counted for basic accounts
DAY_S = 86_400
FAULTS = frozenset(
    {
        *("blocked", "expired", "bare401", "forbidden", "policy", "ratelimited"),
        *("challenged", "err500", "err503", "hang", "slow", "reset", "empty"),
    }
)


@dataclass(slots=True)
class Window:
    """Opens with the first query, or is open from the start if some is spent."""

    total: int
    remaining: int
    length_s: int
    opened_at: float | None = None  # monotonic

    def renew(self, now: float) -> None:
        if self.opened_at is not None and now - self.opened_at >= self.length_s:
            self.remaining, self.opened_at = self.total, None

    def spend(self, now: float) -> bool:
        self.renew(now)
        if self.remaining <= 0:
            return False
        if self.opened_at is None:
            self.opened_at = now
        self.remaining -= 1
        return True


@dataclass(slots=True)
class Account:
    name: str
    tier: str
    fault: str | None
    windows: dict[str, Window]
    media: dict[str, Window] = field(default_factory=dict)
    used_percent: float | None = None  # of the week's credits
    terms_accepted: bool = False
    terms_version: int = 0
    birth_date: str = ""
    adult_content: bool = False
    endpoints: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    files: Files = field(default_factory=Files)
    posts: dict[str, None] = field(default_factory=dict)  # ids of media posts, in order

    def media_left(self, kind: str) -> bool:
        """Whether it may make one more; what is not counted it may."""
        window = self.media.get(kind)
        if window is None:
            return True
        window.renew(time.monotonic())
        return window.remaining > 0

    def spend_media(self, kind: str) -> None:
        window = self.media.get(kind)
        if window is not None:
            window.spend(time.monotonic())

    def user_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))


def from_token(token: str, now: float) -> Account | None:
    """`sandbox-<tier>-<parts>`; None for any other token."""
    kind, _, rest = token.partition("-")
    tier, *parts = rest.split("-")
    if kind != "sandbox" or tier not in TOTALS:
        return None
    return account(token, tier, parts, now)


def account(name: str, tier: str, parts: Sequence[str], now: float) -> Account:
    quota = number_after("quota", parts)
    length_s = number_after("win", parts) or WINDOW_S[tier]
    windows = {
        mode: Window(total, total, length_s)
        if quota is None
        else Window(max(total, quota), quota, length_s, now)
        for mode, total in TOTALS[tier].items()
    }
    fault = next((part for part in parts if part in FAULTS), None)
    left = number_after("media", parts)
    total = MEDIA_TOTALS[tier] if left is None else left
    media = {
        kind: Window(total, total, number_after("mediawin", parts) or DAY_S, now)
        for kind in MEDIA
        if tier != "basic" or kind not in PAID_MEDIA
    }
    used = number_after("credits", parts)
    percent = None if used is None else float(used)
    return Account(name, tier, fault, windows, media, percent)


def number_after(prefix: str, parts: Sequence[str]) -> int | None:
    for part in parts:
        digits = part.removeprefix(prefix)
        if part.startswith(prefix) and digits.isdecimal():
            return int(digits)
    return None


class Accounts:
    """All accounts seen since the start, made on first sight."""

    def __init__(self) -> None:
        self._known: dict[str, Account] = {}

    def find(self, token: str, now: float, *, allow_any: bool) -> Account | None:
        known = self._known.get(token)
        if known is not None:
            return known
        made = from_token(token, now)
        if made is None and allow_any and token:
            made = account(token, "basic", (), now)
        if made is not None:
            self._known[token] = made
        return made

    def seen(self) -> list[Account]:
        return list(self._known.values())

    def forget(self) -> None:
        self._known.clear()


def sample(count: int, tiers: Sequence[str] = tuple(TOTALS)) -> dict[str, list[str]]:
    """`count` healthy accounts, the tiers in turn, in the shape that imports read."""
    pools: dict[str, list[str]] = {tier: [] for tier in tiers}
    for index in range(count):
        tier = tiers[index % len(tiers)]
        pools[tier].append(f"sandbox-{tier}-{len(pools[tier]) + 1:04d}")
    return pools
