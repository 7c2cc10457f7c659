"""What the page of one account shows beside its fields, and which buttons it has."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import allowances
from accounts.admin import deeds, shown
from accounts.admin.deeds import Deed
from accounts.models import Account, QuotaWindow, Status, StatusEvent
from grokgateway.marks import IDLE

EVENTS = 30
MEDIA: dict[str, str | Promise] = {
    "image": _("Pictures"),
    "image_pro": _("Pictures (pro)"),
    "image_edit": _("Edits"),
    "video": _("Films (480p)"),
    "video_720p": _("Films (720p)"),
}
DEEDS = {deed.name: deed for deed in (*deeds.ALL, deeds.RECYCLE)}
FITTING = {
    Status.ACTIVE: ("refresh", "disable"),
    Status.COOLING: ("refresh", "clear_cooldown", "disable"),
    Status.EXPIRED: ("enable", "disable"),
    Status.DISABLED: ("enable",),
}
LABELS: dict[str, str | Promise] = {
    "refresh": _("Refresh quota"),
    "clear_cooldown": _("Clear cooldown"),
    "enable": _("Enable"),
    "disable": _("Disable"),
    "restore": _("Restore"),
    "take_out": _("Delete"),
}


@dataclass(frozen=True, slots=True)
class Button:
    deed: Deed
    label: str | Promise


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One mode; moments are marked up."""

    mode: str
    meter: str
    figure: str
    source: str
    read: str
    resets: str
    cooling: str


@dataclass(frozen=True, slots=True)
class MediaLine:
    """One kind of pictures or films; moments are marked up."""

    kind: str | Promise
    left: int
    read: str
    more: str


@dataclass(frozen=True, slots=True)
class WeekLine:
    """What is used of the week's credits, and by which products."""

    percent: float
    begins: str
    ends: str
    read: str
    products: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of status."""

    kind: str
    word: str | Promise
    at: str
    reason: str
    actor: str
    request_id: str


def beside(account: Account, now: datetime) -> dict[str, object]:
    """For the template: `windows` and `changes`."""
    return {
        "windows": lines(account.windows.all(), now),
        "media_left": media(account),
        "week": week(account),
        "changes": changes(account),
    }


def buttons(account: Account, now: datetime) -> list[Button]:
    return [Button(DEEDS[name], LABELS[name]) for name in fitting(account, now)]


def fitting(account: Account, now: datetime) -> Iterator[str]:
    """The deeds that make sense in its state."""
    if account.deleted_at:
        yield "restore"
        return
    yield from FITTING[Status(account.status)]
    resting = account.windows.filter(cooling_until__gt=now)
    if account.status == Status.ACTIVE and resting.exists():
        yield "clear_cooldown"
    yield "take_out"


def lines(windows: Iterable[QuotaWindow], now: datetime) -> list[WindowLine]:
    return [
        WindowLine(
            mode=one.mode,
            meter=shown.meter(one, now),
            figure=shown.figure(one, now),
            source=one.get_source_display(),
            read=shown.moment(one.synced_at),
            resets=shown.moment(one.reset_at),
            cooling=shown.moment(until(one.cooling_until, now)),
        )
        for one in windows
    ]


def media(account: Account) -> list[MediaLine]:
    """What upstream has told, in the usual order."""
    kept = account.media_quota
    return [
        MediaLine(
            kind=MEDIA[kind],
            left=int(allowances.number(kept[kind].get("remaining"))),
            read=shown.moment(when(kept[kind].get("read_at"))),
            more=shown.moment(when(kept[kind].get("next_at"))),
        )
        for kind in allowances.KINDS
        if kind in kept
    ]


def week(account: Account) -> WeekLine | None:
    kept = account.weekly_credits
    if not kept:
        return None
    shares = kept["products"].items()
    return WeekLine(
        percent=kept["percent"],
        begins=shown.moment(when(kept["begins_at"])),
        ends=shown.moment(when(kept["ends_at"])),
        read=shown.moment(when(kept["read_at"])),
        products=sorted(shares, key=lambda share: (-share[1], share[0])),
    )


def when(at: object) -> datetime | None:
    seconds = allowances.number(at)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def until(at: datetime | None, now: datetime) -> datetime | None:
    return at if at and at > now else None


def changes(account: Account) -> list[Change]:
    """The latest first."""
    events = StatusEvent.objects.filter(account=account).order_by("-id")[:EVENTS]
    return [change_of(event) for event in events]


def change_of(event: StatusEvent) -> Change:
    """`deleted` stands beside the four states."""
    known = event.to_status in Status.values
    status = Status(event.to_status) if known else None
    return Change(
        kind=shown.KINDS[status] if status else IDLE,
        word=status.label if status else event.to_status,
        at=shown.moment(event.at),
        reason=shown.reason(event.reason) if event.reason else "",
        actor=event.actor,
        request_id=event.request_id,
    )
