"""Processes that want a clearance at once: one solve, and nobody's account pays."""

import asyncio
import base64
import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.e2e.gateway_process import Gateway, running_gateway
from tests.e2e.own_services import PG_BIN, free_port, kept, needed, own_postgresql
from tests.e2e.own_services import url_of as postgresql_at
from tests.gateway.sandbox.process import RunningSandbox, running_sandbox

pytestmark = pytest.mark.load
ACCOUNTS = {"super": [f"sandbox-super-cleared-{number}" for number in range(6)]}
AT_ONCE = 24
AGED = """
UPDATE gateway_clearancebundle
SET made_at = '2020-01-01 00:00:00+00:00', retry_at = NULL
"""
HUNG_S = 60.0  # a solver that hangs is left after its own time and 30 s
SEEN_S = 7.0  # until all processes have read the rows anew
STANDING = """
SELECT status, fail_count, recent_failures, server_faults, strikes,
  cooling_until, unauthorized_at FROM accounts_account
"""
CHAT = {
    "model": "grok-4.20-fast",
    "stream": False,
    "messages": [{"role": "user", "content": "Hi"}],
}


@dataclass
class Stage:
    sandbox: RunningSandbox
    gateways: list[Gateway]
    run: Callable[[str], list[tuple[object, ...]]]

    def solves(self) -> int:
        return int(self.sandbox.stats()["endpoints"].get("/v1", 0))

    async def ask(self) -> list[httpx.Response]:
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(client(g)) for g in self.gateways
            ]
            return await asyncio.gather(
                *(
                    clients[number % len(clients)].post(
                        "/v1/chat/completions", json=CHAT
                    )
                    for number in range(AT_ONCE)
                )
            )

    async def aged(self) -> None:
        """What is there is old enough to be replaced, and all processes know it."""
        self.run(AGED)
        await asyncio.sleep(SEEN_S)

    async def recovered(self) -> bool:
        """What was paused is let through again, in each process by its first answer."""
        until = time.monotonic() + HUNG_S
        while time.monotonic() < until:
            await self.aged()  # nobody waits for the next turn of the solver
            if {one.status_code for one in await self.ask()} == {200}:
                return True
        return False

    def unharmed(self) -> bool:
        rows = self.run(STANDING)
        standing = {(row[0], *row[1:4], str(row[4]), *row[5:]) for row in rows}
        return standing == {("active", 0, 0, 0, "[]", None, None)}


@contextlib.asynccontextmanager
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    made = httpx.AsyncClient(
        base_url=gateway.url, headers=gateway.headers(), timeout=60
    )
    async with made:
        yield made


def settings(sandbox: RunningSandbox, mode: str) -> dict[str, str]:
    return {
        "GROK_PROXY_CLEARANCE_MODE": mode,
        "GROK_PROXY_CLEARANCE_FLARESOLVERR_URL": sandbox.url,
        "GROK_PROXY_CLEARANCE_TIMEOUT_SEC": "10",
        "GROK_UPSTREAM_ACCOUNTS_URL": sandbox.url,
    }


@contextlib.contextmanager
def workers(folder: Path, sandbox: RunningSandbox) -> Iterator[Stage]:
    """Two processes of one gateway."""
    with running_gateway(
        folder / "one",
        sandbox.url,
        ACCOUNTS,
        workers=2,
        **settings(sandbox, "flaresolverr"),
    ) as gateway:
        path = gateway.data_dir / "gateway.db"

        def run(statement: str) -> list[tuple[object, ...]]:
            with contextlib.closing(sqlite3.connect(path, timeout=30)) as db, db:
                return list(db.execute(statement))

        yield Stage(sandbox, [gateway], run)


@contextlib.contextmanager
def hosts(folder: Path, sandbox: RunningSandbox) -> Iterator[Stage]:
    """Two gateways that share nothing but a PostgreSQL."""
    needed(PG_BIN / "postgres")
    port = free_port()
    with contextlib.ExitStack() as stack:
        shelf = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="g2-pg-")))
        shelf.chmod(0o755)  # the database's user enters it
        stack.enter_context(kept(own_postgresql(shelf / "data", port)))
        shared = {
            **settings(sandbox, "flaresolverr"),
            "DATABASE_URL": postgresql_at(port),
            "SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
            "CREDENTIAL_KEYS": base64.b64encode(os.urandom(32)).decode(),
        }
        gateways = [
            stack.enter_context(
                running_gateway(
                    folder / name, sandbox.url, accounts, workers=1, **shared
                )
            )
            for name, accounts in (("a", ACCOUNTS), ("b", None))
        ]

        def run(statement: str) -> list[tuple[object, ...]]:
            with psycopg.connect(postgresql_at(port), autocommit=True) as db:
                done = db.execute(statement)
                return list(done.fetchall()) if done.description else []

        yield Stage(sandbox, gateways, run)


@pytest.fixture(scope="module", params=[workers, hosts])
def stage(request, tmp_path_factory) -> Iterator[Stage]:
    with running_sandbox() as sandbox:
        sandbox.settings(guarded=True, solver="slow")
        folder = tmp_path_factory.mktemp("clearances")
        with request.param(folder, sandbox) as made:
            yield made


async def test_one_solve_whoever_asks_and_whatever_the_solver_does(stage):
    """The first is slow; later it is down, talks nonsense, hangs, and comes back."""
    answers = await stage.ask()
    assert {one.status_code for one in answers} == {200}, answers[0].text
    assert stage.solves() == 1

    stage.sandbox.settings(clearance="second", solver="")
    await stage.aged()
    answers = await stage.ask()
    assert {one.status_code for one in answers} == {200}, answers[0].text
    assert stage.solves() == 2

    for number, fault in enumerate(("error", "garbage", "hang"), start=3):
        stage.sandbox.settings(clearance=f"of-{fault}", solver=fault)
        await stage.aged()
        began = time.monotonic()
        answers = await stage.ask()
        assert time.monotonic() - began < 30
        assert {one.status_code for one in answers} == {503}, fault
        assert stage.solves() == number, fault
        assert stage.unharmed()

    stage.sandbox.settings(solver="")
    assert await stage.recovered()
    assert stage.unharmed()
