"""The rows of the wall: rounds and their pictures, seen by their owner or by staff."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from media import removals
from media.models import Asset, Kind
from media.removals import Removed
from webui.imagine.frames import Start
from webui.models import Round, RoundState

PAGE_ROUNDS = 12
EMPTY_LIFE = timedelta(days=1)  # of rounds that have no picture left
LOST_AFTER = timedelta(minutes=15)  # no round takes so long: its process has died
PURGE_ROWS = 500
WITHOUT_PICTURES = (RoundState.RUNNING, RoundState.FAILED, RoundState.STOPPED)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose wall it is; `everything` is for staff."""

    owner: str
    everything: bool = False

    def rounds(self) -> QuerySet[Round]:
        rows = Round.objects.filter(removed_at=None)
        return rows if self.everything else rows.filter(owner=self.owner)

    def assets(self) -> QuerySet[Asset]:
        rows = Asset.objects.filter(kind=Kind.IMAGE).exclude(batch="")
        return rows if self.everything else rows.filter(owner=self.owner)


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first; `more` is what the next page comes before, 0 for the last."""

    rounds: list[tuple[Round, list[Asset]]]
    more: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round came out; `code` and `message` are of what made it fail."""

    state: RoundState
    withheld: int = 0
    code: str = ""
    message: str = ""


def begin(owner: str, run: str, number: int, start: Start) -> Round:
    return Round.objects.create(
        public_id=secrets.token_hex(16),
        run=run,
        number=number,
        owner=owner,
        prompt=start.prompt,
        ratio=start.ratio,
        quality=start.quality,
        count=start.count,
        referred=start.refers,
        picture=start.picture,
    )


def end(public_id: str, ended: Ended) -> None:
    Round.objects.filter(public_id=public_id).update(
        state=ended.state,
        withheld=ended.withheld,
        error_code=ended.code[:64],
        error_message=ended.message,
    )


def page(
    viewer: Viewer, before: int = 0, words: str = "", most: int = PAGE_ROUNDS
) -> Page:
    """Rounds that have pictures or failed; with all of `words` in their prompt."""
    kept = Asset.objects.filter(
        kind=Kind.IMAGE, batch=OuterRef("public_id"), removed_at=None
    )
    rows = viewer.rounds().filter(Q(Exists(kept)) | Q(state__in=WITHOUT_PICTURES))
    if before:
        rows = rows.filter(pk__lt=before)
    for word in words.split():
        rows = rows.filter(prompt__icontains=word)
    found = list(rows.order_by("-pk")[: most + 1])
    shown = found[:most]
    pictures = pictures_of([one.public_id for one in shown])
    told = [(one, pictures.get(one.public_id, [])) for one in shown]
    return Page(told, shown[-1].pk if len(found) > most else 0)


def pictures_of(batches: Sequence[str]) -> dict[str, list[Asset]]:
    rows = Asset.objects.filter(kind=Kind.IMAGE, batch__in=batches, removed_at=None)
    found: dict[str, list[Asset]] = {}
    for asset in rows.order_by("place", "pk"):
        found.setdefault(asset.batch, []).append(asset)
    return found


def picture(viewer: Viewer, public_id: str) -> Asset | None:
    rows = viewer.assets().filter(removed_at=None)
    return rows.filter(public_id=public_id).first()


def state_of(one: Round, now: datetime) -> str:
    """As it is shown: one that a dead process left behind has stopped."""
    lost = one.state == RoundState.RUNNING and one.created_at < now - LOST_AFTER
    return RoundState.STOPPED if lost else one.state


@transaction.atomic
def remove(
    viewer: Viewer, rounds: Sequence[str], pictures: Sequence[str], now: datetime
) -> Removed:
    """What is named and seen by the viewer, until one undo brings all of it back.

    A round whose last picture goes, goes too.
    """
    assets = viewer.assets().filter(removed_at=None)
    wanted = assets.filter(Q(public_id__in=pictures) | Q(batch__in=rounds))
    ids, batches = [], set(rounds)
    for pk, batch in wanted.values_list("pk", "batch"):
        ids.append(pk)
        batches.add(batch)
    taken = removals.remove(ids, now)
    emptied = batches - set(pictures_of(list(batches)))
    rows = viewer.rounds().filter(public_id__in=emptied)
    token = taken.undo or secrets.token_hex(16)
    count = rows.update(removed_at=now, removal=token)
    return Removed(taken.count, token if taken.count or count else "")


@transaction.atomic
def undo(viewer: Viewer, token: str) -> int:
    """How many pictures are back; only those that the viewer may see."""
    if not token:
        return 0
    rounds = Round.objects.filter(removal=token)
    if not viewer.everything:
        rounds = rounds.filter(owner=viewer.owner)
    rounds.update(removed_at=None, removal="")
    return removals.bring_back(viewer.assets().filter(removal=token))


def purge(now: datetime | None = None) -> int:
    """Rounds that were removed for good or have no picture any more; some at a time."""
    now = now or timezone.now()
    kept = Asset.objects.filter(kind=Kind.IMAGE, batch=OuterRef("public_id"))
    removed = Q(removed_at__lt=now - removals.GRACE)
    emptied = Q(created_at__lt=now - EMPTY_LIFE)
    rows = Round.objects.filter(removed | emptied).filter(~Exists(kept))
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:PURGE_ROWS])
    return Round.objects.filter(pk__in=ids).delete()[0]
