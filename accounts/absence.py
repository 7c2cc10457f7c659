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
    if media and (more_at := media_again(shelves, media, now)):
        return NoAccountAvailable("quota_exhausted", max(1, math.ceil(more_at - now)))
    parked = [parking for shelf in shelves if (parking := shelf.earliest())]
    if not parked or any(shelf.busy for shelf in shelves):
        return NoAccountAvailable("saturated", 1)
    until, _, first = min(parked)
    cooling_until = max(first.cooling_until, first.entry.row.cooling_until)
    reason = "cooling" if cooling_until > now else "quota_exhausted"
    return NoAccountAvailable(reason, max(1, math.ceil(until - now)))


def media_again(shelves: Sequence[Shelf], media: str, now: float) -> float:
    """When the first of those who have none left has more; 0.0 if none waits for it.

    Looks at all of them, for a call that found nobody.
    """
    stocks = chain.from_iterable((*shelf.ready, *shelf.fallow) for shelf in shelves)
    times = (stock.entry.row.media_until(media) for stock in stocks)
    return min((until for until in times if until > now), default=0.0)
