"""The status machine: what an outcome does to an account's standing (accounts.md 4.4).

Pure: takes the state and the time, gives the new state and the line for its history.
"""

from dataclasses import replace
from enum import StrEnum

from accounts.rows import AccountRow, StatusChange

UNAUTHORIZED_WITHIN_S = 600.0
STRIKES_TO_DISABLE = 3
STRIKES_WITHIN_S = 86_400.0
SERVER_FAULTS_TO_COOL = 5
COOLING_FIRST_S = 60.0
COOLING_MAX_S = 900.0
DOUBLINGS_MAX = 4


class Outcome(StrEnum):
    """How a lease ended, in the words of the account."""

    SUCCESS = "success"
    RATE_LIMITED = "rate_limited"
    CREDENTIAL = "invalid_credentials"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    SERVER = "server_error"
    CHALLENGED = "challenge"  # what stands before upstream refused; no account's fault
    NEUTRAL = "neutral"


FAULTS = frozenset(Outcome) - {Outcome.SUCCESS, Outcome.NEUTRAL, Outcome.CHALLENGED}
PARKED = {
    Outcome.UNAUTHORIZED: "expired",
    Outcome.FORBIDDEN: "disabled",
    Outcome.SERVER: "cooling",
}


def judge(
    row: AccountRow, outcome: Outcome, now: float, request_id: str = ""
) -> tuple[AccountRow, StatusChange | None]:
    """The state after `outcome`, and the change of status if there was one."""
    after = consequence(row, outcome, now)
    if after.status == row.status:
        return after, None
    reason = str(outcome)
    change = StatusChange(row.id, now, row.status, after.status, reason, request_id)
    return after, change


def consequence(row: AccountRow, outcome: Outcome, now: float) -> AccountRow:
    """The very same object where nothing changes.

    What is expired or disabled leaves that state by an operator's hand only, but a
    credential marker is final whatever the state. A 429 concerns a window alone.
    """
    if outcome is Outcome.CREDENTIAL:
        return replace(row, status="expired")
    if not usable(row):
        return row
    match outcome:
        case Outcome.SUCCESS:
            return recovered(row, now)
        case Outcome.UNAUTHORIZED:
            return unauthorized(row, now)
        case Outcome.FORBIDDEN:
            return struck(row, now)
        case Outcome.SERVER:
            return faltered(row, now)
        case _:
            return row


def recovered(row: AccountRow, now: float) -> AccountRow:
    """A success ends what was only suspected, and a cooling that is over."""
    if row.server_faults or row.unauthorized_at:
        row = replace(row, server_faults=0, unauthorized_at=0.0)
    if row.status == "cooling" and row.cooling_until <= now:
        row = replace(row, status="active", cooling_until=0.0)
    return row


def unauthorized(row: AccountRow, now: float) -> AccountRow:
    """A bare 401: expired at the second one within ten minutes."""
    if row.unauthorized_at and now - row.unauthorized_at <= UNAUTHORIZED_WITHIN_S:
        return replace(row, status="expired", unauthorized_at=now)
    return replace(row, unauthorized_at=now)


def struck(row: AccountRow, now: float) -> AccountRow:
    """A 403 without marker or challenge: disabled at the third within a day."""
    recent = [at for at in row.strikes if now - at < STRIKES_WITHIN_S]
    strikes = (*recent, now)
    status = "disabled" if len(strikes) >= STRIKES_TO_DISABLE else row.status
    return replace(row, strikes=strikes, status=status)


def faltered(row: AccountRow, now: float) -> AccountRow:
    """A 5xx: from the fifth in a row on it cools, ever longer up to 15 minutes.

    Calls that were in flight when the cooling began belong to the same failure and
    do not lengthen it.
    """
    if row.cooling_until > now:
        return row
    faults = row.server_faults + 1
    if faults < SERVER_FAULTS_TO_COOL:
        return replace(row, server_faults=faults)
    doublings = min(faults - SERVER_FAULTS_TO_COOL, DOUBLINGS_MAX)
    cooling_s = min(COOLING_FIRST_S * 2**doublings, COOLING_MAX_S)
    return replace(
        row, server_faults=faults, status="cooling", cooling_until=now + cooling_s
    )


def withdrawn(
    row: AccountRow, fault: Outcome, before: AccountRow, since: float
) -> AccountRow:
    """The state without what `fault` did to it since then; `before` is from then."""
    match fault:
        case Outcome.UNAUTHORIZED:
            after = replace(row, unauthorized_at=before.unauthorized_at)
        case Outcome.FORBIDDEN:
            older = tuple(at for at in row.strikes if at < since)
            after = replace(row, strikes=older)
        case Outcome.SERVER:
            after = replace(
                row,
                server_faults=before.server_faults,
                cooling_until=before.cooling_until,
            )
        case _:
            return row
    if row.status == PARKED[fault]:
        after = replace(after, status=before.status)
    return row if after == row else after


def usable(row: AccountRow) -> bool:
    """Whether the account may ever be chosen as it stands."""
    return not row.deleted and row.status in {"active", "cooling"}
