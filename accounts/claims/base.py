"""The values that pass between a process and the shared store, and its shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from accounts.rows import WindowRow

LIFE_S = 30.0  # of a member, from its latest renewal
Key = tuple[int, str]  # account, mode
SLOTS = ""  # in place of a mode: the slots of an account, which all modes share


class Gone(Exception):
    """The store no longer knows this member; what it held has been given up."""


class Unreachable(Exception):
    """The store cannot be asked at the moment."""


class Turned(Unreachable):
    """Claims are taken from elsewhere now; `Store.follow` says from where."""


@dataclass(frozen=True, slots=True)
class Me:
    """This process, and where its pid tells others whether it lives."""

    id: str
    name: str
    place: str
    pid: int
    born: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A living member of the store, oneself included."""

    id: str
    name: str
    alone: bool
    notes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Want:
    """What is asked of one account in one mode.

    `units` and `slots` are for requests that wait, the spare ones in advance: they are
    given only where plenty is left for others. `held_*` is all that is in hand, of
    which `free_*` is not in use.
    """

    account: int
    window: WindowRow  # as known here, for a store that does not know it yet
    units: int = 0
    slots: int = 0
    spare_units: int = 0
    spare_slots: int = 0
    held_units: int = 0
    held_slots: int = 0
    free_units: int = 0
    free_slots: int = 0


@dataclass(frozen=True, slots=True)
class Back:
    """What is given back: units of a mode within a period, or slots.

    `kept` is what stays in hand; spent units are neither kept nor given back.
    """

    account: int
    mode: str
    count: int
    kept: int
    reset_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What came of a want, and the window as the store has it now.

    `window.remaining` is what nobody holds. `busy`: every slot is in use.
    """

    account: int
    mode: str
    units: int
    slots: int
    window: WindowRow
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """How the store shares: members among whom, and slots that one account has."""

    members: int
    limit: int
    by_quota: bool


class Store(Protocol):
    """A shared store. Each call is one atomic step and raises `Unreachable`."""

    async def join(
        self, me: Me, slots: Mapping[int, int], *, alone: bool
    ) -> list[Peer]:
        """Register, with slots in use; `alone` is granted only if nobody else lives."""
        ...

    async def renew(self, me: Me, notes: Mapping[str, object]) -> list[Peer]:
        """Live on for `LIFE_S`, bury the dead; raises `Gone`."""
        ...

    async def peers(self, me: Me) -> list[Peer]:
        """Who lives, without writing."""
        ...

    async def look(self, me: Me) -> None:
        """Once a second; raises `Turned`."""
        ...

    async def follow(self, me: Me, held: Mapping[Key, int]) -> list[Peer] | None:
        """After `Turned`, with all that is in hand; None: others have yet to follow."""
        ...

    async def open(self, me: Me, slots: Mapping[int, int]) -> None:
        """Give up being alone: what is in use becomes what is in hand."""
        ...

    async def move(
        self, me: Me, backs: Sequence[Back], wants: Sequence[Want], rates: Rates
    ) -> list[Grant]:
        """Give back, then take; raises `Gone`."""
        ...

    async def leave(self, me: Me, backs: Sequence[Back]) -> None:
        """Give back and go."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
