"""Numbers that let the directory in memory find what others have changed.

Every change made outside the running directory takes a fresh number in the transaction
of its rows. The counter row stays locked until that transaction ends, so numbers become
visible in order: a reader that has seen one has missed none before it.
"""

from django.db.models import F

from accounts import notices
from accounts.models import DirectoryRevision


def current_revision() -> int:
    return (
        DirectoryRevision.objects.filter(pk=1).values_list("value", flat=True).first()
        or 0
    )


def take_revision() -> int:
    """Return a fresh revision, held until the caller's transaction ends.

    The other processes are told then.
    """
    notices.announce()
    counter = DirectoryRevision.objects.filter(pk=1)
    if not counter.update(value=F("value") + 1):
        DirectoryRevision.objects.bulk_create(
            [DirectoryRevision(pk=1)], ignore_conflicts=True
        )
        counter.update(value=F("value") + 1)
    return counter.values_list("value", flat=True).get()
