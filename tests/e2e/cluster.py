"""Two hosts of one installation behind nginx, on a PostgreSQL and a Redis of their own.

A host is a data directory, a port and its processes; what hosts share they reach over
the network alone.
"""

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from tests.e2e.gateway_process import (
    ROOT,
    Gateway,
    children,
    crash,
    environment,
    manage,
    stop,
    wait_for_address,
    wait_until_ready,
)
from tests.e2e.own_services import (
    PG_BIN,
    Service,
    free_port,
    kept,
    needed,
    own_nginx,
    own_postgresql,
    own_redis,
    url_of,
)
from tests.e2e.test_answers import CHAT
from tests.gateway.sandbox.process import RunningSandbox

MODEL = "grok-4.20-fast"
DRAIN_S = 60
# Nobody asks upstream meanwhile, who would say that there is more.
SETTLED = """
UPDATE accounts_quotawindow SET remaining = 100000, total = 100000, source = 'real';
UPDATE accounts_account SET next_sync_at = now() + interval '1 day',
  probe_until = now() + interval '1 day'
"""
SPENT = """
SELECT min(remaining), sum(total - remaining) FROM accounts_quotawindow
WHERE mode = 'fast'
"""
LEASES = """
SELECT 'lease ' || name FROM jobs_leaderlease WHERE expires_at > now()
UNION ALL SELECT 'job ' || public_id FROM jobs_batchjob WHERE status = 'running'
UNION ALL SELECT 'slots ' || account FROM accounts_claimload WHERE slots > 0
"""


@dataclass
class Host:
    """One host: `serve` in a folder of its own, on a port that it keeps."""

    folder: Path
    env: dict[str, str]
    port: int
    workers: int = 1
    gateway: Gateway | None = None

    def start(self) -> None:
        output = self.folder / "serve.log"
        with output.open("a") as sink:
            process = subprocess.Popen(
                [
                    *(sys.executable, "manage.py", "serve", "--host", "127.0.0.1"),
                    *("--port", str(self.port), "--workers", str(self.workers)),
                    *("--drain", str(DRAIN_S)),
                ],
                cwd=ROOT,
                env=self.env,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
            )
        url = f"http://127.0.0.1:{self.port}"
        self.gateway = Gateway(url, self.folder, self.env, process)
        wait_for_address(output, process)
        wait_until_ready(url, process, output)

    @property
    def running(self) -> Gateway:
        assert self.gateway is not None
        return self.gateway

    def drain(self) -> float:
        """As an operator stops it; returns how long its streams took to end."""
        began = time.monotonic()
        self.running.process.send_signal(signal.SIGTERM)
        assert self.running.process.wait(DRAIN_S + 20) == 0
        return time.monotonic() - began

    def crash(self) -> None:
        crash(self.running)

    def end(self) -> None:
        if self.gateway is not None:
            stop(self.gateway.process)

    def workers_alive(self) -> list[int]:
        return children(self.running.process.pid)


@dataclass
class Cluster:
    url: str
    hosts: list[Host]
    redis: Service
    postgresql: Service
    database: str

    @property
    def headers(self) -> dict[str, str]:
        return self.hosts[0].running.headers()

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database, connect_timeout=5) as connection:
            return connection.execute(statement).fetchall()

    def spent(self) -> int:
        """Units of the mode that all ask for, which the tables say are gone."""
        ((least, spent),) = self.query(SPENT)
        assert int(str(least)) >= 0
        return int(str(spent))

    def held(self) -> list[str]:
        """Leases, jobs under way and slots in use, but for leases of standing work."""
        return [str(name) for (name,) in self.query(LEASES)]


@contextlib.contextmanager
def running_cluster(
    folder: Path, upstream: str, accounts: dict[str, list[str]], **settings: str
) -> Iterator[Cluster]:
    needed("nginx", "redis-server", PG_BIN / "postgres")
    redis_port, pg_port, front = free_port(), free_port(), free_port()
    keys = {
        "SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
        "CREDENTIAL_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "DATABASE_URL": url_of(pg_port),
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "ACCOUNT_STORAGE": "postgresql",
        "TRUSTED_PROXIES": "127.0.0.1",
        "LOG_LEVEL": "INFO",
        "GROK_LOGGING_FILE_LEVEL": "INFO",
        **settings,
    }
    hosts = []
    for name in ("a", "b"):
        place = folder / name
        place.mkdir(parents=True)
        hosts.append(Host(place, environment(place, upstream, **keys), free_port()))
    with contextlib.ExitStack() as stack:
        shelf = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="g2-pg-")))
        shelf.chmod(0o755)  # the database's user enters it
        postgresql = stack.enter_context(kept(own_postgresql(shelf / "data", pg_port)))
        store = stack.enter_context(kept(own_redis(folder, redis_port)))
        manage(hosts[0].env, "migrate", "-v0")
        manage(hosts[0].env, "importaccounts", "-", stdin=json.dumps(accounts))
        with psycopg.connect(url_of(pg_port)) as connection:
            connection.execute(SETTLED)
        for host in hosts:
            stack.callback(host.end)
            host.start()
        ports = [host.port for host in hosts]
        stack.enter_context(kept(own_nginx(folder, front, ports)))
        url = f"http://127.0.0.1:{front}"
        yield Cluster(url, hosts, store, postgresql, url_of(pg_port))


@dataclass(frozen=True)
class Ended:
    """What a client saw of one request."""

    began: float
    took_s: float
    said: str  # "ok", "cut", or the status with the code of the error

    @property
    def ok(self) -> bool:
        return self.said == "ok"


async def stream(
    client: httpx.AsyncClient, cluster: Cluster, tokens: int, delay_ms: int
) -> Ended:
    """One streamed chat, to its end."""
    prompt = f"[[tokens={tokens}]] [[delay_ms={delay_ms}]]"
    began = time.monotonic()
    said = "cut"
    try:
        async with client.stream(
            "POST",
            f"{cluster.url}{CHAT}",
            headers=cluster.headers,
            json={
                "model": MODEL,
                "messages": [{"role": "user", "content": prompt}],
                "stream": True,
            },
        ) as answer:
            said = await read(answer)
    except httpx.TransportError as error:
        said = f"cut: {type(error).__name__}"
    return Ended(began, time.monotonic() - began, said)


async def read(answer: httpx.Response) -> str:
    if answer.status_code != 200:
        await answer.aread()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return f"{answer.status_code} {answer.json()['error']['code']}"
        return f"{answer.status_code} of the proxy"
    last = ""
    async for line in answer.aiter_lines():
        if line.startswith("data: {") and '"error"' in line:
            return f"error in the stream: {json.loads(line[6:])['error']['code']}"
        last = line or last
    return "ok" if last == "data: [DONE]" else "cut"


class Crowd:
    """So many clients, each with one stream after the other."""

    def __init__(
        self, cluster: Cluster, clients: int, tokens: int, delay_ms: int
    ) -> None:
        self.cluster = cluster
        self.shape = (tokens, delay_ms)
        self.ended: list[Ended] = []
        self.open = 0
        self.most = 0
        self._clients = clients
        self._going = True
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Crowd":
        self._task = asyncio.create_task(self._all())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._going = False
        assert self._task is not None
        await self._task

    async def _all(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=120, limits=limits) as client:
            await asyncio.gather(
                *[self._one(client, number) for number in range(self._clients)]
            )

    async def _one(self, client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(number * 3 / self._clients)  # not all at once
        while self._going:
            self.open += 1
            self.most = max(self.most, self.open)
            ended = await stream(client, self.cluster, *self.shape)
            self.open -= 1
            self.ended.append(ended)
            if not ended.ok:
                await asyncio.sleep(0.2)


def calls_of(sandbox: RunningSandbox, mode: str = "fast") -> int:
    """Chats of this mode that the sandbox was asked for, of all accounts."""
    accounts = sandbox.stats()["accounts"].values()
    return sum(int(one["modes"].get(mode, 0)) for one in accounts)
