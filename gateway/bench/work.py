"""What one run of the load generator does and what it found, as JSON both ways."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

Dialect = Literal["upstream", "chat", "responses", "messages"]


@dataclass(frozen=True, slots=True)
class Leg:
    """Where requests go: straight to the sandbox, or through the gateway."""

    name: str
    port: int
    dialect: Dialect
    key: str = ""
    tokens: tuple[str, ...] = ()  # account tokens, used in turn by the direct leg
    tools: int = 0  # functions declared in each request


@dataclass(frozen=True, slots=True)
class Work:
    """Either `requests` in all or as many as fit into `seconds`."""

    legs: tuple[Leg, ...]  # used in turn, request by request
    concurrency: int
    tokens: int
    stream: bool
    expected: str = ""  # the whole text each reply must have
    requests: int = 0
    seconds: float = 0.0
    delay_ms: int = 0
    ramp_s: float = 0.0
    verify_every: int = 50  # 1: each reply's whole content is checked
    times: bool = False  # note when each token arrives

    def dump(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Findings:
    """One leg's figures; times in milliseconds, 0.0 where nothing was timed."""

    leg: str
    completed: int
    failed: int
    verified: int
    elapsed_s: float
    requests_per_s: float
    tokens_per_s: float
    first_p50_ms: float
    first_p99_ms: float
    total_p50_ms: float
    total_p99_ms: float
    late_p50_ms: float = 0.0
    late_p99_ms: float = 0.0
    late_max_ms: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)


def load_work(text: str) -> Work:
    raw = json.loads(text)
    legs = tuple(Leg(**(leg | {"tokens": tuple(leg["tokens"])})) for leg in raw["legs"])
    return Work(**(raw | {"legs": legs}))


def load_findings(text: str) -> list[Findings]:
    return [Findings(**raw) for raw in json.loads(text)]
