"""Rounds of figures as medians, and medians as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.bench.figures import middle
from gateway.bench.scenarios import Figures


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds of one scenario under one server."""

    scenario: str
    title: str
    server: str
    rounds: tuple[Figures, ...]

    def medians(self) -> dict[str, float]:
        names = self.rounds[0] if self.rounds else {}
        return {name: middle([each[name] for each in self.rounds]) for name in names}


def table(results: Sequence[Result]) -> str:
    lines = []
    for result in results:
        lines.append(f"{result.title} ({result.server}, {len(result.rounds)} rounds)")
        width = max((len(name) for name in result.medians()), default=0)
        for name, value in result.medians().items():
            spread = [each[name] for each in result.rounds]
            bounds = f"{shown(min(spread))} .. {shown(max(spread))}"
            lines.append(f"  {name:<{width}}  {shown(value):>12}  ({bounds})")
        lines.append("")
    return "\n".join(lines)


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """For files that later runs are compared with."""
    return [
        {
            "scenario": result.scenario,
            "server": result.server,
            "medians": result.medians(),
            "rounds": [dict(each) for each in result.rounds],
        }
        for result in results
    ]
