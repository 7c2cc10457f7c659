"""Read queries on accounts that more than one caller needs."""

from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet

from accounts.credentials import token_hash
from accounts.models import Account, Status
from accounts.tokens import normalise

# disabled by the gateway, after refusals, and by no operator
BY_OPERATOR = "operator_disabled"
STRUCK = Q(status=Status.DISABLED) & ~Q(state_reason=BY_OPERATOR)


def live(pools: Sequence[str] = (), statuses: Sequence[str] = ()) -> QuerySet[Account]:
    """Accounts that are not deleted, oldest first; no pool or status means all."""
    accounts = Account.objects.filter(deleted_at=None)
    if pools:
        accounts = accounts.filter(pool__in=pools)
    if statuses:
        accounts = accounts.filter(status__in=statuses)
    return accounts.order_by("id")


def totals() -> dict[tuple[str, str], int]:
    """Live accounts by (pool, status)."""
    counted = live().order_by().values_list("pool", "status").annotate(n=Count("id"))
    return {(pool, status): count for pool, status, count in counted}


def find(reference: str) -> Account | None:
    """Return the account of a public id or a token, deleted ones too."""
    return matching(reference).first()


def matching(reference: str) -> QuerySet[Account]:
    """The account whose public id or token this is."""
    by_id = Account.objects.filter(public_id=reference.strip())
    try:
        hashed = token_hash(normalise(reference).token)
    except ValueError:
        return by_id
    return by_id | Account.objects.filter(token_hash=hashed)
