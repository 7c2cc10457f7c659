"""Sums of requests by time and model, kept as requests are recorded.

The console shows these; it never counts the request log itself. Each request is added
to two grains: five minutes, for the last hours, and one hour, for all else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import accumulate

from django.db import transaction
from django.db.models import F, Sum

from gateway.tally_tables import Tally

FINE_S = 300
COARSE_S = 3600
FINE_KEPT = timedelta(days=2)
COARSE_KEPT = timedelta(days=400)
CLIENT_GONE = 499
LIMITED = 429

FIRST_TOKEN_MS = {
    "first_125ms": 125,
    "first_250ms": 250,
    "first_500ms": 500,
    "first_1s": 1_000,
    "first_2s": 2_000,
    "first_4s": 4_000,
    "first_8s": 8_000,
    "first_16s": 16_000,
    "first_32s": 32_000,
    "first_64s": 64_000,
}
FIRST_MORE = "first_more"
FIRSTS = (*FIRST_TOKEN_MS, FIRST_MORE)
COUNTS = (
    "requests",
    "refused",
    "limited",
    "failed",
    "gone",
    "prompt_tokens",
    "completion_tokens",
)
COLUMNS = (*COUNTS, *FIRSTS)


class Period(Enum):
    """How far back a report looks: its name, and the span and number of its steps."""

    HOUR = ("1h", FINE_S, 12)
    DAY = ("24h", COARSE_S, 24)
    WEEK = ("7d", 6 * COARSE_S, 28)
    MONTH = ("30d", 24 * COARSE_S, 30)

    def __init__(self, label: str, step_s: int, steps: int) -> None:
        self.label = label
        self.step_s = step_s
        self.steps = steps

    @property
    def grain_s(self) -> int:
        return FINE_S if self.step_s < COARSE_S else COARSE_S

    def starts(self, now: datetime) -> list[datetime]:
        """The begin of each step, the oldest first; the last one holds `now`."""
        last = floor(now, self.step_s)
        step = timedelta(seconds=self.step_s)
        return [last - step * back for back in reversed(range(self.steps))]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tally needs to know of one recorded request."""

    at: datetime
    model: str
    status: int
    first_token_ms: float | None
    prompt_tokens: int
    completion_tokens: int


@dataclass(slots=True)
class Total:
    """Sums over any number of requests."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))

    def add(self, seen: Seen) -> None:
        self.counts["requests"] += 1
        if outcome := outcome_of(seen.status):
            self.counts[outcome] += 1
        self.counts["prompt_tokens"] += seen.prompt_tokens
        self.counts["completion_tokens"] += seen.completion_tokens
        if seen.first_token_ms is not None:
            self.counts[first_column(seen.first_token_ms)] += 1

    def include(self, other: "Total") -> None:
        for name, count in other.counts.items():
            self.counts[name] += count

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    @property
    def succeeded(self) -> int:
        missed = ("refused", "limited", "failed", "gone")
        return self["requests"] - sum(self[name] for name in missed)

    @property
    def success(self) -> float | None:
        """Share of requests that ours to answer were answered; None without any.

        What the client did wrong or gave up says nothing about the gateway.
        """
        ours = self["requests"] - self["refused"] - self["gone"]
        return self.succeeded / ours if ours else None

    def first_token_ms(self, share: float) -> float | None:
        """The time within which this share of first tokens came, about."""
        counts = [self[name] for name in FIRSTS]
        total = sum(counts)
        if not total:
            return None
        sought = share * total
        edges = [0, *FIRST_TOKEN_MS.values()]
        below = [0, *accumulate(counts)]
        for place, edge in enumerate(edges[1:]):
            if below[place + 1] >= sought:
                within = (sought - below[place]) / counts[place]
                return edges[place] + within * (edge - edges[place])
        return float(edges[-1])


@dataclass(frozen=True, slots=True)
class Report:
    """A period in steps, as a whole, and by model with the busiest first."""

    period: Period
    steps: list[tuple[datetime, Total]]
    total: Total
    models: list[tuple[str, Total]]


def outcome_of(status: int) -> str:
    """The column an answer counts in besides `requests`, empty for a good one."""
    if status < 400:
        return ""
    if status in {CLIENT_GONE, LIMITED}:
        return "gone" if status == CLIENT_GONE else "limited"
    return "refused" if status < 500 else "failed"


def first_column(took_ms: float) -> str:
    for name, edge in FIRST_TOKEN_MS.items():
        if took_ms <= edge:
            return name
    return FIRST_MORE


def floor(at: datetime, step_s: int) -> datetime:
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % step_s, UTC)


Place = tuple[int, datetime, str]  # grain in s, begin of the slot, model


@transaction.atomic
def add(requests: Iterable[Seen]) -> None:
    """Add recorded requests to the stored sums."""
    sums: dict[Place, Total] = {}
    for seen in requests:
        for grain_s in (FINE_S, COARSE_S):
            place = (grain_s, floor(seen.at, grain_s), seen.model)
            sums.setdefault(place, Total()).add(seen)
    for place, total in sorted(sums.items(), key=lambda one: one[0]):
        add_to(place, {name: count for name, count in total.counts.items() if count})


def add_to(place: Place, counts: dict[str, int]) -> None:
    grain_s, slot, model = place
    rows = Tally.objects.filter(grain_s=grain_s, slot=slot, model=model)
    more = {name: F(name) + count for name, count in counts.items()}
    if not rows.update(**more):
        _, made = Tally.objects.get_or_create(
            grain_s=grain_s, slot=slot, model=model, defaults=counts
        )
        if not made:
            rows.update(**more)


def report(period: Period, now: datetime, models: int = 8) -> Report:
    """Read what a period came to, in two queries."""
    starts = period.starts(now)
    rows = Tally.objects.filter(grain_s=period.grain_s, slot__gte=starts[0]).order_by()
    sums = [Sum(name) for name in COLUMNS]
    steps = {start: Total() for start in starts}
    whole = Total()
    for slot, *counts in rows.values_list("slot").annotate(*sums):
        found = total_of(counts)
        whole.include(found)
        steps.get(floor(slot, period.step_s), Total()).include(found)
    by_model = rows.exclude(model="").values_list("model").annotate(*sums)
    named = [(name, total_of(counts)) for name, *counts in by_model]
    named.sort(key=lambda one: (-one[1]["requests"], one[0]))
    return Report(period, list(steps.items()), whole, named[:models])


def since(at: datetime) -> Total:
    """What requests came to from the slot that holds this time on."""
    rows = Tally.objects.filter(grain_s=FINE_S, slot__gte=floor(at, FINE_S)).order_by()
    sums = rows.aggregate(**{name: Sum(name) for name in COLUMNS})
    return total_of([sums[name] or 0 for name in COLUMNS])


def total_of(counts: Sequence[int]) -> Total:
    return Total(dict(zip(COLUMNS, counts, strict=True)))


def purge(now: datetime) -> int:
    """Delete sums that no report reads any more; returns the number of rows."""
    ages = {FINE_S: FINE_KEPT, COARSE_S: COARSE_KEPT}
    return sum(
        Tally.objects.filter(grain_s=grain_s, slot__lt=now - kept).delete()[0]
        for grain_s, kept in ages.items()
    )
