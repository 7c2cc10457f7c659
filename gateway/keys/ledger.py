"""The meters of all keys of this process, and how they agree with the stored usage."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gateway.keys.cards import KeyCard
from gateway.keys.meters import Amount, Meter, Moment, Standing


@dataclass(frozen=True, slots=True)
class Use:
    """What one request adds to the usage of its key; `at` is Unix s."""

    key_id: int
    day: int
    at: float
    requests: int = 0
    failed: int = 0
    refused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one counted request; it belongs to the day it was taken on."""

    card: KeyCard
    day: int


class Ledger:
    """`storing` is held while usage is read or written, so that each is seen whole."""

    def __init__(
        self,
        steady: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._steady = steady
        self._unix = unix
        self._meters: dict[int, Meter] = {}
        self.storing = threading.Lock()
        self.shared = False  # with other processes, through the tables
        self.member = ""  # under which they know this process
        self.sole = False
        self.valid_until = 0.0  # on the steady clock

    def moment(self) -> Moment:
        return Moment(self._steady(), self._unix())

    def meter(self, key_id: int) -> Meter:
        meter = self._meters.get(key_id)
        if meter is None:
            meter = self._meters.setdefault(key_id, Meter())
        return meter

    def enter(self, card: KeyCard) -> Slot:
        """Take a place, which must be left; raises RATE_LIMITED where none is free.

        Raises `Short` where the limits are shared and more is to be asked for first.
        """
        moment = self.moment()
        stale = not self.sole and moment.steady > self.valid_until
        meter = self.meter(card.id)
        meter.enter(card.limits, moment, shared=self.shared, stale=stale)
        return Slot(card, moment.day)

    def leave(self, slot: Slot, tokens: int) -> None:
        self.meter(slot.card.id).leave(tokens, slot.day)

    def standing(self, card: KeyCard) -> Standing:
        return self.meter(card.id).standing(card.limits, self.moment())

    def in_minute(self, moment: Moment) -> dict[int, int]:
        """Requests within the last minute by key."""
        return {key: meter.recent(moment) for key, meter in self._meters.items()}

    def wrote(self, sums: Mapping[tuple[int, int], Amount]) -> None:
        """By key and day, what has just been stored of this process's use."""
        for (key_id, day), amount in sums.items():
            self.meter(key_id).wrote(day, amount)

    def read(
        self, day: int, stored: Mapping[int, Amount], known: Iterable[int]
    ) -> None:
        """Take over what is stored of `day`; forget keys that are no longer `known`."""
        kept = set(known)
        for key_id in kept:
            tally = self.meter(key_id).tally(day)
            if tally.day == day:
                total = stored.get(key_id, Amount())
                tally.elsewhere = total.minus(tally.written)
        for key_id in set(self._meters) - kept:
            if not self._meters[key_id].open:
                self._meters.pop(key_id)
