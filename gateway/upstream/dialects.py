"""Which of upstream's two forms each operation speaks now (decisions 5, 32).

Under `auto` that is the first form, until upstream answers for two different accounts
that nothing is at its address; then the other for an hour. The rule holds for the other
form too, so that two forms that are gone in turn are both tried.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Literal, TypeVar

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings

AUTO = "auto"
OTHER_FOR_S = 3600.0
WITNESSES = 2

Operation = Literal["chat", "upload", "image_edit", "video"]
Result = TypeVar("Result")

FORMS: dict[Operation, tuple[str, str]] = {
    "chat": ("rest", "gateway"),
    "upload": ("v2", "v3"),
    "image_edit": ("v2", "v3"),
    "video": ("v2", "v3"),
}


@dataclass(frozen=True, slots=True)
class Switch:
    """`operation` speaks `form`, not its first, from `since` until `until`.

    Both are Unix seconds; one that ended early has an `until` that is past.
    """

    operation: Operation
    form: str
    since: float
    until: float


@dataclass(slots=True)
class Dialects:
    """What this process has learnt, and what others told of it."""

    clock: Callable[[], float] = time.time
    _switches: dict[Operation, Switch] = field(default_factory=dict)
    _missed: dict[tuple[Operation, str], set[bytes]] = field(default_factory=dict)
    _news: dict[Operation, Switch] = field(default_factory=dict)

    def form(self, operation: Operation, settings: Settings) -> str:
        chosen = settings.text(key_of(operation))
        if chosen != AUTO:
            return chosen
        switch = self._switches.get(operation)
        if switch is not None and self.clock() < switch.until:
            return switch.form
        return FORMS[operation][0]

    def miss(self, operation: Operation, form: str, login: Login) -> None:
        """Upstream has nothing at the address of this form, says this account."""
        witnesses = self._missed.setdefault((operation, form), set())
        witnesses.add(blake2b(login.token.encode(), digest_size=8).digest())
        if len(witnesses) < WITNESSES:
            return
        del self._missed[operation, form]
        now = self.clock()
        first, other = FORMS[operation]
        if form == first:
            self._turn(Switch(operation, other, now, now + OTHER_FOR_S))
        elif (switch := self._switches.get(operation)) and now < switch.until:
            self._turn(replace(switch, since=now, until=now))

    def heard(self, operation: Operation, form: str) -> None:
        """The form works: whoever missed it before was mistaken, or is alone."""
        if self._missed:
            self._missed.pop((operation, form), None)

    def news(self) -> list[Switch]:
        """What this process decided and others have not been told."""
        return list(self._news.values())

    def told(self, switches: Iterable[Switch]) -> None:
        for switch in switches:
            if self._news.get(switch.operation) == switch:
                del self._news[switch.operation]

    def adopt(self, switches: Iterable[Switch]) -> None:
        """What other processes decided; the latest word counts."""
        for switch in switches:
            own = self._switches.get(switch.operation)
            if own is None or own.since < switch.since:
                self._switches[switch.operation] = switch

    def _turn(self, switch: Switch) -> None:
        self._switches[switch.operation] = switch
        self._news[switch.operation] = switch


HOME = Dialects()


def key_of(operation: Operation) -> str:
    return f"upstream.{operation}_protocol"


async def spoken(
    operation: Operation,
    login: Login,
    settings: Settings,
    work: Callable[[str], Awaitable[Result]],
) -> Result:
    """`work` in the form that is due, and in the other if that is then due instead.

    `work` must have spent nothing where it fails for want of the address. Raises its
    failures; one that only says that a form is gone may be retried elsewhere.
    """
    dialects = HOME
    tried: set[str] = set()
    while True:
        form = dialects.form(operation, settings)
        tried.add(form)
        try:
            done = await work(form)
        except UpstreamFailure as failure:
            if not failure.absent or settings.text(key_of(operation)) != AUTO:
                raise
            dialects.miss(operation, form, login)
            if dialects.form(operation, settings) in tried:
                raise moved(failure) from failure.__cause__
        else:
            dialects.heard(operation, form)
            return done


def moved(failure: UpstreamFailure) -> UpstreamFailure:
    """Nothing was spent, and the account is not to blame."""
    failure.fault = UpstreamFault.MOVED
    failure.retryable = True
    failure.sent = False
    failure.absent = False
    return failure
