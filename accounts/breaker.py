"""The pool's breaker: the same fault on many accounts at once is no account's fault.

One breaker for each operation and mode. It opens when at least three accounts, and a
fifth of those tried within a minute, met the same fault. While it is open one call at
a time goes through, to find out whether upstream has recovered; an answer closes it.
Pure: takes the time, knows accounts by id only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.rows import AccountRow, WindowRow
from accounts.standing import Outcome

WITHIN_S = 60.0
LEAST_ACCOUNTS = 3
LEAST_SHARE = 0.2
PAUSES_S = (1.0, 2.0, 4.0, 5.0)  # after the first, second, ... failed probe
PROBE_PATIENCE_S = 10.0
STEP_S = 6.0
COMMON = frozenset(
    {
        Outcome.RATE_LIMITED,
        Outcome.UNAUTHORIZED,
        Outcome.FORBIDDEN,
        Outcome.CHALLENGED,
        Outcome.SERVER,
    }
)


@dataclass(slots=True)
class Mark:
    """A fault on one account, and how the account stood before the first of them."""

    at: float
    since: float
    before: AccountRow
    window: WindowRow | None = None  # before a 429, which made it rest until then:
    until: float = 0.0
    answered: bool = False  # the account has served a call since
    counts: bool = True  # speaks for a common cause; a request's first fault does


@dataclass(slots=True)
class Opening:
    fault: Outcome
    since: float
    accounts: int
    failed_probes: int = 0
    probe_at: float = 0.0
    probing_since: float = 0.0  # 0.0: no probe is under way


@dataclass(frozen=True, slots=True)
class State:
    """A breaker as a status page shows it; times are Unix seconds, 0.0 for never."""

    operation: str
    mode: str
    open: bool
    probing: bool = False
    fault: str = ""
    accounts: int = 0
    opened_at: float = 0.0
    closed_at: float = 0.0
    probe_at: float = 0.0
    opened_times: int = 0


class Tried:
    """How many different accounts were tried within the last minute, in steps."""

    __slots__ = ("_counts", "_steps")

    def __init__(self) -> None:
        self._steps: dict[int, int] = {}  # account id -> step it was last tried in
        self._counts: dict[int, int] = {}  # step -> accounts last tried in it

    def add(self, account_id: int, now: float) -> None:
        step = int(now / STEP_S)
        before = self._steps.get(account_id)
        if before == step:
            return
        self._steps[account_id] = step
        counts = self._counts
        if before in counts:
            counts[before] -= 1
        if step not in counts:
            counts[step] = 0
            self._drop_old(step)
        counts[step] += 1

    def count(self, now: float) -> int:
        oldest = int((now - WITHIN_S) / STEP_S)
        return sum(n for step, n in self._counts.items() if step >= oldest)

    def _drop_old(self, step: int) -> None:
        oldest = step - int(WITHIN_S / STEP_S)
        for old in [one for one in self._counts if one < oldest]:
            del self._counts[old]
        if len(self._steps) > 2 * sum(self._counts.values()) + 64:
            live = self._counts
            self._steps = {i: at for i, at in self._steps.items() if at in live}


@dataclass(slots=True)
class Breaker:
    operation: str
    mode: str
    tried: Tried = field(default_factory=Tried)
    marks: dict[Outcome, dict[int, Mark]] = field(default_factory=dict)
    opening: Opening | None = None
    answered_at: float = 0.0  # when the latest call that was answered had begun
    opened_times: int = 0
    opened_at: float = 0.0
    closed_at: float = 0.0
    last_fault: Outcome = Outcome.NEUTRAL

    def admits(self, now: float) -> bool:
        """Whether a call may begin; where the breaker is open it is the one probe."""
        opening = self.opening
        if opening is None:
            return True
        if opening.probing_since:
            return now - opening.probing_since >= PROBE_PATIENCE_S
        return now >= opening.probe_at

    def begin(self, account_id: int, now: float) -> None:
        self.tried.add(account_id, now)
        if self.opening is not None:
            self.opening.probing_since = now

    def end(self, began: float) -> None:
        """A call is over; a probe that told nothing leaves its place to the next."""
        if self.opening is not None and self.opening.probing_since == began:
            self.opening.probing_since = 0.0

    def answered(self, account_id: int, began: float, now: float) -> bool:
        """Upstream has answered a call that began then; whether that closed it."""
        self.answered_at = max(self.answered_at, began)
        for marks in self.marks.values():
            if account_id in marks:
                marks[account_id].answered = True
        if self.opening is None or began < self.opening.since:
            return False
        self.opening = None
        self.closed_at = now
        self.marks.clear()
        return True

    def failed_again(self, fault: Outcome, began: float, now: float) -> None:
        """A common fault while open: if a probe met it, wait longer."""
        opening = self.opening
        if opening is None or opening.probing_since != began:
            return
        pause_s = PAUSES_S[min(opening.failed_probes, len(PAUSES_S) - 1)]
        opening.failed_probes += 1
        opening.probing_since = 0.0
        opening.probe_at = now + pause_s
        opening.fault = fault
        self.last_fault = fault

    def suspect(self, fault: Outcome, account_id: int, mark: Mark) -> bool:
        """Note a fault on an account; whether that opened the breaker."""
        marks = self.marks.setdefault(fault, {})
        for old in [one for one, m in marks.items() if m.at < mark.at - WITHIN_S]:
            del marks[old]
        known = marks.pop(account_id, None)
        if known is not None:
            mark.since, mark.before = known.since, known.before
            mark.counts = mark.counts or known.counts
            if mark.window is None:
                mark.window, mark.until = known.window, known.until
        marks[account_id] = mark
        count = sum(1 for one in marks.values() if self._counts(fault, one))
        if count < max(LEAST_ACCOUNTS, LEAST_SHARE * self.tried.count(mark.at)):
            return False
        self.opening = Opening(fault, mark.at, count, probe_at=mark.at)
        self.opened_at, self.last_fault = mark.at, fault
        self.opened_times += 1
        return True

    def forget(self, account_id: int) -> None:
        """An operator has decided about the account since."""
        for marks in self.marks.values():
            marks.pop(account_id, None)

    def to_withdraw(self, fault: Outcome) -> list[tuple[int, Mark]]:
        """What is to be undone after opening, by account."""
        marks = self.marks.get(fault, {})
        return [
            (one, mark)
            for one, mark in marks.items()
            if fault is not Outcome.RATE_LIMITED or self._unrefuted(mark)
        ]

    def retry_after_s(self, now: float) -> int:
        """Whole seconds until a call may be let through, at least 1."""
        if self.opening is None or self.opening.probing_since:
            return 1
        return max(1, math.ceil(self.opening.probe_at - now))

    def state(self) -> State:
        opening = self.opening
        return State(
            self.operation,
            self.mode,
            open=opening is not None,
            probing=opening is not None and opening.probing_since > 0.0,
            fault=str(self.last_fault) if self.opened_times else "",
            accounts=opening.accounts if opening else 0,
            opened_at=self.opened_at,
            closed_at=self.closed_at,
            probe_at=opening.probe_at if opening else 0.0,
            opened_times=self.opened_times,
        )

    def _counts(self, fault: Outcome, mark: Mark) -> bool:
        """Whether a mark speaks for a common cause."""
        if mark.answered or not mark.counts:
            return False
        return fault is not Outcome.RATE_LIMITED or self._unrefuted(mark)

    def _unrefuted(self, mark: Mark) -> bool:
        """Accounts run out of quota one by one as well.

        A call answered since a 429 shows that this was such a case.
        """
        return mark.at >= self.answered_at


class Breakers:
    """All breakers of a directory; one that nothing was asked of costs nothing."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Breaker] = {}

    def __iter__(self) -> Iterator[Breaker]:
        return iter(tuple(self._known.values()))

    def of(self, operation: str, mode: str) -> Breaker:
        breaker = self._known.get((operation, mode))
        if breaker is None:
            breaker = self._known[operation, mode] = Breaker(operation, mode)
        return breaker

    def forget(self, account_id: int) -> None:
        for breaker in self:
            breaker.forget(account_id)

    def states(self) -> list[State]:
        return [breaker.state() for breaker in self]
