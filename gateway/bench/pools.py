"""What many accounts cost: the start, memory, sharing them among workers, the store."""

import asyncio
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.bench import figures, scenarios, usage
from gateway.bench.report import Result
from gateway.bench.scenarios import Figures
from gateway.bench.stage import Stage, StageFailed, furnished, served
from gateway.bench.work import Findings, Leg, Work

START = "start"
SHARED = "shared"
STORES = "stores"
FEW = 10
SERVER = "granian"
TOKEN_CHARS = 150  # as long as a real one
WORKERS = (1, 2, 4)
TOLD = re.compile(
    r"Of (\d+) requests (\d+) waited for the store, which was asked \d+ times"
    r"(?:; p99 (\d+) us)?"
)


@dataclass(frozen=True, slots=True)
class Pool:
    """How many accounts, and the variables that name the store they are in."""

    accounts: int
    store: dict[str, str]
    rounds: int
    quick: bool


def starts(pool: Pool) -> Result:
    """From the command to the first answer, and the memory of the one worker."""
    found = []
    accounts = {"super": [long_token(number) for number in range(pool.accounts)]}
    few = {"super": accounts["super"][:FEW]}
    with tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder:
        little, much = Path(folder, "few"), Path(folder, "many")
        with furnished(little, few, {}) as small, furnished(much, accounts, {}) as big:
            for _ in range(pool.rounds):
                _, base = first_answer(small)
                took_s, full = first_answer(big)
                found.append(
                    {
                        "first answer, s": took_s,
                        f"memory with {FEW} accounts, MiB": base / usage.MIB,
                        "memory with all, MiB": full / usage.MIB,
                        "memory of the accounts, MiB": (full - base) / usage.MIB,
                    }
                )
    title = f"Start with {pool.accounts:,} accounts"
    return Result(START, title, SERVER, tuple(found))


def first_answer(prepared: Stage) -> tuple[float, float]:
    """Seconds until a chat is answered, and the bytes that the worker has then."""
    began = time.monotonic()
    with served(prepared, server=SERVER) as stage:
        leg = scenarios.legs(stage)[1]
        raw = asyncio.run(scenarios.ask(leg, scenarios.first_token_work(quick=True)))
        took_s = time.monotonic() - began
        if b"[DONE]" not in raw:
            raise StageFailed("the first request was not answered")
        time.sleep(usage.REST_S)
        return took_s, usage.sample(stage.gateway_pid).rss_bytes


def shared(pool: Pool) -> Result:
    """Processor time a request of several workers against one, and who waited."""
    accounts = {"super": [long_token(number) for number in range(pool.accounts)]}
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder,
        furnished(Path(folder), accounts, pool.store) as prepared,
    ):
        for _ in range(pool.rounds):
            found.append(dict(compared(prepared, quick=pool.quick)))
    title = f"Workers share {pool.accounts:,} accounts"
    return Result(SHARED, title, SERVER, tuple(found))


def compared(prepared: Stage, *, quick: bool) -> Iterator[tuple[str, float]]:
    work = scenarios.requests_work(quick)
    work = replace(work, expected=scenarios.expected(prepared, work))
    costs = {}
    for workers in WORKERS:
        log = prepared.data_dir / "gateway.log"
        start = log.stat().st_size if log.exists() else 0
        costs[workers] = cost(prepared, work, workers=workers)
        yield f"CPU a request, {workers} workers, ms", costs[workers]
    for workers in WORKERS[1:]:
        yield f"{workers} workers against one", costs[workers] / costs[1]
    yield from waits(log.read_bytes()[start:].decode(errors="replace")).items()


def cost(prepared: Stage, work: Work, *, workers: int = 1) -> float:
    """Milliseconds of processor time that the workers need for a request."""
    with served(prepared, server=SERVER, workers=workers) as stage:
        gateway = scenarios.legs(stage)[1]
        asked(gateway, replace(work, seconds=2.0))
        before = usage.sample(stage.gateway_pid)
        findings = asked(gateway, work)
        after = usage.sample(stage.gateway_pid)
    return (after.cpu_s - before.cpu_s) / findings.completed * 1000


def stores(pool: Pool) -> Result:
    """Processor time a request on the stores given against SQLite, in turn."""
    if not pool.store:
        raise StageFailed("name the other store: --database URL --redis URL")
    accounts = {"super": [long_token(number) for number in range(pool.accounts)]}
    found = []
    with tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder:
        plain, given = Path(folder, "plain"), Path(folder, "given")
        with (
            furnished(plain, accounts, {}) as embedded,
            furnished(given, accounts, pool.store) as server,
        ):
            work = scenarios.requests_work(pool.quick)
            work = replace(work, expected=scenarios.expected(embedded, work))
            for _ in range(pool.rounds):
                first, second = cost(embedded, work), cost(server, work)
                found.append(
                    {
                        "CPU a request, SQLite, ms": first,
                        "CPU a request, the store given, ms": second,
                        "the store given against SQLite": second / first,
                    }
                )
    title = f"The store given and SQLite, one worker, {pool.accounts:,} accounts"
    return Result(STORES, title, SERVER, tuple(found))


def asked(gateway: Leg, work: Work) -> Findings:
    (findings,) = scenarios.findings(replace(work, legs=(gateway,)))
    return findings


def waits(log: str) -> Figures:
    """What the workers said at their end of requests that waited for the store."""
    told = TOLD.findall(log)
    requests = sum(int(one) for one, _, _ in told)
    waited = sum(int(one) for _, one, _ in told)
    return {
        "waited for the store, %": 100 * waited / requests if requests else 0.0,
        "waited p99, ms": figures.middle([int(p99 or 0) / 1000 for *_, p99 in told]),
    }


def long_token(number: int) -> str:
    """A token whose name gives it more quota in the sandbox than a run can use."""
    token = f"sandbox-super-quota1000000-{number:06d}-"
    return token + "x" * (TOKEN_CHARS - len(token))
