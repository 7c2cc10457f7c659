"""Why no account can be had now, and when one can; pure."""

import math
from collections.abc import Sequence
from itertools import chain

from accounts.errors import NoAccountAvailable
from accounts.ready import Shelf


def refusal(
    shelves: Sequence[Shelf], now: float, media: str = ""
) -> NoAccountAvailable:
    """Why none of these shelves has an account to give, and when one will."""
    if not any(shelf.usable for shelf in shelves):
        return NoAccountAvailable("no_accounts")
    if any(shelf.busy for shelf in shelves):
        return NoAccountAvailable("saturated", 1)
    more_at = media_again(shelves, media, now) if media else 0.0
    parked = [parking for shelf in shelves if (parking := shelf.earliest())]
    if not parked:
        return (
            exhausted(more_at, now) if more_at else NoAccountAvailable("saturated", 1)
        )
    until, _, first = min(parked)
    if more_at and more_at <= until:
        return exhausted(more_at, now)
    cooling_until = max(first.cooling_until, first.entry.row.cooling_until)
    if cooling_until > now:
        return NoAccountAvailable("cooling", seconds_to(until, now))
    return exhausted(until, now)


def exhausted(until: float, now: float) -> NoAccountAvailable:
    return NoAccountAvailable("quota_exhausted", seconds_to(until, now))


def seconds_to(until: float, now: float) -> int:
    return max(1, math.ceil(until - now))


def media_again(shelves: Sequence[Shelf], media: str, now: float) -> float:
    """When the first of those who have none left has more; 0.0 if none waits for it.

    Looks at all of them, for a call that found nobody.
    """
    stocks = chain.from_iterable((*shelf.ready, *shelf.fallow) for shelf in shelves)
    times = (stock.entry.row.media_until(media) for stock in stocks)
    return min((until for until in times if until > now), default=0.0)
