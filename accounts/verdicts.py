"""What the end of a call means: for its account, or for the pool as a whole.

A fault lowers the standing of one account; when many accounts meet it at once, the
breaker opens and what it did to them is withdrawn.
"""

import logging
from dataclasses import dataclass, replace

from accounts import standing
from accounts.breaker import COMMON, Breaker, Mark
from accounts.ready import Entry, Stock
from accounts.roster import Directory
from accounts.rows import StatusChange, Use, WindowRow, Withdrawn
from accounts.standing import Outcome

logger = logging.getLogger(__name__)
WITHDRAWN = "breaker opened: {fault}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was begun."""

    entry: Entry
    operation: str
    mode: str
    began: float
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended; `harmless`: its request has lowered another account already."""

    outcome: Outcome
    at: float
    retry_after_s: float | None = None
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows: a change of this account's status, and corrections to others."""

    change: StatusChange | None = None
    corrections: tuple[Use, ...] = ()
    emptied: bool = False  # the window, by a 429 that stands


def answered(accounts: Directory, call: Call, now: float) -> None:
    """Upstream has begun to answer the call as one does that works."""
    breaker = accounts.breakers.of(call.operation, call.mode)
    if breaker.answered(call.entry.id, call.began, now):
        logger.warning(
            "Upstream answers %s calls in mode %s again.", call.operation, call.mode
        )


def settle(accounts: Directory, call: Call, ending: Ending) -> Settlement:
    breaker = accounts.breakers.of(call.operation, call.mode)
    outcome, entry = ending.outcome, call.entry
    if outcome is Outcome.SUCCESS:
        answered(accounts, call, ending.at)
    common = outcome in COMMON
    if common and breaker.opening is not None:
        breaker.failed_again(outcome, call.began, ending.at)
        return Settlement()
    row, stock = entry.row, entry.window(call.mode)
    before = unallotted(accounts, stock) if stock else None
    change = accounts.settle(
        entry,
        call.mode,
        outcome,
        ending.at,
        retry_after_s=ending.retry_after_s,
        harmless=ending.harmless,
        request_id=call.request_id,
    )
    emptied = outcome is Outcome.RATE_LIMITED and stock is not None
    if not common or (ending.harmless and not emptied):
        return Settlement(change)
    mark = Mark(ending.at, ending.at, row, counts=not ending.harmless)
    if outcome is Outcome.RATE_LIMITED and stock is not None:
        mark.window, mark.until = before, stock.cooling_until
    if not breaker.suspect(outcome, entry.id, mark):
        return Settlement(change, emptied=emptied and not ending.harmless)
    return Settlement(change, withdraw(accounts, breaker, outcome, ending.at))


def unallotted(accounts: Directory, stock: Stock) -> WindowRow:
    """The window as it is stored: what is in hand is not in it."""
    row = stock.row()
    in_hand = accounts.purse.in_hand(stock) if accounts.purse else 0
    return replace(row, remaining=max(0, row.remaining - in_hand)) if in_hand else row


def withdraw(
    accounts: Directory, breaker: Breaker, fault: Outcome, now: float
) -> tuple[Use, ...]:
    """Undo what a common fault did to accounts within the last minute."""
    found = breaker.to_withdraw(fault)
    breaker.marks.pop(fault, None)
    logger.warning(
        "%d accounts met the same fault (%s) within a minute: %s calls in mode %s are "
        "paused but for probes, and what it did to accounts is withdrawn.",
        len(found),
        fault,
        breaker.operation,
        breaker.mode,
    )
    uses = []
    for account_id, mark in found:
        entry = accounts.entry(account_id)
        if entry is not None:
            uses += withdraw_one(accounts, entry, breaker.mode, fault, mark, now)
    return tuple(uses)


def withdraw_one(
    accounts: Directory,
    entry: Entry,
    mode: str,
    fault: Outcome,
    mark: Mark,
    now: float,
) -> list[Use]:
    """What is to be stored of one account that is as it was; nothing if it was so."""
    parked = entry.row
    row = standing.withdrawn(parked, fault, mark.before, mark.since)
    accounts.restand(entry, row, now)
    stock: Stock | None = None
    if mark.window is not None:
        stock = accounts.put_back(entry, mode, mark.window, mark.until, now)
    if row is parked and stock is None:
        return []
    window = stock.row() if stock else None
    if stock is not None and accounts.purse is not None:
        stock.remaining += accounts.purse.in_hand(stock)
    changes: tuple[StatusChange, ...] = ()
    if row.status != parked.status:
        reason = WITHDRAWN.format(fault=fault)
        changes = (StatusChange(entry.id, now, parked.status, row.status, reason),)
    accounts.unsaved(entry, now)
    return [
        Use(
            entry.id,
            now,
            succeeded=None,
            row=entry.stored_form() if row is not parked else None,
            window=window,
            revision=row.revision,
            changes=changes,
            shared=accounts.purse is not None,
            withdrawn=Withdrawn(str(fault), mark.since, mark.before),
        )
    ]
