"""Two hosts on PostgreSQL and Redis behind nginx: restarted in turn, and killed."""

import asyncio
import logging
import time
from collections import Counter

import httpx
import pytest

from tests.e2e.cluster import DRAIN_S, Crowd, calls_of, running_cluster
from tests.e2e.gateway_process import eventually

pytestmark = [pytest.mark.service, pytest.mark.load]

logger = logging.getLogger(__name__)
STREAMS = 200
TOKENS, DELAY_MS = 30, 300  # streams of nine seconds
LEFT_AFTER_S = 60.0
CONSOLE_KEY = "an-operators-key-for-tests"
BATCH = 60
TAKEN_OVER_S = 45.0  # the lease of a batch is 30 s
FILMED_S = 120.0  # that of a video 90 s
STATE = "SELECT status, ok, fail, owner FROM jobs_batchjob ORDER BY id DESC LIMIT 1"
FILM = "SELECT status FROM media_videojob"


def accounts(count: int) -> dict[str, list[str]]:
    return {"super": [f"sandbox-super-quota100000-node{n}" for n in range(count)]}


async def test_a_rolling_restart_costs_no_stream_and_no_request(sandbox, tmp_path):
    sandbox.reset()
    with running_cluster(tmp_path, sandbox.url, accounts(60)) as cluster:
        async with Crowd(cluster, STREAMS, TOKENS, DELAY_MS) as crowd:
            await asyncio.sleep(8)
            drained = []
            for host in cluster.hosts:
                drained.append(await asyncio.to_thread(host.drain))
                await asyncio.to_thread(host.start)
                await asyncio.sleep(5)
        said = Counter(ended.said for ended in crowd.ended)
        logger.info("%s, %d at once, drained in %s s", said, crowd.most, drained)
        assert crowd.most == STREAMS
        assert said == {"ok": len(crowd.ended)}
        assert calls_of(sandbox) == len(crowd.ended)
        assert max(drained) < DRAIN_S
        for host in cluster.hosts:
            await asyncio.to_thread(host.drain)
        ended_at = time.monotonic()
        assert await asyncio.to_thread(
            eventually, lambda: not cluster.held(), LEFT_AFTER_S
        ), cluster.held()
        assert cluster.spent() == len(crowd.ended)
        logger.info("Nothing held after %.1f s", time.monotonic() - ended_at)


async def test_work_of_a_killed_host_is_finished_by_the_other(sandbox, tmp_path):
    """A batch from where it was, and a film that nobody had paid for yet."""
    sandbox.reset()
    settings = {
        "GROK_APP_APP_KEY": CONSOLE_KEY,
        "GROK_BATCH_REFRESH_CONCURRENCY": "1",
        "GROK_ACCOUNT_REFRESH_ENABLED": "false",
    }
    with running_cluster(tmp_path, sandbox.url, accounts(BATCH), **settings) as cluster:
        first, second = cluster.hosts
        second.end()  # so that it is the first that takes the work
        sandbox.settings(latency_ms=300)
        try:
            key = {"Authorization": f"Bearer {CONSOLE_KEY}"}
            async with httpx.AsyncClient(base_url=cluster.url, timeout=30) as client:
                batch = await client.post(
                    "/admin/api/batch/refresh?async=true",
                    headers=key,
                    json={"tokens": accounts(BATCH)["super"]},
                )
                assert batch.json()["total"] == BATCH, batch.text

                def under_way() -> bool:
                    ((status, good, _fail, _owner),) = cluster.query(STATE)
                    return status == "running" and int(str(good)) > 2

                assert await asyncio.to_thread(eventually, under_way, 20.0)
                sandbox.settings(latency_ms=3000)
                film = await client.post(
                    "/v1/videos", headers=cluster.headers, json={"prompt": "rain"}
                )
                path = f"/v1/videos/{film.json()['id']}"

                def filming() -> bool:
                    return cluster.query(FILM)[0] == ("in_progress",)

                assert await asyncio.to_thread(eventually, filming, 10.0)
                ((_, done, _, owner),) = cluster.query(STATE)
                killed_at = time.monotonic()
                first.crash()
                sandbox.settings(latency_ms=0)
                await asyncio.to_thread(second.start)

                def finished() -> bool:
                    return cluster.query(STATE)[0][0] == "done"

                assert await asyncio.to_thread(eventually, finished, TAKEN_OVER_S)
                logger.info("Batch done after %.0f s", time.monotonic() - killed_at)
                ((_, good, failed, other),) = cluster.query(STATE)
                assert (good, failed) == (BATCH, 0)
                assert other != owner
                assert 0 < int(str(done)) < BATCH

                while time.monotonic() < killed_at + FILMED_S:
                    job = await client.get(path, headers=cluster.headers)
                    if job.json()["status"] in {"completed", "failed"}:
                        break
                    await asyncio.sleep(1)
                logger.info("Film done after %.0f s", time.monotonic() - killed_at)
                assert job.json()["status"] == "completed", job.text
        finally:
            sandbox.settings(latency_ms=0)
