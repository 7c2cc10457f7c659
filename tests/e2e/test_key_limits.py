"""Four processes and one key: its limits hold for all of them together."""

import asyncio
import json
import os
import signal
from collections import Counter

import httpx
import pytest

from tests.e2e.gateway_process import children, eventually, running_gateway
from tests.e2e.test_answers import CHAT

pytestmark = pytest.mark.e2e

WORKERS = 4
ACCOUNTS = {"super": [f"sandbox-super-quota1000-limits-{n}" for n in range(8)]}
KNOWN_S = 8.0


@pytest.fixture(scope="module")
def gateway(sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("limits")
    with running_gateway(folder, sandbox.url, ACCOUNTS, workers=WORKERS) as running:
        yield running


def key_with(gateway, name, *limits):
    """A named key, once every process knows it."""
    key = json.loads(gateway.manage("createkey", name, *limits, "--json"))["key"]
    asked = {"Authorization": f"Bearer {key}"}

    def known():
        tries = [
            httpx.get(f"{gateway.url}/v1/models", headers=asked) for _ in range(12)
        ]
        return all(answer.status_code == 200 for answer in tries)

    assert eventually(known, KNOWN_S)
    return key


async def ask(gateway, key, prompt="[[text=fine]]"):
    """On a connection of its own, so that the processes share the requests."""
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            answer = await client.post(
                f"{gateway.url}{CHAT}",
                headers={"Authorization": f"Bearer {key}"},
                json={
                    "model": "grok-4.20-fast",
                    "messages": [{"role": "user", "content": prompt}],
                    "stream": True,
                },
            )
        except httpx.TransportError:
            return 0
    return answer.status_code


async def asked(gateway, key, times, prompt="[[text=fine]]"):
    return Counter(
        await asyncio.gather(*(ask(gateway, key, prompt) for _ in range(times)))
    )


@pytest.mark.parametrize(
    "limit",
    ["--rpm", "--requests-per-day"],
    ids=lambda one: one.strip("-"),
)
@pytest.mark.load
async def test_so_many_requests_and_no_more(gateway, limit):
    key = key_with(gateway, f"ten{limit}", limit, "10")
    found = await asked(gateway, key, 60)
    for _ in range(4):
        found += await asked(gateway, key, 4)
    assert found == {200: 10, 429: 66}


async def test_so_many_at_once_and_no_more(sandbox, gateway):
    key = key_with(gateway, "three-at-once", "--concurrent", "3")
    asking = asyncio.create_task(
        asked(gateway, key, 40, "[[tokens=40]] [[delay_ms=25]]")
    )
    most = 0
    while not asking.done():
        stats = await asyncio.to_thread(sandbox.stats)
        most = max(most, stats["open_streams"])
        await asyncio.sleep(0.02)
    found = await asking
    assert most == 3
    assert set(found) == {200, 429}
    assert found[200] >= 3


async def test_a_killed_process_gives_its_places_back(sandbox, gateway):
    key = key_with(gateway, "two-at-once", "--concurrent", "2")
    asking = asyncio.create_task(
        asked(gateway, key, 2, "[[tokens=200]] [[delay_ms=25]]")
    )
    await asyncio.to_thread(eventually, lambda: sandbox.stats()["open_streams"] == 2)
    os.kill(children(gateway.process.pid)[0], signal.SIGKILL)
    await asking

    def free():
        return asyncio.run(asked(gateway, key, 2))[200] == 2

    assert await asyncio.to_thread(eventually, free, 20)
