"""What a worker's memory does over many requests: it has to stay where it was."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from gateway.bench import pools, scenarios, usage
from gateway.bench.report import Result
from gateway.bench.scenarios import Figures
from gateway.bench.stage import Stage, furnished, served
from gateway.bench.work import Leg, Work

NAME = "soak"
SHARE_AHEAD = 10  # a tenth of the work goes ahead of the first reading
AT_ONCE = 32


def soak(pool: pools.Pool) -> Result:
    """One round; the quick one is a hundredth of it and proves only that it runs."""
    requests, streams = (1_000, 100) if pool.quick else (100_000, 10_000)
    accounts = {"super": [pools.long_token(number) for number in range(pool.accounts)]}
    with (
        tempfile.TemporaryDirectory(prefix="grokgateway-bench-") as folder,
        furnished(Path(folder), accounts, pool.store) as prepared,
        served(prepared, server=pools.SERVER) as stage,
    ):
        found = grown(stage, requests, streams)
    title = f"{requests:,} requests and {streams:,} streams by one worker"
    return Result(NAME, title, pools.SERVER, (found,))


def grown(stage: Stage, requests: int, streams: int) -> Figures:
    leg = scenarios.legs(stage)[1]
    whole = Work((leg,), AT_ONCE, tokens=20, stream=False, verify_every=10)
    flowing = replace(whole, stream=True, delay_ms=5)
    expected = scenarios.expected(stage, replace(whole, legs=()))
    whole = replace(whole, expected=expected)
    flowing = replace(flowing, expected=expected)

    done = asked(leg, whole, requests // SHARE_AHEAD)
    done += asked(leg, flowing, streams // SHARE_AHEAD)
    time.sleep(usage.REST_S)
    with usage.Watch(stage.gateway_pid) as watch:
        done += asked(leg, whole, requests - requests // SHARE_AHEAD)
        done += asked(leg, flowing, streams - streams // SHARE_AHEAD)
    before, after = watch.before.rss_bytes, watch.after
    return {
        "answered, every tenth compared": done,
        "memory after a tenth, MiB": before / usage.MIB,
        "memory at most, MiB": watch.peak_rss_bytes / usage.MIB,
        "memory at the end, MiB": after.rss_bytes / usage.MIB,
        "growth, %": 100 * (after.rss_bytes - before) / before if before else 0.0,
        "CPU, s": after.cpu_s - watch.before.cpu_s,
    }


def asked(leg: Leg, work: Work, count: int) -> int:
    """Raises StageFailed if a reply failed or was wrong."""
    (findings,) = scenarios.findings(replace(work, legs=(leg,), requests=count))
    return findings.completed
