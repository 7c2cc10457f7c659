"""What an account has left for pictures and films, asked beside its quotas (13.6).

Optional: an upstream that does not know the question is left alone for an hour, and an
account that does not answer keeps what was known of it.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, TypeVar

from accounts.allowances import MediaLeft, Week
from gateway.errors import GatewayError, UpstreamFailure
from gateway.upstream import media_quota, weekly_credits
from gateway.upstream.headers import Login
from grokgateway.config import Snapshot

logger = logging.getLogger(__name__)

REST_S = 3600.0
PAID = frozenset({"super", "heavy"})
KEY = "account.refresh.media"
Question = Literal["media", "credits"]
Answer = TypeVar("Answer")


class Unknown:
    """Questions that upstream did not know of late, and until when they rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Question, float] = {}

    def rests(self, question: Question) -> bool:
        return self._clock() < self._until.get(question, 0.0)

    def rest(self, question: Question) -> None:
        self._until[question] = self._clock() + REST_S

    async def answer(
        self, question: Question, asking: Callable[[], Awaitable[Answer]]
    ) -> Answer | None:
        """None where nothing was learnt."""
        if self.rests(question):
            return None
        try:
            return await asking()
        except UpstreamFailure as failure:
            if failure.absent:
                self.rest(question)
            logger.info("Upstream did not tell of %s: %s", question, failure.cause)
        except GatewayError as error:
            logger.info("Upstream was not asked for %s: %s", question, error.message)
        return None


async def media(
    unknown: Unknown, login: Login, snapshot: Snapshot
) -> Mapping[str, MediaLeft] | None:
    """By kind; None where nothing was learnt."""
    if not snapshot.flag(KEY):
        return None
    told = await unknown.answer("media", lambda: media_quota.fetch(login, snapshot))
    if told is None:
        return None
    return {
        kind: MediaLeft(one.available, one.remaining, one.window_s, one.next_at)
        for kind, one in told.items()
    }


async def weeks(
    unknown: Unknown, login: Login, pool: str, snapshot: Snapshot
) -> Sequence[Week] | None:
    """At most one; none for an account without credits. None: nothing was learnt."""
    if not snapshot.flag(KEY) or pool not in PAID:
        return None

    async def ask() -> list[weekly_credits.Credits]:
        found = await weekly_credits.fetch(login, snapshot)
        return [] if found is None else [found]

    told = await unknown.answer("credits", ask)
    if told is None:
        return None
    return [Week(one.percent, one.begins_at, one.ends_at, one.products) for one in told]
