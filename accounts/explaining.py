"""Who could serve a call now, who could not and why, and when that changes; pure.

Works on stored rows. What only a running process knows, such as calls in flight, is
not in them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.rows import AccountRow, WindowRow
from accounts.wishes import Wanted

READY = "ready"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    public_id: str
    remaining: int
    total: int
    last_use_at: float


@dataclass(slots=True)
class Shelf:
    """One (mode, pool): how many accounts are in which state, and what is left.

    `recovers_at` is the earliest time (Unix s) at which another one becomes ready.
    """

    mode: str
    pool: str
    states: Counter[str] = field(default_factory=Counter)
    units: int = 0
    recovers_at: float = 0.0
    best: list[Candidate] = field(default_factory=list)

    @property
    def ready(self) -> int:
        return self.states[READY]


@dataclass(slots=True)
class Explanation:
    """Shelves in the order in which they are tried; `chosen` is the first with any."""

    shelves: list[Shelf]

    @property
    def chosen(self) -> Shelf | None:
        return next((shelf for shelf in self.shelves if shelf.ready), None)

    @property
    def units(self) -> int:
        return sum(shelf.units for shelf in self.shelves)

    @property
    def recovers_at(self) -> float:
        """0.0 while somebody is ready, or where nobody ever recovers by himself."""
        if self.chosen is not None:
            return 0.0
        times = [shelf.recovers_at for shelf in self.shelves if shelf.recovers_at]
        return min(times, default=0.0)


def explain(rows: Iterable[AccountRow], wanted: Wanted, now: float) -> Explanation:
    shelves = {
        (mode, pool): Shelf(mode, pool)
        for mode in wanted.modes
        for pool in wanted.pools
    }
    for row in rows:
        for mode in wanted.modes:
            shelf = shelves.get((mode, row.pool))
            if shelf is not None:
                place(shelf, row, now, wanted.media)
    for shelf in shelves.values():
        shelf.best.sort(key=rank)
        del shelf.best[SHOWN:]
    return Explanation(list(shelves.values()))


def place(shelf: Shelf, row: AccountRow, now: float, media: str = "") -> None:
    window = next((one for one in row.windows if one.mode == shelf.mode), None)
    state, until = state_of(row, window, now)
    if state == READY and row.media_until(media) > now:
        state, until = "media_spent", row.media_until(media)
    shelf.states[state] += 1
    if until > now and (not shelf.recovers_at or until < shelf.recovers_at):
        shelf.recovers_at = until
    if state != READY or window is None:
        return
    renewed = 0.0 < window.reset_at <= now
    left = window.total if renewed else window.remaining
    shelf.units += left
    candidate = Candidate(row.public_id, left, window.total, row.last_use_at)
    shelf.best.append(candidate)
    if len(shelf.best) > 8 * SHOWN:
        shelf.best.sort(key=rank)
        del shelf.best[SHOWN:]


def rank(candidate: Candidate) -> tuple[float, float, str]:
    """The smallest share spent first, then the longest unused."""
    spent = 1 - candidate.remaining / candidate.total
    return spent, candidate.last_use_at, candidate.public_id


def state_of(
    row: AccountRow, window: WindowRow | None, now: float
) -> tuple[str, float]:
    """A word for why the account is ready or not, and until when (0.0: for good)."""
    if row.status in {"disabled", "expired"}:
        return row.status, 0.0
    if row.cooling_until > now:
        return "cooling", row.cooling_until
    if window is None or window.total <= 0:
        return "mode_missing", 0.0
    if window.cooling_until > now:
        return "mode_cooling", window.cooling_until
    if window.remaining > 0 or 0.0 < window.reset_at <= now:
        return READY, 0.0
    return "quota_exhausted", window.reset_at or now + window.window_s
