"""What is counted about the ways out until it is written down: sums, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    REQUEST = "request"  # every way that was reported
    FAILURE = "failure"  # `detail` is the cause's code
    SOLVE = "solve"  # `detail` is ok or failed
    WAIT = "wait"  # of a call, for a clearance


@dataclass(frozen=True, slots=True)
class Counted:
    """`scope` is what the call carries, `kind` http or websocket; of calls alone."""

    measure: Measure
    node: str
    scope: str = ""
    kind: str = ""
    detail: str = ""


@dataclass(slots=True)
class Sum:
    count: int = 0
    seconds: float = 0.0


class Counts:
    """Belongs to one process; as many sums as there are nodes and causes."""

    def __init__(self) -> None:
        self._sums: dict[Counted, Sum] = {}

    def add(self, counted: Counted, seconds: float = 0.0) -> None:
        found = self._sums.setdefault(counted, Sum())
        found.count += 1
        found.seconds += seconds

    def taken(self) -> Iterable[tuple[Counted, Sum]]:
        """All since the last time, to be written down once."""
        sums, self._sums = self._sums, {}
        return list(sums.items())

    def put_back(self, sums: Iterable[tuple[Counted, Sum]]) -> None:
        """What could not be written."""
        for counted, amount in sums:
            found = self._sums.setdefault(counted, Sum())
            found.count += amount.count
            found.seconds += amount.seconds
