"""Which account last served a session, so that the next turn may go to it again.

A preference and never more: forgotten after an hour, on restart, or when many others
have come since.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

LIFE_S = 3600.0
LIMIT = 20_000


class Sessions:
    """Session names to account ids, the oldest dropped past `limit`."""

    def __init__(
        self, limit: int = LIMIT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def account_of(self, session: str) -> int | None:
        if not session:
            return None
        until, account_id = self._known.get(session, (0.0, 0))
        return account_id if until > self._clock() else None

    def remember(self, session: str, account_id: int) -> None:
        self._known[session] = (self._clock() + LIFE_S, account_id)
        self._known.move_to_end(session)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


class Home:
    """Where the process keeps its sessions."""

    def __init__(self) -> None:
        self.sessions = Sessions()


HOME = Home()


def current() -> Sessions:
    return HOME.sessions
