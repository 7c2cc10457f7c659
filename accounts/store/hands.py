"""What processes that share accounts have in hand, as the tables know it."""

from django.db.models import Sum

from accounts.claims.base import SLOTS
from accounts.claims.tables import ClaimLoad, ClaimSlice


def units_in_hand(account_id: int) -> dict[str, int]:
    """By mode; nobody takes more until the caller's transaction ends."""
    locked = ClaimLoad.objects.select_for_update().filter(account=account_id)
    if not locked.values_list("slots").first():
        return {}
    slices = ClaimSlice.objects.filter(account=account_id).exclude(mode=SLOTS)
    return dict(slices.order_by("mode").values_list("mode").annotate(n=Sum("count")))
