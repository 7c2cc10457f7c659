"""Upstream fails for everybody: no account pays for it, and all is well afterwards."""

import asyncio
import re
import time
from collections import Counter

import httpx
import pytest

from tests.e2e.gateway_process import Gateway
from tests.e2e.test_answers import CHAT, body

FAULTS = ("429", "forbidden", "503", "challenge")
ACCOUNTS = {"super": [f"sandbox-super-outage{n}" for n in range(10)]}
RECOVERY_S = 30
CLIENTS = 4


@pytest.fixture
def upstream(sandbox):
    """Sets what everybody meets; nothing again afterwards."""
    yield lambda fault: sandbox.settings(fault=fault)
    sandbox.settings(fault=None)


async def ask(client: httpx.AsyncClient, gateway: Gateway) -> int:
    answer = await client.post(
        f"{gateway.url}{CHAT}", headers=gateway.headers(), json=body(), timeout=30
    )
    if answer.status_code != 200:
        assert answer.json()["error"]["code"]
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) >= 1
    return answer.status_code


async def keep_asking(gateway: Gateway, until: float, seen: Counter[int]) -> None:
    async with httpx.AsyncClient() as client:
        while time.monotonic() < until:
            seen[await ask(client, gateway)] += 1
            await asyncio.sleep(0.05)


async def recovered_within_s(gateway: Gateway) -> float:
    """Until ten requests in a row are answered."""
    began = time.monotonic()
    in_row = 0
    async with httpx.AsyncClient() as client:
        while in_row < 10 and time.monotonic() < began + RECOVERY_S + 5:
            in_row = in_row + 1 if await ask(client, gateway) == 200 else 0
            await asyncio.sleep(0.02)
    return time.monotonic() - began


async def outage(gateway: Gateway, set_fault, seconds: float) -> Counter[int]:
    seen: Counter[int] = Counter()
    for fault in FAULTS:
        set_fault(fault)
        until = time.monotonic() + seconds
        await asyncio.gather(
            *[keep_asking(gateway, until, seen) for _ in range(CLIENTS)]
        )
    set_fault(None)
    return seen


@pytest.mark.parametrize(
    "seconds", [2.0, pytest.param(15.0, marks=pytest.mark.load)], ids=["short", "long"]
)
async def test_an_outage_for_everybody_costs_no_account(
    launch, sandbox, upstream, seconds
):
    with launch(ACCOUNTS) as gateway:
        async with httpx.AsyncClient() as client:
            assert await ask(client, gateway) == 200
        before = sandbox.stats()["total"]
        seen = await outage(gateway, upstream, seconds)
        asked = sandbox.stats()["total"] - before
        took_s = await recovered_within_s(gateway)
        await asyncio.sleep(0.5)  # for what is written behind
        log = (gateway.data_dir / "serve.log").read_text()
        states = gateway.rows(
            "SELECT status, strikes, server_faults, unauthorized_at, cooling_until"
            " FROM accounts_account"
        )
        cooling = gateway.rows(
            "SELECT count(*) FROM accounts_quotawindow WHERE cooling_until IS NOT NULL"
        )
    assert took_s < RECOVERY_S
    assert seen.total() > asked, "calls went on upstream all the while"
    assert set(seen) <= {429, 502, 503}
    assert {state[0] for state in states} == {"active"}
    assert sum(len(str(strikes)) > 2 for _, strikes, *_ in states) <= 2
    assert cooling == [(0,)]
    assert "are paused but for probes" in log
    assert re.search(r"answers chat calls in mode \w+ again", log)
