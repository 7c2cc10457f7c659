"""What an examination finds, as values; pure. Words for it are in `wording`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.egress.causes import TABLE, Cause, Layer

About = Mapping[str, str | int]
Json = dict[str, object]


class Check(StrEnum):
    """The rungs, from near to far."""

    NODE = "node"
    NAME = "name"
    CONNECT = "connect"
    EXIT = "exit"
    PROFILE = "profile"
    AGENT = "agent"
    CLEARANCE = "clearance"
    CHALLENGE = "challenge"
    STATSIG = "statsig"
    CREDENTIAL = "credential"
    BLOCKED = "blocked"
    TIER = "tier"
    QUOTA = "quota"
    MODEL = "model"
    ANSWER = "answer"
    UPSTREAM = "upstream"


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # not as it should be, but no call fails for it
    SKIPPED = "skipped"
    FAILED = "failed"


LAYERS: Mapping[Check, Layer] = {
    Check.NODE: Layer.PROXY,
    Check.NAME: Layer.NETWORK,
    Check.CONNECT: Layer.NETWORK,
    Check.EXIT: Layer.PROXY,
    Check.PROFILE: Layer.OURS,
    Check.AGENT: Layer.EDGE,
    Check.CLEARANCE: Layer.EDGE,
    Check.CHALLENGE: Layer.EDGE,
    Check.STATSIG: Layer.EDGE,
    Check.CREDENTIAL: Layer.ACCOUNT,
    Check.BLOCKED: Layer.ACCOUNT,
    Check.TIER: Layer.ACCOUNT,
    Check.QUOTA: Layer.ACCOUNT,
    Check.MODEL: Layer.OURS,
    Check.ANSWER: Layer.UPSTREAM,
    Check.UPSTREAM: Layer.UPSTREAM,
}

# Where a failure belongs, whichever rung met it; the others by their layer.
BY_CAUSE: Mapping[str, Check] = {
    "pinned_out": Check.NODE,
    "anti_bot": Check.STATSIG,
    "no_clearance": Check.CLEARANCE,
    "blocked": Check.BLOCKED,
    "forbidden": Check.BLOCKED,
    "no_subscription": Check.TIER,
    "rate_limited": Check.QUOTA,
}
BY_LAYER: Mapping[Layer, Check] = {
    Layer.OURS: Check.CONNECT,
    Layer.NETWORK: Check.CONNECT,
    Layer.PROXY: Check.CONNECT,
    Layer.EDGE: Check.CHALLENGE,
    Layer.ACCOUNT: Check.CREDENTIAL,
    Layer.UPSTREAM: Check.UPSTREAM,
    Layer.REQUEST: Check.ANSWER,
}
NOT_REACHED, NOT_TOLD = "not_reached", "not_told"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` has its words, filled from `about`; a `cause` is a row of the table.

    Nothing in it is secret: no token, cookie, password or address of a proxy.
    """

    check: Check
    state: State
    code: str
    about: About = field(default_factory=dict)
    cause: str = ""
    layer: Layer | None = None  # the check's own unless it is told
    ms: int = 0

    @property
    def failed(self) -> bool:
        return self.state is State.FAILED

    @property
    def at(self) -> Layer:
        return self.layer or LAYERS[self.check]

    def taking(self, ms: int) -> "Finding":
        return replace(self, ms=ms)

    def stored(self) -> Json:
        return {
            "check": str(self.check),
            "state": str(self.state),
            "layer": str(self.at),
            "code": self.code,
            "cause": self.cause,
            "about": dict(self.about),
            "ms": self.ms,
        }


def ok(check: Check, code: str = "ok", **about: str | int) -> Finding:
    return Finding(check, State.OK, code, about)


def note(check: Check, code: str, **about: str | int) -> Finding:
    return Finding(check, State.NOTE, code, about)


def skipped(check: Check, code: str, **about: str | int) -> Finding:
    return Finding(check, State.SKIPPED, code, about)


def failed(
    check: Check,
    code: str,
    *,
    layer: Layer | None = None,
    cause: str = "",
    **about: str | int,
) -> Finding:
    return Finding(check, State.FAILED, code, about, cause, layer)


def of_cause(cause: Cause) -> Finding:
    """The failure of a call, at the rung where it belongs."""
    check = BY_CAUSE.get(cause.code) or BY_LAYER[cause.layer]
    return failed(check, f"cause_{cause.code}", layer=cause.layer, cause=cause.code)


def of_code(code: str) -> Finding:
    """One that no row of the table explains is told as upstream's."""
    return of_cause(TABLE.get(code) or TABLE["server_error"])


@dataclass(frozen=True, slots=True)
class Case:
    """One way, with an account or without, and what was found from rung to rung."""

    node: str
    account: str
    model: str
    findings: tuple[Finding, ...]

    @property
    def guilty(self) -> Finding | None:
        return next((one for one in self.findings if one.failed), None)

    def stored(self) -> Json:
        guilty = self.guilty
        return {
            "node": self.node,
            "account": self.account,
            "model": self.model,
            "sound": guilty is None,
            "guilty": guilty.stored() if guilty else None,
            "findings": [one.stored() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All that one examination looked at."""

    cases: tuple[Case, ...]
    ms: int = 0

    @property
    def guilty(self) -> list[Finding]:
        return [one for case in self.cases if (one := case.guilty) is not None]

    @property
    def sound(self) -> bool:
        return not self.guilty

    @property
    def alike(self) -> bool:
        """Several ways that all fail by the same: hardly the fault of each."""
        guilty = self.guilty
        kinds = {(one.check, one.code) for one in guilty}
        return len(guilty) == len(self.cases) > 1 and len(kinds) == 1

    def stored(self) -> Json:
        """The form that is kept; see docs/doctor.md."""
        return {
            "version": 1,
            "sound": self.sound,
            "alike": self.alike,
            "ms": self.ms,
            "cases": [case.stored() for case in self.cases],
        }


def ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """One for each check, in the order of the rungs; the last word counts."""
    last = {one.check: one for one in found}
    return tuple(last[check] for check in Check if check in last)
