"""Our gateway beside another one: the same small load on both by turns, and ratios.

Every measurement has a fixed number of requests, so that it ends by itself and costs
whoever pays for the other gateway's upstream no more than is said beforehand.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gateway.bench import dialects, figures, stage, targets
from gateway.bench.connection import Broken, Connection
from gateway.bench.targets import Target, Unusable

Side = TypeVar("Side")
OURS, THEIRS = "ours", "theirs"
OUR_KEY, THEIR_KEY = "BENCH_OUR_KEY", "BENCH_THEIR_KEY"
PROMPT = "bench [[tokens=100]]"
ACCOUNTS = 100
FAULTS_LIMIT = 3  # a target that fails ends the run


@dataclass(frozen=True, slots=True)
class Options:
    """`ours`: a gateway of ours that runs; empty: one is started over a sandbox."""

    url: str
    model: str = dialects.MODEL
    ours: str = ""
    our_model: str = dialects.MODEL
    prompt: str = PROMPT
    sandbox_port: int = 0
    rounds: int = 3
    requests: int = 100  # of each measurement, on each side
    at_once: int = 8
    server: str = "granian"


@dataclass(frozen=True, slots=True)
class Measurement:
    title: str
    stream: bool
    at_once: int


@dataclass(slots=True)
class Found:
    """One side in one measurement of one round."""

    took_s: float = 0.0
    words: int = 0
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def figures(self, stream: bool) -> dict[str, float]:
        times = self.first_ms if stream else self.total_ms
        name = "first token" if stream else "whole answer"
        return {
            f"{name} p50, ms": figures.percentile(times, 0.5),
            f"{name} p99, ms": figures.percentile(times, 0.99),
            "requests/s": len(self.total_ms) / self.took_s,
            "tokens/s, counted as words": self.words / self.took_s,
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians over the rounds: of ours, of theirs."""

    title: str
    figures: dict[str, tuple[float, float]]


def run(options: Options, say: Callable[[str], None]) -> list[Compared]:
    """Raises Unusable, or StageFailed if ours does not start."""
    theirs = targets.target(
        THEIRS, options.url, options.model, targets.key_in(THEIR_KEY)
    )
    with our_target(options, say) as ours:
        return asyncio.run(compared(ours, theirs, options, say))


@contextlib.contextmanager
def our_target(options: Options, say: Callable[[str], None]) -> Iterator[Target]:
    if options.ours:
        key = targets.key_in(OUR_KEY)
        yield targets.target(OURS, options.ours, options.our_model, key)
        return
    pool = {"super": [f"sandbox-super-quota1000000-{n:04d}" for n in range(ACCOUNTS)]}
    with (
        tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder,
        stage.staged(
            Path(folder),
            server=options.server,
            accounts=pool,
            sandbox_port=options.sandbox_port,
        ) as started,
    ):
        say(f"sandbox on http://127.0.0.1:{started.sandbox_port}")
        url = f"http://127.0.0.1:{started.gateway_port}/v1"
        yield targets.target(OURS, url, options.our_model, started.key)


async def compared(
    ours: Target, theirs: Target, options: Options, say: Callable[[str], None]
) -> list[Compared]:
    sides = (ours, theirs)
    for side, variable in zip(sides, (OUR_KEY, THEIR_KEY), strict=True):
        await targets.try_out(side, options.prompt, variable)
    results = []
    for wanted in measurements(options):
        say(wanted.title)
        rounds = [
            [await measured(side, wanted, options) for side in turned(sides, number)]
            for number in range(options.rounds)
        ]
        ordered = [turned(pair, number) for number, pair in enumerate(rounds)]
        results.append(Compared(wanted.title, medians(ordered, wanted.stream)))
    return results


def measurements(options: Options) -> tuple[Measurement, ...]:
    many = options.at_once
    return (
        Measurement("Streams, one at a time", stream=True, at_once=1),
        Measurement(f"Streams, {many} at once", stream=True, at_once=many),
        Measurement(f"Whole answers, {many} at once", stream=False, at_once=many),
    )


def turned(sides: Sequence[Side], number: int) -> Sequence[Side]:
    """Who begins changes from round to round, as the machine does too."""
    return sides[::-1] if number % 2 else sides


def medians(
    rounds: Sequence[Sequence[Found]], stream: bool
) -> dict[str, tuple[float, float]]:
    ours, theirs = ([each[side].figures(stream) for each in rounds] for side in (0, 1))
    return {
        name: (
            figures.middle([one[name] for one in ours]),
            figures.middle([one[name] for one in theirs]),
        )
        for name in ours[0]
    }


async def measured(side: Target, wanted: Measurement, options: Options) -> Found:
    """Raises Unusable if it fails under the load."""
    found = Found()
    left = iter(range(options.requests))
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(wanted.at_once):
            group.create_task(client(side, wanted, options.prompt, left, found))
    found.took_s = time.perf_counter() - begun
    if found.faults:
        told = side.covered("; ".join(sorted(set(found.faults))[:3]))
        raise Unusable(
            f"{side.name}, {wanted.title}: {len(found.faults)} failed: {told}"
        )
    return found


async def client(
    side: Target, wanted: Measurement, prompt: str, left: Iterator[int], found: Found
) -> None:
    connection: Connection | None = None
    try:
        for _ in left:
            if len(found.faults) >= FAULTS_LIMIT:
                return
            try:
                connection = connection or await side.connect()
                reply = await targets.exchange(
                    side, connection, prompt, stream=wanted.stream
                )
                found.words += targets.words_in(reply, stream=wanted.stream)
            except (Broken, OSError, TimeoutError, ValueError) as exc:
                found.faults.append(str(exc)[:160] or "no answer in time")
                connection = None
                continue
            found.total_ms.append((reply.done_at - reply.sent_at) * 1000)
            if reply.first_at:
                found.first_ms.append((reply.first_at - reply.sent_at) * 1000)
    finally:
        if connection is not None:
            connection.close()


def table(results: Sequence[Compared]) -> str:
    lines = []
    for result in results:
        lines.append(f"{result.title:<34}{OURS:>12}{THEIRS:>12}{'theirs/ours':>14}")
        for name, (ours, theirs) in result.figures.items():
            ratio = f"{theirs / ours:.2f}" if ours else "-"
            lines.append(f"  {name:<32}{ours:>12,.1f}{theirs:>12,.1f}{ratio:>14}")
        lines.append("")
    return "\n".join(lines)


def as_json(results: Sequence[Compared]) -> list[dict[str, object]]:
    return [
        {
            "measurement": result.title,
            OURS: {name: pair[0] for name, pair in result.figures.items()},
            THEIRS: {name: pair[1] for name, pair in result.figures.items()},
        }
        for result in results
    ]
