"""What each key has in use now, within the last minute and today; pure and in memory.

Where processes share the limits, a request also needs something of each in the hand of
its process. Of days, what the others have stored is added each time the rows are read.
"""

import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import GatewayError, Kind
from gateway.keys.cards import Limits
from gateway.keys.hands import (
    DAILY,
    MINUTE,
    NO_DAY,
    OPEN,
    REQUESTS,
    TOKENS,
    Got,
    Hand,
    Short,
    Want,
)

MINUTE_S = 60.0
DAY_S = 86_400
BUSY_RETRY_S = 1  # when one of the open requests ends is not known


class Moment(NamedTuple):
    """`steady` never goes back and measures minutes; `unix` tells the day (UTC)."""

    steady: float
    unix: float

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return int(self.unix // DAY_S)

    @property
    def left_of_day_s(self) -> float:
        return DAY_S - self.unix % DAY_S


class Allowance(NamedTuple):
    """`reset_s`: seconds until all of `limit` is free again."""

    limit: int
    remaining: int
    reset_s: float


class Standing(NamedTuple):
    """What is left to a key; of several limits the one nearest to its end."""

    requests: Allowance | None = None
    tokens: Allowance | None = None


class Amount(NamedTuple):
    requests: int = 0
    tokens: int = 0

    def plus(self, other: "Amount") -> "Amount":
        return Amount(self.requests + other.requests, self.tokens + other.tokens)

    def minus(self, other: "Amount") -> "Amount":
        return Amount(self.requests - other.requests, self.tokens - other.tokens)


@dataclass(slots=True)
class Tally:
    """One day: used here, stored of that, and used by other processes or before."""

    day: int
    here: Amount = field(default_factory=Amount)
    written: Amount = field(default_factory=Amount)
    elsewhere: Amount = field(default_factory=Amount)

    @property
    def used(self) -> Amount:
        return self.here.plus(self.elsewhere)


class Meter:
    """The counters of one key in this process; `lock` is held for a few steps only."""

    def __init__(self) -> None:
        self.open = 0
        self.hand = Hand()
        self._recent: deque[float] = deque()
        self._tally = Tally(0)
        self._lock = threading.Lock()

    def tally(self, day: int) -> Tally:
        """Of `day`; yesterday's is forgotten when the first one asks for today's."""
        if day > self._tally.day:
            self._tally = Tally(day)
        return self._tally

    def enter(
        self,
        limits: Limits,
        moment: Moment,
        *,
        shared: bool = False,
        stale: bool = False,
    ) -> None:
        """Count one more request, or refuse it and count nothing.

        Raises `Short` if the limits are `shared` and too little is in hand, or what is
        in hand is `stale`.
        """
        with self._lock:
            self._forget(moment)
            tally = self.tally(moment.day)
            refuse_over(limits, self, tally.used, moment)
            if shared:
                self._need_in_hand(limits, moment, stale=stale)
            self.open += 1
            if limits.requests_per_min is not None:
                self._recent.append(moment.steady)
            tally.here = tally.here.plus(Amount(requests=1))
            if shared:
                for kind, _ in limited(limits):
                    self.hand.touched(kind, self.busy(kind))

    def _need_in_hand(self, limits: Limits, moment: Moment, *, stale: bool) -> None:
        self.hand.turn_to(moment.day)
        for kind, limit in limited(limits):
            if stale or self.hand.free(kind, self.busy(kind)) < 1:
                seen = self.hand.seen(kind)
                spent_s = moment.left_of_day_s if seen.used >= limit else 0.0
                minute_s = self.minute_frees_in_s(moment)
                wait_s = {MINUTE: minute_s, OPEN: 0.0}.get(kind, spent_s)
                refused = refusal(limit, WORDS[kind], wait_s)
                raise Short(refused, others=seen.others > 0)

    def busy(self, kind: str) -> int:
        """How much of what is in hand is in use, or spent and not stored yet."""
        here, written = self._tally.here, self._tally.written
        if kind == OPEN:
            return self.open
        if kind == MINUTE:
            return self.in_minute
        if kind == REQUESTS:
            return here.requests - written.requests
        return here.tokens - written.tokens

    def state(
        self,
        limits: Limits,
        moment: Moment,
        *,
        waiting: int = 0,
        give: bool = False,
        give_all: bool = False,
    ) -> tuple[list[Want], bool]:
        """What is kept of each limit, and whether anything was let go of."""
        with self._lock:
            self._forget(moment)
            self.tally(moment.day)
            self.hand.turn_to(moment.day)
            wants, given = [], 0
            for kind, limit in limited(limits):
                busy = self.busy(kind)
                given += self.hand.settle(kind, busy, give=give, give_all=give_all)
                units = max(0, min(waiting, limit) - self.hand.free(kind, busy))
                day = moment.day if kind in DAILY else NO_DAY
                keep = self.hand.held(kind)
                wants.append(Want(kind, limit, day, keep, units))
            return wants, given > 0

    def take(self, wants: list[Want], got: dict[str, Got]) -> None:
        with self._lock:
            for want in wants:
                self.hand.take(want.kind, want.day, got[want.kind])

    def wrote(self, day: int, amount: Amount) -> None:
        """So much of this process's use of `day` stands in the tables now."""
        with self._lock:
            tally = self.tally(day)
            if tally.day == day:
                tally.written = tally.written.plus(amount)
                self.hand.stored(REQUESTS, day, amount.requests)
                self.hand.stored(TOKENS, day, amount.tokens)

    def leave(self, tokens: int, day: int) -> None:
        """All of a request belongs to the day on which it was let in."""
        with self._lock:
            self.open -= 1
            tally = self.tally(day)
            if tally.day == day:
                tally.here = tally.here.plus(Amount(tokens=tokens))

    @property
    def in_minute(self) -> int:
        return len(self._recent)

    def recent(self, moment: Moment) -> int:
        with self._lock:
            self._forget(moment)
            return self.in_minute

    def minute_frees_in_s(self, moment: Moment) -> float:
        """Until the oldest request is a minute old."""
        return self._recent[0] + MINUTE_S - moment.steady if self._recent else 0.0

    def standing(self, limits: Limits, moment: Moment) -> Standing:
        with self._lock:
            self._forget(moment)
            return self._standing(limits, moment)

    def _standing(self, limits: Limits, moment: Moment) -> Standing:
        used = self.tally(moment.day).used
        newest_s = self._recent[-1] + MINUTE_S - moment.steady if self._recent else 0.0
        midnight_s = moment.left_of_day_s
        in_minute = self.in_minute + self.hand.seen(MINUTE).others
        per_minute = allowance(limits.requests_per_min, in_minute, newest_s)
        per_day = allowance(limits.requests_per_day, used.requests, midnight_s)
        counted = [one for one in (per_minute, per_day) if one is not None]
        return Standing(
            min(counted, key=lambda one: one.remaining, default=None),
            allowance(limits.tokens_per_day, used.tokens, midnight_s),
        )

    def _forget(self, moment: Moment) -> None:
        while self._recent and self._recent[0] + MINUTE_S <= moment.steady:
            self._recent.popleft()


def allowance(limit: int | None, used: int, reset_s: float) -> Allowance | None:
    if limit is None:
        return None
    return Allowance(limit, max(0, limit - used), reset_s if used else 0.0)


def limited(limits: Limits) -> Iterator[tuple[str, int]]:
    """The limits that are set, by kind."""
    rows = (
        (OPEN, limits.concurrent),
        (MINUTE, limits.requests_per_min),
        (REQUESTS, limits.requests_per_day),
        (TOKENS, limits.tokens_per_day),
    )
    return ((kind, limit) for kind, limit in rows if limit is not None)


WORDS = {
    OPEN: "requests at once",
    MINUTE: "requests a minute",
    REQUESTS: "requests a day (UTC)",
    TOKENS: "tokens a day (UTC)",
}


def refuse_over(limits: Limits, meter: Meter, used: Amount, moment: Moment) -> None:
    """Raise RATE_LIMITED if one more request would be over a limit."""
    midnight_s = moment.left_of_day_s
    spent = {
        OPEN: (meter.open, BUSY_RETRY_S),
        MINUTE: (meter.in_minute, meter.minute_frees_in_s(moment)),
        REQUESTS: (used.requests, midnight_s),
        TOKENS: (used.tokens, midnight_s),
    }
    for kind, limit in limited(limits):
        count, wait_s = spent[kind]
        if count >= limit:
            raise refusal(limit, WORDS[kind], wait_s)


def refusal(limit: int, words: str, wait_s: float) -> GatewayError:
    return GatewayError(
        Kind.RATE_LIMITED,
        f"This API key has reached its limit of {limit} {words}.",
        retry_after_s=max(1, math.ceil(wait_s)),
    )
