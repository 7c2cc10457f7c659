"""Changes to many accounts at once, each with a restore point; in chunks of 500."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import restorepoints, store
from accounts.claims import telling
from accounts.models import Account, QuotaWindow, RestorePoint, Status, TierSource
from accounts.store import reset_windows, take_revision
from accounts.store.changes import locked, record
from accounts.store.values import chunks, window_row
from accounts.tokens import clean_tags


@dataclass(frozen=True, slots=True)
class Changed:
    """`undo` is the id of the restore point, empty where nothing was changed."""

    count: int
    undo: str = ""


def delete(ids: Iterable[int], by: str, reason: str = "operator_deleted") -> Changed:
    return protected("delete", by, ids, lambda c: store.soft_delete(c, reason, by))


def disable(ids: Iterable[int], by: str) -> Changed:
    return protected("disable", by, ids, lambda chunk: store.disable(chunk, by=by))


def enable(ids: Iterable[int], by: str) -> Changed:
    """The same for accounts that are not deleted."""
    return protected("enable", by, ids, lambda chunk: store.restore(living(chunk), by))


def clear_cooldown(ids: Iterable[int], by: str) -> Changed:
    """Let cooling accounts and windows be tried again; quotas stay as they are."""
    return protected("clear-cooldown", by, ids, lambda chunk: cleared(chunk, by))


def restore(ids: Iterable[int], by: str) -> Changed:
    """Active again, failures cleared, windows full; deleted ones come back."""
    return protected("restore", by, ids, lambda chunk: store.restore(chunk, by))


def move(ids: Iterable[int], pool: str, by: str) -> Changed:
    """Another pool by the operator's word, with its default windows."""
    return protected("move", by, ids, lambda chunk: moved(chunk, pool))


def tag(
    ids: Iterable[int], add: Sequence[str], remove: Sequence[str], by: str
) -> Changed:
    added, removed = clean_tags(tuple(add)), frozenset(remove)
    return protected("tag", by, ids, lambda chunk: tagged(chunk, added, removed))


def protected(
    action: str,
    by: str,
    ids: Iterable[int],
    change: Callable[[Sequence[int]], int],
) -> Changed:
    """Keep and change each chunk in one transaction, the revision locked first."""
    point = restorepoints.begin(action, by)
    count = 0
    for chunk in chunks(ids):
        with transaction.atomic():
            take_revision()
            restorepoints.keep(point, list(locked().filter(pk__in=chunk)))
            count += change(chunk)
    finished = restorepoints.finish(point)
    return Changed(count, finished.public_id if finished else "")


def moved(ids: Sequence[int], pool: str) -> int:
    revision = take_revision()
    accounts = locked().filter(pk__in=ids).exclude(pool=pool)
    found = list(accounts.values_list("pk", flat=True))
    reset_windows(dict.fromkeys(found, pool))
    return Account.objects.filter(pk__in=found).update(
        pool=pool,
        tier_source=TierSource.OPERATOR,
        revision=revision,
        ruled_at=revision,
        updated_at=timezone.now(),
    )


def living(ids: Sequence[int]) -> list[int]:
    found = Account.objects.filter(pk__in=ids, deleted_at=None)
    return list(found.values_list("pk", flat=True))


def cleared(ids: Sequence[int], by: str) -> int:
    revision, now = take_revision(), timezone.now()
    windows = QuotaWindow.objects.exclude(cooling_until=None)
    resting = Q(status=Status.COOLING) | Q(pk__in=windows.values("account_id"))
    accounts = list(locked().filter(resting, pk__in=ids, deleted_at=None))
    found = [account.pk for account in accounts]
    warmed = list(windows.filter(account_id__in=found))
    windows.filter(account_id__in=found).update(cooling_until=None)
    for window in warmed:
        window.cooling_until = None
    telling.tell([(w.account_id, window_row(w)) for w in warmed], known_only=True)
    cooling = Account.objects.filter(pk__in=found, status=Status.COOLING)
    record(
        [a for a in accounts if a.status == Status.COOLING],
        Status.ACTIVE,
        reason="cooldown_cleared",
        by=by,
        at=now,
    )
    cooling.update(status=Status.ACTIVE, state_reason="", server_faults=0)
    return Account.objects.filter(pk__in=found).update(
        cooling_until=None, revision=revision, ruled_at=revision, updated_at=now
    )


def tagged(ids: Sequence[int], add: Sequence[str], remove: frozenset[str]) -> int:
    revision, now = take_revision(), timezone.now()
    changed = []
    for account in locked().filter(pk__in=ids):
        kept = tuple(tag for tag in account.tags if tag not in remove)
        tags = list(clean_tags((*kept, *add)))
        if tags != account.tags:
            account.tags, account.revision, account.updated_at = tags, revision, now
            changed.append(account)
    Account.objects.bulk_update(
        changed, ["tags", "revision", "updated_at"], batch_size=200
    )
    return len(changed)


def point_of(public_id: str) -> RestorePoint | None:
    return RestorePoint.objects.filter(public_id=public_id).first()
