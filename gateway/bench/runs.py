"""Whole measurements: server by server, scenario by scenario, round by round."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.bench import pools, scenarios, selection, soak
from gateway.bench.report import Result
from gateway.bench.scenarios import Figures, Scenario
from gateway.bench.stage import Stage, staged

LARGE = {
    pools.START: pools.starts,
    pools.SHARED: pools.shared,
    pools.STORES: pools.stores,
    soak.NAME: soak.soak,
}
WARMING = 10  # streams, few enough to leave the memory as it is


@dataclass(frozen=True, slots=True)
class Options:
    servers: tuple[str, ...]
    rounds: int
    quick: bool
    accounts: int
    scenario: str = ""  # empty: all but those of large pools
    store: dict[str, str] = field(default_factory=dict)  # start-up variables


def names() -> list[str]:
    named = [scenario.name for scenario in scenarios.ALL]
    return [*named, selection.NAME, *LARGE]


def run(options: Options, say: Callable[[str], None]) -> list[Result]:
    results: list[Result] = []
    wanted = [s for s in scenarios.ALL if options.scenario in {"", s.name}]
    if wanted:
        for server in options.servers:
            results.extend(under(server, wanted, options, say))
    if options.scenario in {"", selection.NAME}:
        say("selection: in process")
        results.extend(selection.run(rounds=options.rounds, quick=options.quick))
    if options.scenario in LARGE:
        say(f"{options.scenario}: {options.accounts:,} accounts")
        pool = pools.Pool(
            options.accounts, options.store, options.rounds, options.quick
        )
        results.append(LARGE[options.scenario](pool))
    return results


def under(
    server: str,
    wanted: Sequence[Scenario],
    options: Options,
    say: Callable[[str], None],
) -> Iterator[Result]:
    lasting = [scenario for scenario in wanted if not scenario.fresh]
    if lasting:
        with stage_for(server, options) as stage:
            for scenario in lasting:
                say(f"{server}: {scenario.title}")
                found = tuple(figures(scenario, stage, options, options.rounds))
                yield Result(scenario.name, scenario.title, server, found)
    for scenario in wanted:
        if scenario.fresh:
            say(f"{server}: {scenario.title}")
            found = tuple(fresh_figures(scenario, server, options))
            yield Result(scenario.name, scenario.title, server, found)


@contextmanager
def stage_for(server: str, options: Options) -> Iterator[Stage]:
    accounts = {"super": tokens(options.accounts)}
    with (
        tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder,
        staged(Path(folder), server=server, accounts=accounts) as stage,
    ):
        yield stage


def fresh_figures(
    scenario: Scenario, server: str, options: Options
) -> Iterator[Figures]:
    for _ in range(options.rounds):
        with stage_for(server, options) as stage:
            yield from figures(scenario, stage, options, 1)


def figures(
    scenario: Scenario, stage: Stage, options: Options, rounds: int
) -> Iterator[Figures]:
    """A short round ahead warms code and connections; it does not count."""
    work = scenario.work(options.quick)
    work = replace(work, expected=scenarios.expected(stage, work))
    if scenario.fresh:
        warming = replace(work, concurrency=WARMING, requests=WARMING, delay_ms=1)
    else:
        warming = replace(scenario.work(True), expected=work.expected)
    scenario.measure(stage, warming)
    for _ in range(rounds):
        yield scenario.measure(stage, work)


def tokens(count: int) -> list[str]:
    """Tokens whose name gives them more quota in the sandbox than a run can use."""
    return [f"sandbox-super-quota1000000-{number:06d}" for number in range(count)]
