"""The frames of an Imagine socket and what they mean, without I/O (6.2, 6.3, 13.7).

A slot is one picture in the making. Frames name it by any of four keys or by its place
in the grid; picture and completion come in either order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.upstream.fields import Json, decode, number, text
from gateway.upstream.inband import StreamError
from gateway.upstream.pictures import Moderated, Progress, Rising, Step

STARTED_PERCENT = 10
UNKNOWN_PERCENT = 50
SLOTS_MOST = 32  # in a round; upstream makes 4 to 6
ID_KEYS = ("image_id", "job_id", "id")
PLACE_KEYS = ("grid_index", "side_by_side_index", "order")
STEM = re.compile(r"/([0-9a-f-]{8,})\.[a-z]{3,4}$", re.IGNORECASE)


@dataclass(slots=True)
class Slot:
    number: int
    percent: int = 0
    url: str = ""
    blob: str = ""
    started: bool = False
    drawn: bool = False  # the last picture is no preview
    completed: bool = False
    moderated: bool = False
    r_rated: bool = False
    over: bool = False  # told, withheld or given up

    @property
    def empty(self) -> bool:
        return not self.url and not self.blob


@dataclass(frozen=True, slots=True)
class Sketch:
    """A preview, still as base64."""

    slot: int
    blob: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished picture, still as base64; either of `url` and `blob` may be empty."""

    slot: int
    url: str
    blob: str
    r_rated: bool


Event = Progress | Step | Sketch | Drawn | Moderated


class Drawing:
    """All rounds of one request for `wanted` pictures; `steps` tells each one's."""

    def __init__(self, wanted: int, *, steps: bool = False) -> None:
        self.wanted = wanted
        self.pictures = 0
        self.moderated = 0
        self._steps = steps
        self._slots: list[Slot] = []
        self._round: list[Slot] = []
        self._known: dict[str, Slot] = {}
        self._places: dict[int, Slot] = {}
        self._progress = Rising()

    def begin(self) -> None:
        """A new round; what earlier ones still send is theirs."""
        for slot in self._round:
            slot.over = True
        self._round = []
        self._places = {}

    @property
    def enough(self) -> bool:
        return self.pictures >= self.wanted

    @property
    def slots_seen(self) -> int:
        """Of this round."""
        return len(self._round)

    @property
    def rests(self) -> bool:
        """Every slot that this round has shown is over."""
        return bool(self._round) and all(slot.over for slot in self._round)

    @property
    def awaits_pictures(self) -> bool:
        """Upstream calls every slot complete, and some lack their last picture."""
        return bool(self._round) and all(
            slot.over or slot.completed for slot in self._round
        )

    @property
    def withheld(self) -> bool:
        """Nothing of this round came through."""
        return bool(self._round) and all(slot.moderated for slot in self._round)

    def feed(self, message: str | bytes) -> list[Event]:
        """Raises StreamError for an error frame. What is not understood is ignored."""
        frame = None if isinstance(message, bytes) else decode(message)
        if frame is None:
            return []
        kind = frame.get("type")
        if kind == "error":
            raise refusal(frame)
        if kind == "image":
            return self._develop(frame)
        if kind == "json" and frame.get("current_status") == "start_stage":
            return self._start(frame)
        if kind == "json" and frame.get("current_status") == "completed":
            return self._complete(frame)
        return []

    def settle(self) -> list[Event]:
        """The round is cut short: what open slots last showed is their picture."""
        events: list[Event] = []
        for slot in self._round:
            if not slot.over and (slot.blob or (slot.drawn and slot.url)):
                events += self._finish(slot)
            slot.over = True
        return events

    def _start(self, frame: Json) -> list[Event]:
        slot = self._slot(frame, lambda known: not known.started)
        if slot is None or slot.over:
            return []
        slot.started = True
        return self._advance(slot, STARTED_PERCENT)

    def _develop(self, frame: Json) -> list[Event]:
        slot = self._slot(frame, lambda known: known.empty)
        if slot is None or slot.over:
            return []
        if frame.get("moderated"):
            return self._withhold(slot)
        url, blob = text(frame.get("url")), text(frame.get("blob"))
        if not url and not blob:
            return []
        percent = percentage(frame.get("percentage_complete"))
        slot.url, slot.blob = url, blob
        slot.drawn = percent >= 100
        slot.r_rated = slot.r_rated or bool(frame.get("r_rated"))
        if slot.drawn and slot.completed:
            return self._finish(slot)
        events: list[Event] = []
        if not slot.drawn and blob:
            events.append(Sketch(slot.number, blob))
        return events + self._advance(slot, min(max(percent, STARTED_PERCENT), 99))

    def _complete(self, frame: Json) -> list[Event]:
        slot = self._slot(frame, lambda known: not known.completed)
        if slot is None or slot.over:
            return []
        slot.completed = True
        slot.r_rated = slot.r_rated or bool(frame.get("r_rated"))
        if frame.get("moderated"):
            return self._withhold(slot)
        return self._finish(slot) if slot.drawn else []

    def _withhold(self, slot: Slot) -> list[Event]:
        slot.over = slot.moderated = True
        slot.blob = ""
        self.moderated += 1
        return [Moderated(slot.number)]

    def _finish(self, slot: Slot) -> list[Event]:
        slot.over = True
        if self.enough:
            return []
        self.pictures += 1
        drawn = Drawn(slot.number, slot.url, slot.blob, slot.r_rated)
        slot.blob = ""
        return [drawn, *self._advance(slot, 100)]

    def _advance(self, slot: Slot, percent: int) -> list[Event]:
        """Overall: the mean of the best slots, as many as are wanted."""
        risen = self._steps and percent > slot.percent
        slot.percent = max(slot.percent, percent)
        shown = [one.percent for one in self._slots if not one.moderated]
        best = sorted(shown, reverse=True)[: self.wanted]
        overall = self._progress.to(sum(best) // self.wanted)
        return [*([Step(slot.number, percent)] if risen else []), *overall]

    def _slot(self, frame: Json, lacks: Callable[[Slot], bool]) -> Slot | None:
        """The slot a frame is about, a new one if need be.

        A place in the grid counts where no key is known, and only for a slot that lacks
        what the frame brings, as some servers give every slot the same place.
        """
        names = keys(frame)
        slot = next((self._known[name] for name in names if name in self._known), None)
        place = place_of(frame)
        if slot is None and place is not None:
            placed = self._places.get(place)
            if placed is not None and (not names or lacks(placed)):
                slot = placed
        if slot is None:
            slot = self._lone() if not names and place is None else self._open(place)
        if slot is not None:
            for name in names:
                self._known.setdefault(name, slot)
        return slot

    def _lone(self) -> Slot | None:
        """What a frame without any name is about, where only one slot is open."""
        waiting = [slot for slot in self._round if not slot.over]
        return waiting[0] if len(waiting) == 1 else None

    def _open(self, place: int | None) -> Slot | None:
        if len(self._round) >= SLOTS_MOST:
            return None
        slot = Slot(len(self._slots))
        self._slots.append(slot)
        self._round.append(slot)
        if place is not None:
            self._places.setdefault(place, slot)
        return slot


def keys(frame: Json) -> list[str]:
    found = [identity(frame.get(key)) for key in ID_KEYS]
    stem = STEM.search(path_of(text(frame.get("url"))))
    if stem:
        found.append(stem[1].lower())
    return [name for name in found if name]


def identity(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).lower()


def path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def place_of(frame: Json) -> int | None:
    found = (number(frame.get(key)) for key in PLACE_KEYS)
    return next((place for place in found if place is not None), None)


def percentage(value: object) -> int:
    """A picture without one is finished; one that makes no sense is a preview's."""
    if value is None:
        return 100
    whole = number(value)
    if whole is None and isinstance(value, str):
        whole = number(value.partition(".")[0])
    return UNKNOWN_PERCENT if whole is None else whole


def refusal(frame: Json) -> StreamError:
    code, told = text(frame.get("err_code")), text(frame.get("err_msg"))
    words = f"{code} {told}".replace("_", " ").strip()
    return StreamError(number(frame.get("err_code")), words or "upstream error")
