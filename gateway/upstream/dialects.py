"""Which of upstream's two forms each operation speaks now (decisions 5, 32).

Under `auto` that is the first form, until upstream answers for two different accounts
that nothing is at its address; then the other for an hour. The rule holds for the other
form too, so that two forms that are gone in turn are both tried.

One odd answer shall not move everybody: the other form is on trial until it has worked
once, and whoever finds the first at its place since then ends the matter.
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
REMEMBERED_S = 600.0  # what was missed longer ago says nothing of now
SKEW_S = 60.0  # clocks of processes may differ so much

Operation = Literal["chat", "upload", "image_edit", "video"]
Result = TypeVar("Result")

FORMS: dict[Operation, tuple[str, str]] = {
    "chat": ("rest", "gateway"),
    "upload": ("v2", "v3"),
    "image_edit": ("v2", "v3"),
    "video": ("v2", "v3"),
}
# What upstream says of an account or of a request, in whichever form it was asked.
OF_NO_FORM = frozenset(
    {
        *(UpstreamFault.CREDENTIAL, UpstreamFault.UNAUTHORIZED),
        *(UpstreamFault.RATE_LIMITED, UpstreamFault.POLICY, UpstreamFault.MOVED),
    }
)
# What it says inside an answer of its own troubles.
IN_ITS_WORDS = frozenset({UpstreamFault.SERVER, UpstreamFault.CHALLENGE})
# Refusals that only something at the operation's own address gives.
PROVES_A_PLACE = frozenset({400, 413, 422, 429})


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
    _trials: set[Operation] = field(default_factory=set)
    _missed: dict[tuple[Operation, str], dict[bytes, float]] = field(
        default_factory=dict
    )
    _worked: dict[Operation, float] = field(default_factory=dict)
    _news: dict[Operation, Switch] = field(default_factory=dict)

    def form(self, operation: Operation, settings: Settings) -> str:
        chosen = settings.text(key_of(operation))
        if chosen != AUTO:
            return chosen
        switch = self._active(operation)
        return switch.form if switch else FORMS[operation][0]

    def miss(self, operation: Operation, form: str, login: Login) -> None:
        """Upstream has nothing at the address of this form, says this account."""
        now = self.clock()
        missed = self._missed.setdefault((operation, form), {})
        for witness in [one for one, at in missed.items() if at < now - REMEMBERED_S]:
            del missed[witness]
        missed[blake2b(login.token.encode(), digest_size=8).digest()] = now
        if len(missed) < WITNESSES:
            return
        del self._missed[operation, form]
        first, other = FORMS[operation]
        switch = self._active(operation)
        if form != first:
            self._end(operation)
        elif switch is None:
            self._switches[operation] = Switch(operation, other, now, now + OTHER_FOR_S)
            self._trials.add(operation)

    def heard(self, operation: Operation, form: str, began: float) -> None:
        """A call that began then has worked: whoever missed the form before erred."""
        self._clear(operation, form, began)
        switch = self._active(operation)
        if form == FORMS[operation][0]:
            self._worked[operation] = max(began, self._worked.get(operation, 0.0))
            if switch is not None and switch.since < began:
                self._end(operation)

    def proved(self, operation: Operation, form: str) -> None:
        """Something good came of it."""
        switch = self._active(operation)
        if switch is not None and switch.form == form and operation in self._trials:
            self._trials.discard(operation)
            self._news[operation] = switch

    def failed(
        self, operation: Operation, form: str, failure: UpstreamFailure, began: float
    ) -> None:
        """A call that began then came to something else than an answer or a gap."""
        if failure.status in PROVES_A_PLACE:
            self._clear(operation, form, began)
        on_trial = operation in self._trials and form != FORMS[operation][0]
        if on_trial and failure.fault not in OF_NO_FORM:
            self._end(operation)

    def news(self) -> list[Switch]:
        """What this process decided and others have not been told."""
        return list(self._news.values())

    def told(self, switches: Iterable[Switch]) -> None:
        for switch in switches:
            if self._news.get(switch.operation) == switch:
                del self._news[switch.operation]

    def adopt(self, switches: Iterable[Switch]) -> None:
        """What other processes decided; the latest word counts.

        Unless the first form has worked here since: then they are told so, once.
        """
        for switch in switches:
            operation = switch.operation
            own = self._switches.get(operation)
            if own is not None and own.since >= switch.since:
                continue
            if switch.since > self.clock() + SKEW_S:
                continue
            self._switches[operation] = switch
            self._trials.discard(operation)
            worked = self._worked.pop(operation, 0.0)
            if worked > switch.since:
                self._end(operation)

    def _clear(self, operation: Operation, form: str, began: float) -> None:
        missed = self._missed.get((operation, form), {})
        for witness in [one for one, at in missed.items() if at <= began]:
            del missed[witness]

    def _active(self, operation: Operation) -> Switch | None:
        switch = self._switches.get(operation)
        return switch if switch and self.clock() < switch.until else None

    def _end(self, operation: Operation) -> None:
        """Back to the first form; others are told where they knew of the switch."""
        switch = self._active(operation)
        if switch is None:
            return
        now = self.clock()
        ended = self._switches[operation] = replace(switch, since=now, until=now)
        if operation in self._trials:
            self._trials.discard(operation)
        else:
            self._news[operation] = ended


HOME = Dialects()


@dataclass(slots=True)
class Proof:
    """What came of a call whose answer goes on after it was taken; the first counts."""

    operation: Operation
    form: str = ""
    began: float = 0.0

    def good(self) -> None:
        if self.form:
            HOME.proved(self.operation, self.form)
            self.form = ""

    def bad(self, failure: UpstreamFailure) -> None:
        """Upstream that says in this form that it is busy does speak it."""
        if self.form and failure.fault not in IN_ITS_WORDS:
            HOME.failed(self.operation, self.form, failure, self.began)
        self.form = ""


def key_of(operation: Operation) -> str:
    return f"upstream.{operation}_protocol"


async def spoken(
    operation: Operation,
    login: Login,
    settings: Settings,
    work: Callable[[str], Awaitable[Result]],
    proof: Proof | None = None,
) -> Result:
    """`work` in the form that is due, and in the other if that is then due instead.

    `work` must have spent nothing where it fails for want of the address. Raises its
    failures; one that only says that a form is gone may be retried elsewhere. With
    `proof` the caller tells how it went on.
    """
    dialects = HOME
    tried: set[str] = set()
    while True:
        form = dialects.form(operation, settings)
        tried.add(form)
        began = dialects.clock()
        try:
            done = await work(form)
        except UpstreamFailure as failure:
            if settings.text(key_of(operation)) != AUTO:
                raise
            if not failure.absent:
                dialects.failed(operation, form, failure, began)
                raise
            dialects.miss(operation, form, login)
            if dialects.form(operation, settings) in tried:
                raise moved(failure) from failure.__cause__
        else:
            dialects.heard(operation, form, began)
            after = proof or Proof(operation)
            after.form, after.began = form, began
            if proof is None:
                after.good()
            return done


def moved(failure: UpstreamFailure) -> UpstreamFailure:
    """Nothing was spent, and the account is not to blame."""
    failure.fault = UpstreamFault.MOVED
    failure.retryable = True
    failure.sent = False
    failure.absent = False
    return failure
