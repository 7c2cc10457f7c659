"""What each key has in use now, within the last minute and today; pure and in memory.

A minute and the open requests are counted by this process alone. Days are counted over
all processes: what the others have stored is added each time the rows are read.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import GatewayError, Kind
from gateway.keys.cards import Limits

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
    """The counters of one key in this process."""

    def __init__(self) -> None:
        self.open = 0
        self._recent: deque[float] = deque()
        self._tally = Tally(0)

    def tally(self, day: int) -> Tally:
        """Of `day`; yesterday's is forgotten when the first one asks for today's."""
        if day > self._tally.day:
            self._tally = Tally(day)
        return self._tally

    def enter(self, limits: Limits, moment: Moment) -> None:
        """Count one more request, or refuse it and count nothing."""
        self._forget(moment)
        tally = self.tally(moment.day)
        refuse_over(limits, self, tally.used, moment)
        self.open += 1
        if limits.requests_per_min is not None:
            self._recent.append(moment.steady)
        tally.here = tally.here.plus(Amount(requests=1))

    def leave(self, tokens: int, day: int) -> None:
        """All of a request belongs to the day on which it was let in."""
        self.open -= 1
        tally = self.tally(day)
        if tally.day == day:
            tally.here = tally.here.plus(Amount(tokens=tokens))

    @property
    def in_minute(self) -> int:
        return len(self._recent)

    def minute_frees_in_s(self, moment: Moment) -> float:
        """Until the oldest request is a minute old."""
        return self._recent[0] + MINUTE_S - moment.steady if self._recent else 0.0

    def standing(self, limits: Limits, moment: Moment) -> Standing:
        self._forget(moment)
        used = self.tally(moment.day).used
        newest_s = self._recent[-1] + MINUTE_S - moment.steady if self._recent else 0.0
        midnight_s = moment.left_of_day_s
        per_minute = allowance(limits.requests_per_min, self.in_minute, newest_s)
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


def refuse_over(limits: Limits, meter: Meter, used: Amount, moment: Moment) -> None:
    """Raise RATE_LIMITED if one more request would be over a limit."""
    midnight_s = moment.left_of_day_s
    minute_s = meter.minute_frees_in_s(moment)
    rows = (
        (limits.concurrent, meter.open, BUSY_RETRY_S, "requests at once"),
        (limits.requests_per_min, meter.in_minute, minute_s, "requests a minute"),
        (limits.requests_per_day, used.requests, midnight_s, "requests a day (UTC)"),
        (limits.tokens_per_day, used.tokens, midnight_s, "tokens a day (UTC)"),
    )
    for limit, spent, wait_s, words in rows:
        if limit is not None and spent >= limit:
            raise GatewayError(
                Kind.RATE_LIMITED,
                f"This API key has reached its limit of {limit} {words}.",
                retry_after_s=max(1, math.ceil(wait_s)),
            )
