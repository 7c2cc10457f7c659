"""`lease()`: reserve an account, hand it over, settle what came of it.

The one way to an account. Leaving the block always gives the slot back; what happened
is written behind the request.
"""

import logging
import time
from collections.abc import Set
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from accounts import directory, store, verdicts
from accounts.breaker import Breaker
from accounts.ready import Entry
from accounts.rows import AccountRow, Use
from accounts.standing import FAULTS, Outcome
from accounts.verdicts import Call, Ending, Settlement
from accounts.wishes import Rules, Wanted
from grokgateway import config, crypto
from grokgateway.jobs import outbox

logger = logging.getLogger(__name__)
GOOD = frozenset({Outcome.SUCCESS, Outcome.NEUTRAL})
__all__ = ["Blame", "Lease", "Outcome", "Wanted", "lease"]


@dataclass(slots=True)
class Blame:
    """One per request: it may lower the standing of one account at most, and once.

    A dead credential is the account's own fault and always counts. Any other fault met
    again says more about the request than about the accounts.
    """

    account_id: int | None = None

    def harmless(self, account_id: int, outcome: Outcome) -> bool:
        """Whether this fault is to be noted without consequence; notes the first."""
        if outcome is Outcome.CREDENTIAL or outcome in GOOD:
            return False
        if self.account_id is None:
            self.account_id = account_id
            return False
        return True


def lease(
    wanted: Wanted,
    *,
    exclude: Set[int] = frozenset(),
    request_id: str = "",
    blame: Blame | None = None,
    prefer: int | None = None,
) -> "Lease":
    """An account for one call, as `async with lease(...) as held`.

    `prefer` is taken if it is as ready as any other.
    Entering raises `NoAccountAvailable`. Leaving without `settle` counts as neither
    success nor failure; the unit is given back unless `mark_sent` was called.
    """
    return Lease(wanted, exclude, request_id, blame or Blame(), prefer)


class Lease:
    """What is held between entering and leaving; entered once."""

    __slots__ = (
        "_answered",
        "_began",
        "_blame",
        "_directory",
        "_entry",
        "_exclude",
        "_open",
        "_outcome",
        "_prefer",
        "_request_id",
        "_sent",
        "_settlement",
        "_shaken",
        "_token",
        "_wanted",
        "mode",
    )

    def __init__(
        self,
        wanted: Wanted,
        exclude: Set[int],
        request_id: str,
        blame: Blame,
        prefer: int | None,
    ) -> None:
        self._wanted = wanted
        self._exclude = exclude
        self._request_id = request_id
        self._blame = blame
        self._prefer = prefer
        self._directory = directory.current()
        self._entry: Entry | None = None
        self._open = False
        self._token = ""
        self._sent = False
        self._shaken = False  # the standing changed
        self._outcome: Outcome | None = None
        self._settlement = Settlement()
        self._answered = False
        self._began = 0.0
        self.mode = ""

    async def __aenter__(self) -> Self:
        accounts = self._directory = directory.current()
        accounts.follow(current_rules(), time.time())
        while not self._open:
            entry, self.mode, now = await directory.claim(
                self._wanted, self._exclude, self._prefer
            )
            try:
                self._token = clear_token(entry.row)
                self._entry, self._open, self._began = entry, True, now
            except crypto.Undecipherable:
                accounts.set_aside(entry, now)
                logger.warning(
                    "Account %s is left out: its credential is undecipherable.",
                    entry.row.public_id,
                )
            finally:
                if not self._open:
                    accounts.release(entry, self.mode, now, refund=True)
                    self._breaker().end(now)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open:
            self._open = False
            now = time.time()
            asked = self._sent or self._outcome is Outcome.SUCCESS
            spent = asked and self._wanted.spends
            self._directory.release(self._held(), self.mode, now, refund=not spent)
            self._breaker().end(self._began)
            self._write(now)

    @property
    def account_id(self) -> int:
        return self._held().id

    @property
    def public_id(self) -> str:
        return self._held().row.public_id

    @property
    def pool(self) -> str:
        return self._held().row.pool

    @property
    def user_id(self) -> str:
        return self._held().row.user_id

    @property
    def node(self) -> str:
        """The way out that the account is pinned to, if it is."""
        return self._held().row.node

    @property
    def guessed(self) -> bool:
        """Whether the window spent from is our guess rather than upstream's word."""
        stock = self._held().window(self.mode)
        return stock is not None and stock.source != "real"

    @property
    def counts_media(self) -> bool:
        """Whether upstream has told how much of such media the account may make."""
        kind = self._wanted.media
        return bool(kind) and self._held().row.counts_media(kind)

    def grounds(self) -> dict[str, object]:
        """Why it was this account, in plain values: for the request log.

        `chosen` is session, quota or random; `left` the units of the mode after this
        call, None where they are not counted; `inflight` counts this call too.
        """
        entry = self._held()
        stock = entry.window(self.mode)
        by_quota = current_rules().by_quota
        kept = self._prefer == entry.id
        return {
            "pool": entry.row.pool,
            "chosen": "session" if kept else "quota" if by_quota else "random",
            "left": stock.remaining if stock and by_quota else None,
            "inflight": entry.inflight,
        }

    def cookie_token(self) -> str:
        return self._token

    def another(self) -> bool:
        """Reserve one more unit, for a second question; False if there is none."""
        return self._directory.reserve_again(self._held(), self.mode, time.time())

    def mark_sent(self) -> None:
        """The call is on its way: from here on the unit counts as spent."""
        self._sent = True

    def answered(self) -> None:
        """Upstream has said something: it works, however long the rest may take."""
        if not self._answered and self._open:
            self._answered = True
            verdicts.answered(self._directory, self._call(), time.time())

    def settle(self, outcome: Outcome, *, retry_after_s: float | None = None) -> None:
        """Say how the call ended, before leaving the block; the first word counts."""
        if not self._open:
            raise RuntimeError("a lease is settled inside its block")
        if self._outcome is not None:
            return
        entry = self._held()
        before = entry.row
        self._outcome = outcome
        harmless = self._blame.harmless(entry.id, outcome)
        ending = Ending(outcome, time.time(), retry_after_s, harmless)
        self._settlement = verdicts.settle(self._directory, self._call(), ending)
        self._shaken = entry.row is not before

    def _call(self) -> Call:
        operation = self._wanted.operation
        entry = self._held()
        return Call(entry, operation, self.mode, self._began, self._request_id)

    def _breaker(self) -> Breaker:
        return self._directory.breakers.of(self._wanted.operation, self.mode)

    def _held(self) -> Entry:
        if self._entry is None:
            raise RuntimeError("no account is held before the lease's block")
        return self._entry

    def _write(self, now: float) -> None:
        entry, settlement = self._held(), self._settlement
        failed = self._outcome in FAULTS
        shared = self._directory.purse is not None
        stock = entry.window(self.mode)
        window = stock.row() if stock else None
        if shared and window is not None:  # the store counts units itself
            window = replace(window, remaining=0) if settlement.emptied else None
        change = settlement.change
        use = Use(
            entry.id,
            now,
            succeeded=False if failed else self._outcome is Outcome.SUCCESS or None,
            fail_reason=str(self._outcome) if failed else "",
            row=entry.stored_form() if self._shaken else None,
            window=window,
            revision=entry.row.revision,
            changes=(change,) if change else (),
            shared=shared,
            outcome=str(self._outcome or "") if self._shaken else "",
            request_id=self._request_id,
        )
        if shared and (self._shaken or settlement.emptied):
            self._directory.unsaved(entry, now)
        for one in (use, *settlement.corrections):
            outbox.current().put(store.USES, one)


def current_rules() -> Rules:
    snapshot = config.current()
    return Rules(
        max_inflight=snapshot.number("account.selection.max_inflight"),
        by_quota=snapshot.flag("account.refresh.enabled"),
    )


def clear_token(row: AccountRow) -> str:
    return crypto.ring().decrypt(row.ciphertext, context=f"account:{row.public_id}")
