"""Redis or PostgreSQL is away for thirty seconds under load: who notices, and how.

What was seen is logged as the table of docs/scaling.md.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping

import httpx
import pytest

from tests.e2e.cluster import (
    Cluster,
    Crowd,
    calls_of,
    read,
    running_cluster,
    stream,
)
from tests.e2e.gateway_process import eventually
from tests.e2e.own_services import Service

pytestmark = [pytest.mark.service, pytest.mark.load]

logger = logging.getLogger(__name__)
ACCOUNTS = {"super": [f"sandbox-super-quota100000-out{n}" for n in range(40)]}
CONSOLE_KEY = "an-operators-key-for-tests"
CLIENTS = 16
AWAY_S = 30
BEFORE_S, AFTER_S = 8, 25
LIMIT_S = 10
LOST_UNITS = 2000  # in the hands of processes that were taken for dead
RECORDS = """
SELECT count(*) FILTER (WHERE status = 200), count(*) FROM gateway_requestrecord
WHERE endpoint = '/v1/chat/completions'
"""

Seen = dict[tuple[str, str], Counter[str]]


class Probes:
    """Small calls of each kind, once in two seconds, to the front."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.seen: Seen = {}
        self.phase = "before"

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=LIMIT_S, base_url=self.cluster.url) as web:
            while True:
                await asyncio.gather(
                    asyncio.sleep(2),
                    self.one(web, "models", "GET", "/v1/models", self.headers),
                    self.one(web, "readiness", "GET", "/readyz", {}),
                    self.one(web, "sign-in page", "GET", "/admin/login", {}),
                    self.one(
                        web,
                        "list of accounts",
                        "GET",
                        "/admin/api/tokens?limit=1",
                        {"Authorization": f"Bearer {CONSOLE_KEY}"},
                    ),
                    self.one(
                        web,
                        "new video job",
                        "POST",
                        "/v1/videos",
                        self.headers,
                        {"prompt": "rain"},
                    ),
                )

    @property
    def headers(self) -> dict[str, str]:
        return self.cluster.headers

    async def one(
        self,
        web: httpx.AsyncClient,
        kind: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: dict[str, str] | None = None,
    ) -> None:
        phase = self.phase
        try:
            answer = await web.request(method, path, headers=headers, json=body)
        except httpx.TransportError as error:
            said = f"no answer within {LIMIT_S} s: {type(error).__name__}"
        else:
            said = "ok" if answer.status_code == 200 else await told(answer)
        self.note(phase, kind, said)

    def note(self, phase: str, kind: str, said: str) -> None:
        self.seen.setdefault((kind, phase), Counter())[said] += 1

    def table(self) -> str:
        rows = [
            f"| {kind} | {phase} | {said} | {count} |"
            for (kind, phase), found in sorted(self.seen.items())
            for said, count in sorted(found.items())
        ]
        return "\n".join(rows)


async def told(answer: httpx.Response) -> str:
    if "checks" in answer.text:
        failing = [n for n, word in answer.json()["checks"].items() if word != "ok"]
        return f"{answer.status_code} {', '.join(failing)}"
    return await read(answer)


@pytest.mark.parametrize("name", ["redis", "postgresql"])
async def test_an_outage_costs_what_is_written_down(sandbox, tmp_path, name):
    sandbox.reset()
    settings = {"GROK_APP_APP_KEY": CONSOLE_KEY}
    with running_cluster(tmp_path, sandbox.url, ACCOUNTS, **settings) as cluster:
        service: Service = getattr(cluster, name)
        probes = Probes(cluster)
        probing = asyncio.create_task(probes.run())
        async with Crowd(cluster, CLIENTS, tokens=10, delay_ms=100) as crowd:
            await asyncio.sleep(BEFORE_S)
            probes.phase = "away"
            gone = time.monotonic()
            await asyncio.to_thread(service.stop)
            await asyncio.sleep(AWAY_S)
            await asyncio.to_thread(service.start)
            probes.phase, back = "after", time.monotonic()
            await asyncio.sleep(AFTER_S)
        probing.cancel()
        for ended in crowd.ended:
            at = ended.began
            phase = "before" if at < gone else "away" if at < back else "after"
            probes.note(phase, "chat", ended.said)
        late = [ended.began - back for ended in crowd.ended if not ended.ok]
        logger.info(
            "%s\n%s\nlast failure %s", name, probes.table(), max(late, default=0)
        )

        async with httpx.AsyncClient(timeout=60) as client:
            again = [await stream(client, cluster, 1, 0) for _ in range(20)]
        assert {ended.said for ended in again} == {"ok"}
        served = sum(ended.ok for ended in crowd.ended) + len(again)
        for host in cluster.hosts:
            await asyncio.to_thread(host.drain)
        assert await asyncio.to_thread(eventually, lambda: not cluster.held(), 60.0)
        ((good, _all),) = cluster.query(RECORDS)
        calls, spent = calls_of(sandbox), cluster.spent()
        logger.info(
            "%d served, %s recorded, %d calls, %d spent", served, good, calls, spent
        )
        assert good == served
        assert calls >= served
        assert calls <= spent <= calls + LOST_UNITS
