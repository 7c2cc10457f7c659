"""Standings that several processes change: outcomes are judged on what is stored."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts import standing
from accounts.claims import telling
from accounts.models import Account, Status
from accounts.rows import AccountRow, StatusChange, Use, WindowRow
from accounts.standing import Outcome
from accounts.store.values import moment, row_of

REASON_MAX_CHARS = 200


@dataclass(slots=True)
class Replay:
    """What follows beside the accounts themselves."""

    windows: list[tuple[int, WindowRow]] = field(default_factory=list)
    changes: list[StatusChange] = field(default_factory=list)


def replay(uses: Mapping[int, Sequence[Use]], revision: int) -> Replay:
    """Write the accounts, which the caller has locked, with this fresh revision.

    What a process saw before an operator decided about the account is dropped.
    """
    found = Replay()
    barred: dict[int, float] = {}
    for account in Account.objects.filter(pk__in=list(uses)):
        counted = [use for use in uses[account.pk] if use.revision >= account.ruled_at]
        if not counted:
            continue
        before = row_of(account, ())
        row, changes = judged(before, counted)
        if (row.status, row.cooling_until) != (before.status, before.cooling_until):
            usable = standing.usable(row)
            barred[account.pk] = row.cooling_until if usable else math.inf
        Account.objects.filter(pk=account.pk).update(
            **state(row, changes), revision=revision
        )
        found.changes += changes
        for use in counted:
            if use.window is not None:
                found.windows.append((account.pk, use.window))
    telling.bar(barred)
    return found


def judged(
    row: AccountRow, uses: Sequence[Use]
) -> tuple[AccountRow, list[StatusChange]]:
    changes = []
    for use in uses:
        after, change = once_more(row, use)
        if change is not None:
            changes.append(change)
        row = after
    return row, changes


def once_more(row: AccountRow, use: Use) -> tuple[AccountRow, StatusChange | None]:
    if use.withdrawn is None:
        outcome = Outcome(use.outcome) if use.outcome else Outcome.NEUTRAL
        return standing.judge(row, outcome, use.at, use.request_id)
    gone = use.withdrawn
    after = standing.withdrawn(row, Outcome(gone.fault), gone.before, gone.since)
    if after.status == row.status:
        return after, None
    reason = use.changes[0].reason if use.changes else gone.fault
    return after, StatusChange(row.id, use.at, row.status, after.status, reason)


def state(row: AccountRow, changes: Sequence[StatusChange]) -> dict[str, object]:
    values: dict[str, object] = {
        "status": row.status,
        "cooling_until": moment(row.cooling_until),
        "strikes": list(row.strikes),
        "unauthorized_at": moment(row.unauthorized_at),
        "server_faults": row.server_faults,
    }
    if row.status == Status.ACTIVE:
        values["state_reason"] = ""
    elif changes:
        values["state_reason"] = changes[-1].reason[:REASON_MAX_CHARS]
    return values
