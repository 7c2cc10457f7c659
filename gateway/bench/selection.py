"""How long choosing an account takes, by the number of accounts; no process, no I/O."""

import time
from collections import deque
from collections.abc import Iterator

from accounts.directory import Directory, Wanted
from accounts.ready import Entry
from accounts.rows import AccountRow, WindowRow
from gateway.bench import figures
from gateway.bench.report import Result
from gateway.bench.scenarios import Figures

NAME = "selection"
SIZES = (1_000, 10_000, 100_000)
HELD = 200  # calls in flight at any time
WANTED = Wanted(pools=("super", "basic"), modes=("fast",))
COOLING_S = 3600.0


def run(*, rounds: int, quick: bool) -> list[Result]:
    choices = 2_000 if quick else 20_000
    now = time.time()
    results = []
    for size in SIZES:
        directory = filled(size, now)
        found = tuple(measured(directory, choices) for _ in range(rounds))
        title = f"Choosing among {size:,} accounts"
        results.append(Result(f"{NAME}-{size}", title, "in process", found))
    return results


def filled(size: int, now: float) -> Directory:
    directory = Directory()
    directory.apply(rows(size, now), now)
    return directory


def rows(size: int, now: float) -> Iterator[AccountRow]:
    """Half basic, half super; a tenth of each is cooling down."""
    window = WindowRow("fast", remaining=1_000_000, total=1_000_000, window_s=7200)
    for number in range(1, size + 1):
        yield AccountRow(
            id=number,
            public_id=str(number),
            pool=("basic", "super")[number % 2],
            status="active",
            ciphertext=b"",
            windows=(window,),
            cooling_until=now + COOLING_S if number % 20 < 2 else 0.0,
            revision=number,
        )


def measured(directory: Directory, choices: int) -> Figures:
    held: deque[tuple[Entry, str]] = deque()
    took_us = []
    for _ in range(choices):
        now = time.time()
        started_at = time.perf_counter()
        held.append(directory.claim(WANTED, now, frozenset()))
        took_us.append((time.perf_counter() - started_at) * 1e6)
        if len(held) > HELD:
            directory.release(*held.popleft(), now, refund=True)
    while held:
        directory.release(*held.popleft(), time.time(), refund=True)
    return {
        "choice p50, us": figures.percentile(took_us, 0.5),
        "choice p99, us": figures.percentile(took_us, 0.99),
        "choice worst, us": max(took_us),
    }
