"""An import under way: a batch job whose items are the parts of a draft.

A part is stored and forgotten in one transaction, so a step that is repeated after an
outage finds nothing more to do. Other writers get their turn between two parts.
"""

from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from accounts import imports, restorepoints
from accounts.credentials import masked
from accounts.drafts import previews
from accounts.imports import Report
from accounts.models import Account, ImportDraft, ImportPart, RestorePoint
from accounts.store import soft_delete, take_revision
from accounts.store.changes import locked
from accounts.store.values import CHUNK_ROWS, chunks
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob
from grokgateway.replica import writing

KIND = "import"
STORE, TAKE_OUT, REFRESH = "store", "take-out", "refresh"
Result = dict[str, object]


class Differs(ValueError):
    """As many accounts would go now; the operator confirmed another number."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


class AlreadyStarted(ValueError):
    """An import is done once."""


class Unfinished(Exception):
    """A part could not be stored, so nobody is taken out for being absent."""


@transaction.atomic
def start(draft: ImportDraft, by: str, replacing: int | None = None) -> BatchJob:
    """Make the job; `replacing` is how many accounts may go, None for merging.

    Raises `AlreadyStarted`, `Differs`, or `imports.UnclearPools`.
    """
    draft = ImportDraft.objects.select_for_update().get(pk=draft.pk)
    if draft.job:
        raise AlreadyStarted
    if replacing is not None:
        draft.missing = previews.missing_ids(draft)
        if len(draft.missing) != replacing:
            raise Differs(len(draft.missing))
    job = batches.create(
        KIND,
        targets(draft),
        params={"draft": draft.public_id},
        by=by,
        concurrency=1,
        scope=scope_of(draft),
    )
    draft.job, draft.actor = job.public_id, by[:150]
    draft.save(update_fields=["job", "actor", "missing"])
    return job


def scope_of(draft: ImportDraft) -> str:
    """How many accounts are stored and taken out, in words."""
    lines = (previews.ADDED, previews.RESTORED, previews.TAGGED, previews.PRESENT)
    count = sum(int(draft.counts.get(kind, 0)) for kind in lines)
    stored = ngettext("%d account", "%d accounts", count) % count
    gone = gettext("%d taken out") % len(draft.missing)
    return f"{stored}, {gone}" if draft.missing else stored


def targets(draft: ImportDraft) -> Iterator[Target]:
    """In the order in which they are worked off."""
    for number in draft.parts.order_by("number").values_list("number", flat=True):
        first = number * CHUNK_ROWS + 1
        yield Target(f"{STORE} {number}", f"store from {first}")
    for number in range(-(-len(draft.missing) // CHUNK_ROWS)):
        first = number * CHUNK_ROWS + 1
        yield Target(f"{TAKE_OUT} {number}", f"take out from {first}")
    if draft.refresh:
        yield Target(f"{REFRESH} 0", "refresh quotas")


def run(target: str, draft_id: str) -> Result:
    """Do one step; raises `Unfinished`, or `crypto.Undecipherable`."""
    name, _, number = target.partition(" ")
    return STEPS[name](ImportDraft.objects.get(public_id=draft_id), int(number))


@writing()
def store(draft: ImportDraft, number: int) -> Result:
    take_revision()
    parts = ImportPart.objects.select_for_update().select_related("draft")
    part = parts.filter(draft=draft, number=number).first()
    if part is None:
        return {"done before": True}
    wanted = imports.merged(previews.opened(part))
    point, report = point_of(draft), Report()
    imports.upsert(wanted, timezone.now(), report, point)
    part.delete()
    settle(draft, point, report.added + report.restored + report.tagged)
    return {
        "added": report.added,
        "restored": report.restored,
        "tagged": report.tagged,
        "unchanged": report.unchanged,
    }


@writing()
def take_out(draft: ImportDraft, number: int) -> Result:
    """Only those that were counted when the operator confirmed the number."""
    if draft.parts.exists():
        raise Unfinished("a part of the import failed, so nothing was taken out")
    ids = draft.missing[number * CHUNK_ROWS : (number + 1) * CHUNK_ROWS]
    take_revision()
    going = list(locked().filter(pk__in=ids, deleted_at=None))
    point = point_of(draft)
    restorepoints.keep(point, going)
    deleted = soft_delete([a.pk for a in going], imports.REPLACED, draft.actor)
    settle(draft, point, len(going))
    return {"deleted": deleted}


def refresh(draft: ImportDraft, number: int) -> Result:
    """Have the quotas asked for that came with this import."""
    point = RestorePoint.objects.filter(public_id=draft.undo).first()
    if point is None:
        return {"accounts": 0}
    rows = point.rows.filter(account__deleted_at=None).order_by("account_id")
    came = (
        account_id
        for account_id, made, kept in rows.values_list("account_id", "made", "kept")
        if made or kept["deleted_at"]
    )
    ids = list(came)
    found = (a for c in chunks(ids) for a in Account.objects.filter(pk__in=c))
    job = batches.create(
        REFRESH,
        (Target(account.public_id, masked(account)) for account in found),
        by=draft.actor,
        concurrency=config.current().number("batch.refresh_concurrency"),
    )
    return {"accounts": job.total, "job": job.public_id}


def point_of(draft: ImportDraft) -> RestorePoint:
    point = RestorePoint.objects.filter(public_id=draft.undo).first()
    if point is None:
        action = "replace-import" if draft.missing else "import"
        return restorepoints.begin(action, draft.actor)
    return point


def settle(draft: ImportDraft, point: RestorePoint, kept: int) -> None:
    """A point under which nothing is kept is none."""
    if not kept and not draft.undo:
        point.delete()
        return
    RestorePoint.objects.filter(pk=point.pk).update(count=F("count") + kept)
    ImportDraft.objects.filter(pk=draft.pk).update(undo=point.public_id)


STEPS: dict[str, Callable[[ImportDraft, int], Result]] = {
    STORE: store,
    TAKE_OUT: take_out,
    REFRESH: refresh,
}
