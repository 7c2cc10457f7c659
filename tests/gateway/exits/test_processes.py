"""Two processes that want the same clearance at once."""

import asyncio
import sys

import pytest

from tests.e2e.gateway_process import ROOT, environment, manage
from tests.gateway.egress.solver_server import SolverServer
from tests.gateway.upstream.stand_in import Peer, Request, serving

pytestmark = pytest.mark.e2e

SLOW_S = 3.0  # longer than one process is ahead of the other


async def test_two_processes_make_one_solve(tmp_path):
    env = environment(tmp_path, "http://127.0.0.1:1")
    await asyncio.to_thread(manage, env, "migrate", "-v0")
    await asyncio.to_thread(manage, env, "config", "list")  # makes the keys once
    made = SolverServer()

    async def slowly(peer: Peer, request: Request) -> None:
        await asyncio.sleep(SLOW_S)
        await made.answer(peer, request)

    async with serving(slowly) as server:
        told = await asyncio.gather(*(wanting(env, server.url) for _ in range(2)))
    assert told == ["1 cf_clearance=good", "1 cf_clearance=good"]
    assert len(made.questions) == 1


async def wanting(env: dict[str, str], url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gateway.exits.solving_process", url),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    return printed.decode().strip()
