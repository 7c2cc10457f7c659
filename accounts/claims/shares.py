"""How much of an account one member gets; pure, the same in every store.

Who waits gets what there is. What is taken in advance must leave plenty for the others,
so of scarce accounts every request takes its own unit.
"""

from dataclasses import dataclass, replace

from accounts.claims.base import Rates, Want
from accounts.rows import WindowRow

PLENTY = 4  # spare units are at most this part of a member's even share


@dataclass(frozen=True, slots=True)
class Share:
    units: int
    slots: int
    window: WindowRow
    busy: bool


def renewed(window: WindowRow, now: float) -> WindowRow:
    """An expired window is full again."""
    if 0.0 < window.reset_at <= now:
        return replace(window, remaining=window.total, reset_at=0.0, source="default")
    return window


def share(window: WindowRow, load: int, want: Want, rates: Rates, now: float) -> Share:
    """`load` is how many slots are in hands already."""
    window = renewed(window, now)
    free = max(0, rates.limit - load)
    cooling = window.cooling_until > now
    slots, units = 0, 0
    if not cooling:
        slots = slots_of(want, free, kept_slots(rates))
        units = units_of(want, window.remaining, parts(rates))
        if want.free_slots + slots <= 0:
            units = 0  # of no use without the other
        if rates.by_quota and want.free_units + units <= 0:
            slots = 0
    if units:
        reset_at = window.reset_at or now + window.window_s
        remaining = window.remaining - units
        window = replace(window, remaining=remaining, reset_at=reset_at)
    return Share(units, slots, window, busy=free <= 0)


def kept_slots(rates: Rates) -> int:
    """Slots that nobody takes in advance, but who has no peers: dead, it frees them."""
    return rates.limit // 2 if rates.members > 1 else 0


def parts(rates: Rates) -> int:
    """One of so many parts may be taken in advance."""
    return PLENTY * rates.members


def slots_of(want: Want, free: int, kept: int) -> int:
    needed = min(want.slots, free)
    spare = min(want.spare_slots, free - needed - kept)
    return needed + max(0, spare)


def units_of(want: Want, remaining: int, parts: int) -> int:
    needed = min(want.units, remaining)
    spare = min(want.spare_units, (remaining - needed) // parts)
    return needed + max(0, spare)
