"""What is thrown away for good, in steps short enough to let others write."""

from datetime import datetime

from accounts.models import Account, StatusEvent
from accounts.store.changes import locked
from accounts.store.values import CHUNK_ROWS
from grokgateway.replica import writing


def purge_events(before: datetime) -> int:
    """Delete status events older than this; return how many."""
    purged = 0
    events = StatusEvent.objects.filter(at__lt=before).order_by("id")
    while ids := list(events.values_list("pk", flat=True)[:CHUNK_ROWS]):
        with writing():
            purged += StatusEvent.objects.filter(pk__in=ids).delete()[0]
    return purged


def purge_deleted(before: datetime) -> int:
    """Delete accounts that were taken out before this, with all that hangs on them."""
    purged = 0
    while count := purge_some(before):
        purged += count
    return purged


@writing()
def purge_some(before: datetime) -> int:
    accounts = locked().filter(deleted_at__lt=before)
    ids = list(accounts.values_list("pk", flat=True)[:CHUNK_ROWS])
    Account.objects.filter(pk__in=ids).delete()
    return len(ids)
