"""The load generator: `python -m gateway.bench.load WORK`, findings on stdout."""

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

import uvloop

from gateway.bench import dialects, figures, wire
from gateway.bench.connection import Broken, Connection, Reply
from gateway.bench.work import Findings, Leg, Work, load_work

FAULTS_LIMIT = 200  # a broken target ends the run early


@dataclass(slots=True)
class Tally:
    """What one leg gave so far."""

    completed: int = 0
    verified: int = 0
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


class Load:
    """One run: a fixed number of clients that each send, wait, and send again."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.tallies = {leg.name: Tally() for leg in work.legs}
        self.turn = 0
        self.ends_at = 0.0
        self.elapsed_s = 0.0

    async def run(self) -> list[Findings]:
        started_at = time.perf_counter()
        self.ends_at = started_at + (self.work.seconds or 3600.0)
        async with asyncio.TaskGroup() as group:
            for number in range(self.work.concurrency):
                group.create_task(self.client(number))
        took_s = time.perf_counter() - started_at
        self.elapsed_s = self.work.seconds or took_s
        return [self.findings(leg) for leg in self.work.legs]

    async def client(self, number: int) -> None:
        await asyncio.sleep(self.work.ramp_s * number / self.work.concurrency)
        connections: dict[str, Connection] = {}
        try:
            await self.turns(connections)
        finally:
            for connection in connections.values():
                connection.close()

    async def turns(self, connections: dict[str, Connection]) -> None:
        while time.perf_counter() < self.ends_at:
            turn = self.turn
            if self.work.requests and turn >= self.work.requests:
                return
            self.turn += 1
            leg = self.work.legs[turn % len(self.work.legs)]
            try:
                if leg.name not in connections:
                    connections[leg.name] = await connect(leg)
                await self.one(leg, connections[leg.name], turn)
            except (Broken, OSError) as exc:
                self.tallies[leg.name].faults[str(exc)[:160]] += 1
                connections.pop(leg.name, None)
                if self.tallies[leg.name].faults.total() > FAULTS_LIMIT:
                    return

    async def one(self, leg: Leg, connection: Connection, turn: int) -> None:
        work = self.work
        request = wire.request(leg, work, turn)
        keep = bool(work.verify_every) and (
            turn // len(work.legs) % work.verify_every == 0
        )
        marker = dialects.ALL[leg.dialect].marker
        reply = Reply(time.perf_counter(), keep, marker, work.times)
        await connection.exchange(request, reply)
        if reply.done_at <= self.ends_at:
            self.note(leg, reply)

    def note(self, leg: Leg, reply: Reply) -> None:
        tally = self.tallies[leg.name]
        if reply.keep:
            fault = check(leg, self.work, reply)
            if fault:
                tally.faults[fault] += 1
                return
            tally.verified += 1
        tally.completed += 1
        tally.total_ms.append((reply.done_at - reply.sent_at) * 1000)
        if reply.first_at:
            tally.first_ms.append((reply.first_at - reply.sent_at) * 1000)
        if self.work.times:
            pace_s = self.work.delay_ms / 1000
            tally.late_ms.extend(figures.lateness_ms(reply.arrivals, pace_s))

    def findings(self, leg: Leg) -> Findings:
        tally = self.tallies[leg.name]
        return Findings(
            leg=leg.name,
            completed=tally.completed,
            failed=tally.faults.total(),
            verified=tally.verified,
            elapsed_s=self.elapsed_s,
            requests_per_s=tally.completed / self.elapsed_s,
            tokens_per_s=tally.completed * self.work.tokens / self.elapsed_s,
            first_p50_ms=figures.percentile(tally.first_ms, 0.5),
            first_p99_ms=figures.percentile(tally.first_ms, 0.99),
            total_p50_ms=figures.percentile(tally.total_ms, 0.5),
            total_p99_ms=figures.percentile(tally.total_ms, 0.99),
            late_p50_ms=figures.percentile(tally.late_ms, 0.5),
            late_p99_ms=figures.percentile(tally.late_ms, 0.99),
            late_max_ms=max(tally.late_ms, default=0.0),
            faults=dict(tally.faults.most_common(5)),
        )


async def connect(leg: Leg) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", leg.port)
    return connection


def check(leg: Leg, work: Work, reply: Reply) -> str:
    """The fault of a kept reply, empty if its content is right to the letter."""
    try:
        got = wire.text(b"".join(reply.raw), leg.dialect, stream=work.stream)
    except (ValueError, KeyError, IndexError) as exc:
        return f"unreadable: {exc}"
    if got != work.expected:
        size = f"{len(got)} of {len(work.expected)} characters"
        return f"wrong content: {got[:60]!r} ({size})"
    return ""


async def main(text: str) -> str:
    work = load_work(text)
    found = await Load(work).run()
    return json.dumps([asdict(findings) for findings in found])


if __name__ == "__main__":
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(runner.run(main(sys.argv[1])) + "\n")
