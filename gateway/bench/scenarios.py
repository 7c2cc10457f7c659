"""What is measured, and how one round of it becomes figures."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gateway.bench import dialects, usage, wire
from gateway.bench.connection import Connection, Reply
from gateway.bench.stage import Stage, StageFailed, generate
from gateway.bench.work import Findings, Leg, Work

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    title: str
    work: Callable[[bool], Work]  # quick or not; legs and text are filled in later
    measure: Callable[[Stage, Work], Figures]
    fresh: bool = False  # each round has a gateway of its own


def first_token(stage: Stage, work: Work) -> Figures:
    """Both legs in turn in one process, so that both meet the same machine."""
    direct, gateway = findings(replace(work, legs=legs(stage)))
    return {
        "direct first token p50, ms": direct.first_p50_ms,
        "gateway first token p50, ms": gateway.first_p50_ms,
        "added first token p50, ms": gateway.first_p50_ms - direct.first_p50_ms,
        "added first token p99, ms": gateway.first_p99_ms - direct.first_p99_ms,
    }


def requests_rate(stage: Stage, work: Work) -> Figures:
    direct, gateway = one_by_one(stage, work)
    return {
        "direct requests/s": direct.requests_per_s,
        "gateway requests/s": gateway.requests_per_s,
        "direct total p99, ms": direct.total_p99_ms,
        "gateway total p99, ms": gateway.total_p99_ms,
    }


def tokens_rate(stage: Stage, work: Work) -> Figures:
    direct, gateway = one_by_one(stage, work)
    return {
        "direct tokens/s": direct.tokens_per_s,
        "gateway tokens/s": gateway.tokens_per_s,
        "direct first token p99, ms": direct.first_p99_ms,
        "gateway first token p99, ms": gateway.first_p99_ms,
    }


def many_streams(stage: Stage, work: Work) -> Figures:
    direct_leg, gateway_leg = legs(stage)
    (direct,) = findings(replace(work, legs=(direct_leg,)))
    # What a process loads with its first requests is no cost of a stream.
    findings(
        replace(
            work, legs=(gateway_leg,), concurrency=WARM_STREAMS, requests=WARM_STREAMS
        )
    )
    with usage.Watch(stage.gateway_pid) as watch:
        (gateway,) = findings(replace(work, legs=(gateway_leg,)))
    grown = watch.peak_rss_bytes - watch.before.rss_bytes
    return {
        "direct complete streams": direct.completed,
        "gateway complete streams": gateway.completed,
        "direct first token p99, ms": direct.first_p99_ms,
        "gateway first token p99, ms": gateway.first_p99_ms,
        "direct token delay p99, ms": direct.late_p99_ms,
        "gateway token delay p99, ms": gateway.late_p99_ms,
        "added token delay p99, ms": gateway.late_p99_ms - direct.late_p99_ms,
        "gateway CPU, s": watch.after.cpu_s - watch.before.cpu_s,
        "gateway RSS per stream, KiB": grown / 1024 / work.concurrency,
        "gateway RSS before, MiB": watch.before.rss_bytes / usage.MIB,
        "gateway RSS peak, MiB": watch.peak_rss_bytes / usage.MIB,
        "gateway RSS after, MiB": watch.after.rss_bytes / usage.MIB,
    }


def dialect_speeds(stage: Stage, work: Work) -> Figures:
    """Chat, responses and messages over the same gateway, each in turn."""
    spoken = spoken_legs(stage)
    one = replace(work, concurrency=1, seconds=0.0, requests=len(spoken) * FIRST_ASKS)
    firsts = {found.leg: found for found in findings(replace(one, legs=spoken))}
    figures: dict[str, float] = {}
    for leg in spoken:
        figures[f"{leg.name} first token p50, ms"] = firsts[leg.name].first_p50_ms
        (rate,) = findings(replace(work, legs=(leg,)))
        figures[f"{leg.name} tokens/s"] = rate.tokens_per_s
    chat = figures["chat tokens/s"]
    for leg in spoken[1:]:
        name = f"chat tokens/s over {leg.name}"
        figures[name] = chat / figures[f"{leg.name} tokens/s"]
    return figures


def tools_cost(stage: Stage, work: Work) -> Figures:
    """What twenty tools add to the first token, and asking directly beside it."""
    plain, armed = spoken_legs(stage)[0], tools_leg(stage)
    without, with_tools = findings(replace(work, legs=(plain, armed)))
    added = with_tools.first_p50_ms - without.first_p50_ms
    return {
        "first token p50, ms": without.first_p50_ms,
        "with tools first token p50, ms": with_tools.first_p50_ms,
        "added by tools p50, ms": added,
        "added by tools p99, ms": with_tools.first_p99_ms - without.first_p99_ms,
    }


WARM_STREAMS = 32
FIRST_ASKS = 200
TOOLS = 20


def first_token_work(quick: bool) -> Work:
    return Work((), 1, tokens=20, stream=True, requests=200 if quick else 1000)


def requests_work(quick: bool) -> Work:
    return Work((), 32, tokens=20, stream=False, seconds=2 if quick else 5)


def tokens_work(quick: bool) -> Work:
    return Work((), 64, tokens=200, stream=True, seconds=2 if quick else 5)


def streams_work(quick: bool) -> Work:
    count = 100 if quick else 1000
    work = Work((), count, tokens=50, stream=True, requests=count)
    return replace(work, delay_ms=100, ramp_s=1.0, verify_every=1, times=True)


ALL = (
    Scenario(
        "first", "Added first token, one at a time", first_token_work, first_token
    ),
    Scenario("requests", "20-token replies at 32", requests_work, requests_rate),
    Scenario(
        "tokens",
        "200-token streams at 64, no delay: the sandbox sends all that is due at once",
        tokens_work,
        tokens_rate,
    ),
    Scenario(
        "dialects",
        "200-token streams at 64 in each dialect",
        tokens_work,
        dialect_speeds,
    ),
    Scenario(
        "tools",
        "Twenty tools in the request, one at a time",
        first_token_work,
        tools_cost,
    ),
    # Memory once taken stays with the process: a second round would seem to need none.
    Scenario(
        "streams",
        "Paced streams, all at once, each round on a new gateway",
        streams_work,
        many_streams,
        fresh=True,
    ),
)


def legs(stage: Stage) -> tuple[Leg, Leg]:
    tokens = tuple(f"sandbox-super-quota1000000-direct{n:03d}" for n in range(64))
    return (
        Leg("direct", stage.sandbox_port, "upstream", tokens=tokens),
        Leg("gateway", stage.gateway_port, "chat", key=stage.key),
    )


def spoken_legs(stage: Stage) -> tuple[Leg, ...]:
    port, key = stage.gateway_port, stage.key
    return (
        Leg("chat", port, "chat", key=key),
        Leg("responses", port, "responses", key=key),
        Leg("messages", port, "messages", key=key),
    )


def tools_leg(stage: Stage) -> Leg:
    return Leg("tools", stage.gateway_port, "chat", key=stage.key, tools=TOOLS)


def one_by_one(stage: Stage, work: Work) -> tuple[Findings, Findings]:
    """Each leg has the machine to itself."""
    direct, gateway = legs(stage)
    (first,) = findings(replace(work, legs=(direct,)))
    (second,) = findings(replace(work, legs=(gateway,)))
    return first, second


def findings(work: Work) -> list[Findings]:
    """Raises StageFailed if a reply failed or was wrong, or none was verified."""
    found = generate(work)
    for each in found:
        if each.failed or not each.verified:
            raise StageFailed(f"{each.leg}: {each.failed} failed, {each.faults}")
    return found


def expected(stage: Stage, work: Work) -> str:
    """The sandbox's own words for this prompt, asked once and without load."""
    leg = legs(stage)[0]
    raw = asyncio.run(ask(leg, replace(work, legs=(leg,), delay_ms=0)))
    words = wire.text(raw, leg.dialect, stream=True)
    if (count := len(dialects.ALL[leg.dialect].marker.findall(raw))) < work.tokens:
        raise StageFailed(f"the sandbox sent {count} of {work.tokens} tokens")
    return words


async def ask(leg: Leg, work: Work) -> bytes:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", leg.port)
    reply = Reply(time.perf_counter(), True, dialects.ALL[leg.dialect].marker, False)
    try:
        await connection.exchange(wire.request(leg, work, 0), reply)
    finally:
        connection.close()
    return b"".join(reply.raw)
