"""The accounts one request tries: which it may still have, and what it says if none."""

import time

from accounts import leases
from accounts.errors import NoAccountAvailable, PoolPaused
from accounts.wishes import Wanted
from gateway import refreshing, sessions
from gateway.asking import Ask
from gateway.catalog import Route
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from grokgateway.config import Snapshot

RANDOM_RETRIES = 5
MOVES = 4  # two witnesses for each of two operations, an upload and what uses it
RETRY_AFTER_UNKNOWN_S = 30
SPENT = frozenset({"quota_exhausted", "cooling"})

NO_ACCOUNT_MESSAGES = {
    "no_accounts": "No account is configured for this model.",
    "quota_exhausted": "All accounts for this model have used up their quota.",
    "cooling": "All accounts for this model are cooling down.",
    "saturated": "All accounts for this model are busy.",
    "unreachable": "The store of accounts that processes share cannot be reached.",
}
UNSERVED = frozenset({"no_accounts", "unreachable"})
PAUSED = "Upstream fails for many accounts at once; calls are paused until it recovers."
PAUSED_KINDS = {
    leases.Outcome.RATE_LIMITED: Kind.RATE_LIMITED,
    leases.Outcome.SERVER: Kind.UPSTREAM_ERROR,
}


class Search:
    """The accounts one request has tried, and what it may still try."""

    def __init__(
        self, route: Route, snapshot: Snapshot, ask: Ask, wanted: Wanted | None = None
    ) -> None:
        fallback = snapshot.flag("features.auto_chat_mode_fallback")
        self._wanted = wanted or Wanted(
            pools=ask.caller.admitted(route.pools),
            modes=route.modes(auto_fallback=fallback),
        )
        self._journal = ask.journal
        self._session = ask.session
        self._snapshot = snapshot
        self._asked_around = False
        self._preferred = sessions.current().account_of(ask.session)
        self._excluded: set[int] = set()
        self.trying = 0  # id of the account in hand
        self._blame = leases.Blame()
        self._failure: UpstreamFailure | None = None
        self._moves_left = MOVES
        self._retries_left = RANDOM_RETRIES
        if snapshot.flag("account.refresh.enabled"):
            self._retries_left = snapshot.number("retry.max_retries")

    def lease(self) -> leases.Lease:
        self._journal.leased = time.perf_counter()
        return leases.lease(
            self._wanted,
            exclude=self._excluded,
            request_id=self._journal.request_id,
            blame=self._blame,
            prefer=self._preferred,
        )

    def succeeded(self) -> None:
        """The session stays with the account that served it."""
        if self._session:
            sessions.current().remember(self._session, self.trying)

    def may_retry(self, failure: UpstreamFailure) -> bool:
        """Whether another account is to be tried after `failure`; notes that it is."""
        self._failure = failure
        if not failure.retryable:
            return False
        if failure.fault is UpstreamFault.MOVED:  # costs nobody anything
            self._moves_left -= 1
            self._excluded.add(self.trying)
            return self._moves_left >= 0
        if self._retries_left <= 0:
            return False
        self._retries_left -= 1
        self._excluded.add(self.trying)
        return True

    async def worth_another_look(self, absence: NoAccountAvailable) -> bool:
        """Ask upstream about a few accounts we believe used up; once a request."""
        if self._asked_around or absence.reason not in SPENT:
            return False
        if not self._snapshot.flag("account.refresh.enabled"):
            return False
        self._asked_around = True
        on_demand = refreshing.HOME.on_demand
        return await on_demand.help(self._wanted, self._snapshot)

    def final(self, failure: UpstreamFailure) -> GatewayError:
        """The failure as the caller shall see it, with a time to come back."""
        if failure.kind is Kind.RATE_LIMITED and failure.retry_after_s is None:
            failure.retry_after_s = RETRY_AFTER_UNKNOWN_S
        return failure

    def nothing_left(self, absence: NoAccountAvailable) -> GatewayError:
        """No account to be had: the failure that brought us here, if there was one."""
        paused = isinstance(absence, PoolPaused)
        if self._failure is not None:
            if paused or self._failure.kind is Kind.RATE_LIMITED:
                self._failure.retry_after_s = absence.retry_after_s
            return self._failure
        if isinstance(absence, PoolPaused):
            kind = PAUSED_KINDS.get(absence.fault, Kind.UPSTREAM_UNAVAILABLE)
            return GatewayError(kind, PAUSED, retry_after_s=absence.retry_after_s)
        none = absence.reason == "no_accounts"
        return GatewayError(
            Kind.NO_ACCOUNT if absence.reason in UNSERVED else Kind.RATE_LIMITED,
            NO_ACCOUNT_MESSAGES[absence.reason],
            retry_after_s=None if none else absence.retry_after_s,
        )
