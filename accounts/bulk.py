"""Changes to many accounts at once, each with a restore point; in chunks of 500."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q
from django.utils import timezone

from accounts import restorepoints, store
from accounts.claims import telling
from accounts.models import Account, QuotaWindow, RestorePoint, Status, TierSource
from accounts.store import reset_windows, take_revision
from accounts.store.changes import locked, record
from accounts.store.values import chunks, window_row
from accounts.tokens import clean_tags
from grokgateway.replica import writing

ALL = Q()
LIVE = Q(deleted_at=None)


@dataclass(frozen=True, slots=True)
class Changed:
    """`undo` is the id of the restore point, empty where nothing was changed."""

    count: int
    undo: str = ""


def delete(ids: Iterable[int], by: str, reason: str = "operator_deleted") -> Changed:
    delete = partial(store.soft_delete, reason=reason, by=by)
    return protected("delete", by, ids, delete, LIVE)


def disable(ids: Iterable[int], by: str) -> Changed:
    enabled = LIVE & ~Q(status=Status.DISABLED)
    return protected("disable", by, ids, partial(store.disable, by=by), enabled)


def enable(ids: Iterable[int], by: str) -> Changed:
    """The same for accounts that are not deleted."""
    return protected("enable", by, ids, partial(store.restore, by=by), LIVE)


def clear_cooldown(ids: Iterable[int], by: str) -> Changed:
    """Let cooling accounts and windows be tried again; quotas stay as they are."""
    windows = QuotaWindow.objects.exclude(cooling_until=None).values("account_id")
    resting = LIVE & (Q(status=Status.COOLING) | Q(pk__in=windows))
    return protected("clear-cooldown", by, ids, partial(cleared, by=by), resting)


def restore(ids: Iterable[int], by: str) -> Changed:
    """Active again, failures cleared, windows full; deleted ones come back."""
    return protected("restore", by, ids, partial(store.restore, by=by))


def move(ids: Iterable[int], pool: str, by: str) -> Changed:
    """Another pool by the operator's word, with its default windows."""
    return protected("move", by, ids, partial(moved, pool=pool), ~Q(pool=pool))


def tag(
    ids: Iterable[int], add: Sequence[str], remove: Sequence[str], by: str
) -> Changed:
    added, removed = clean_tags(tuple(add)), frozenset(remove)
    change = partial(tagged, add=added, remove=removed)
    return protected("tag", by, ids, change)


def pin(ids: Iterable[int], node: str, by: str) -> Changed:
    """To the way out of this name; to none of its own without a name."""
    action = "pin" if node else "unpin"
    return protected(action, by, ids, partial(pinned, node=node), ~Q(node=node))


def mark(ids: Iterable[int], add: Sequence[str], remove: Sequence[str]) -> int:
    """Tags that repeat what upstream was told: nothing to undo on our side alone."""
    added, removed = clean_tags(tuple(add)), frozenset(remove)
    with writing():
        return tagged(list(ids), added, removed)


def protected(
    action: str,
    by: str,
    ids: Iterable[int],
    change: Callable[[Sequence[int]], int],
    touched: Q = ALL,
) -> Changed:
    """Keep and change each chunk in one transaction, the revision locked first.

    Only accounts that are `touched`, for others would not change.
    """
    point = restorepoints.begin(action, by)
    count = 0
    for chunk in chunks(ids):
        with writing():
            take_revision()
            kept = list(locked().filter(touched, pk__in=chunk))
            restorepoints.keep(point, kept)
            count += change([account.pk for account in kept])
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


def pinned(ids: Sequence[int], node: str) -> int:
    return Account.objects.filter(pk__in=ids).update(
        node=node, revision=take_revision(), updated_at=timezone.now()
    )


def cleared(ids: Sequence[int], by: str) -> int:
    revision, now = take_revision(), timezone.now()
    windows = QuotaWindow.objects.exclude(cooling_until=None)
    warmed = list(windows.filter(account_id__in=ids))
    windows.filter(account_id__in=ids).update(cooling_until=None)
    for window in warmed:
        window.cooling_until = None
    telling.tell([(w.account_id, window_row(w)) for w in warmed], known_only=True)
    cooling = locked().filter(pk__in=ids, status=Status.COOLING)
    record(cooling, Status.ACTIVE, reason="cooldown_cleared", by=by, at=now)
    Account.objects.filter(pk__in=ids, status=Status.COOLING).update(
        status=Status.ACTIVE, state_reason="", server_faults=0
    )
    return Account.objects.filter(pk__in=ids).update(
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
