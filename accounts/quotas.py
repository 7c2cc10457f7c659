"""Quota windows: what each pool starts with, and arithmetic on them.

Times are Unix seconds and passed in; 0.0 means unknown.
"""

from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from accounts.rows import WindowRow

BASIC_WINDOW_S = 86_400
PAID_WINDOW_S = 7_200
COOLING_UNKNOWN_S = 900.0
COOLING_LEAST_S = 1.0
DOUBTED_S = 60.0
SAME_PERIOD_S = 1.0
EXACT_STEPS = 1 << 20
TOTALS = {
    "basic": {"fast": 30},
    "super": {"auto": 50, "fast": 140, "expert": 50, "grok_4_3": 50},
    "heavy": {"auto": 150, "fast": 400, "expert": 150, "heavy": 20, "grok_4_3": 150},
}


def default_windows(pool: str) -> tuple[WindowRow, ...]:
    """Full windows of a pool's modes (accounts.md 2)."""
    window_s = BASIC_WINDOW_S if pool == "basic" else PAID_WINDOW_S
    return tuple(
        WindowRow(mode, total, total, window_s) for mode, total in TOTALS[pool].items()
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change while a window is spent; shared by many accounts."""

    mode: str
    total: int
    window_s: int
    source: str


@lru_cache(maxsize=1024)
def plan_of(mode: str, total: int, window_s: int, source: str) -> Plan:
    return Plan(intern(mode), total, window_s, intern(source))


def plan_from(row: WindowRow) -> Plan:
    return plan_of(row.mode, row.total, row.window_s, row.source)


class Window:
    """One window in memory: units are reserved, then kept as spent or given back.

    `held` counts the reservations of calls in flight within the present period.
    """

    __slots__ = ("cooling_until", "held", "plan", "remaining", "reset_at")

    def __init__(self, row: WindowRow) -> None:
        self.plan = plan_from(row)
        self.remaining = max(0, row.remaining)
        self.reset_at = row.reset_at
        self.cooling_until = row.cooling_until
        self.held = 0

    def row(self) -> WindowRow:
        return WindowRow(
            self.plan.mode,
            self.remaining,
            self.plan.total,
            self.plan.window_s,
            self.reset_at,
            self.plan.source,
            self.cooling_until,
        )

    @property
    def source(self) -> str:
        return self.plan.source

    def _call_it(self, source: str) -> None:
        plan = self.plan
        if plan.source != source:
            self.plan = plan_of(plan.mode, plan.total, plan.window_s, source)

    def used(self) -> float:
        """The fraction spent, 0.0 to 1.0, in steps that floats add without error."""
        total = self.plan.total
        if self.remaining >= total:
            return 0.0
        return (total - self.remaining) * EXACT_STEPS // total / EXACT_STEPS

    def renew(self, now: float) -> None:
        """An expired window is full again, whatever the tier; a guess until synced."""
        if 0.0 < self.reset_at <= now:
            self.remaining = self.plan.total
            self.reset_at = 0.0
            self._call_it("default")
            self.held = 0

    def reserve(self, now: float) -> None:
        """Take one unit; the first one of a full window starts its clock."""
        self.renew(now)
        if not self.reset_at:
            self.reset_at = now + self.plan.window_s
        if self.remaining > 0:
            self.remaining -= 1
            self.held += 1

    def keep(self) -> None:
        """The reserved unit was spent."""
        self.held = max(0, self.held - 1)

    def refund(self) -> bool:
        """The reserved unit was not spent; nothing to give back in a later period."""
        if self.held <= 0:
            return False
        self.held -= 1
        self.remaining += 1
        return True

    def exhaust(self, now: float, retry_after_s: float | None = None) -> None:
        """Upstream said 429: empty, and cooling as accounts.md 4.4 has it.

        Until `retry_after_s`, or 15 minutes where upstream named no time, but not
        beyond a known reset. Then the window counts as full and is tried again.
        """
        pause_s = COOLING_UNKNOWN_S if retry_after_s is None else retry_after_s
        until = now + max(pause_s, COOLING_LEAST_S)
        if now < self.reset_at < until:
            until = self.reset_at
        self.remaining = self.held = 0
        self._call_it("estimated")
        self.cooling_until = self.reset_at = until

    def put_back(self, before: WindowRow, until: float) -> bool:
        """Undo a 429 that made it rest until then; whether that is still so."""
        if self.cooling_until != until:
            return False
        self.remaining, self.reset_at = before.remaining, before.reset_at
        self.cooling_until = before.cooling_until
        self._call_it(before.source)
        return True

    def doubt(self, now: float, retry_after_s: float | None = None) -> None:
        """A 429 that may be the request's own: rest shortly, keep the units."""
        pause_s = DOUBTED_S if retry_after_s is None else min(retry_after_s, DOUBTED_S)
        self.cooling_until = max(self.cooling_until, now + pause_s)

    def merge(self, row: WindowRow, now: float) -> None:
        """Take over what was stored elsewhere, less what calls in flight will use.

        Within the period known here the stored figure is only an older or another
        process's view of the same spending, so the smaller one holds.
        """
        self.plan = plan_from(row)
        known = self.reset_at
        if known and row.reset_at and abs(row.reset_at - known) < SAME_PERIOD_S:
            self.remaining = max(0, min(self.remaining, row.remaining))
        else:
            self.remaining = max(0, row.remaining - self.held)
            started = now + row.window_s if self.held else 0.0
            self.reset_at = row.reset_at or started
        self.cooling_until = row.cooling_until

    def take_over(self, row: WindowRow) -> None:
        """What the shared store has; it knows best."""
        if abs(row.reset_at - self.reset_at) >= SAME_PERIOD_S:
            self.held = 0
        self.plan = plan_from(row)
        self.remaining, self.reset_at = row.remaining, row.reset_at
        self.cooling_until = row.cooling_until

    def blocked_until(self, now: float, *, by_quota: bool) -> float:
        """When this window can be spent from again; 0.0 if it can be now."""
        self.renew(now)
        if self.cooling_until > now:
            return self.cooling_until
        if not by_quota or self.remaining > 0:
            return 0.0
        if not self.reset_at:
            self.reset_at = now + self.plan.window_s
        return self.reset_at
