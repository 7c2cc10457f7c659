"""What one process stores, another one knows soon."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.gateway_process import ROOT, Gateway, running_gateway
from tests.e2e.sharing import ON_EVERY_STORE, ask

IMPORTED = 12_000
POLL_S = 1
IDLE_S = 6 * POLL_S + 1  # by then a process that is told of news polls rarely


@contextlib.contextmanager
def running(
    tmp_path,
    sandbox,
    store: dict[str, Any],  # Any: keywords
) -> Iterator[Gateway]:
    """Where nothing tells of news, at the usual interval; else quiet already."""
    told: dict[str, Any] = {
        "ACCOUNT_SYNC_ACTIVE_INTERVAL": str(POLL_S)
    }  # Any: as above
    with running_gateway(
        tmp_path, sandbox.url, {}, **store, **(told if store else {})
    ) as gateway:
        yield gateway


def known(gateway: Gateway) -> set[str]:
    answer = httpx.get(f"{gateway.url}/v1/models", headers=gateway.headers())
    return {card["id"] for card in answer.json()["data"]}


@ON_EVERY_STORE
async def test_a_large_import_is_seen_within_five_seconds(
    sandbox, tmp_path, shared_store
):
    with running(tmp_path, sandbox, shared_store) as gateway:
        if shared_store:
            await asyncio.sleep(IDLE_S)
        names = [f"sandbox-super-n{n}" for n in range(IMPORTED)]
        # the one account of another tier is in the last rows that are written
        last = {"basic": [], "super": names, "heavy": ["sandbox-heavy-last"]}
        gateway.manage("importaccounts", "-", stdin=json.dumps(last))
        done = time.monotonic()
        while "grok-4.20-heavy" not in known(gateway):
            assert time.monotonic() - done < 5
            await asyncio.sleep(0.05)
        assert await ask(gateway, 1, 0) == 200


@pytest.mark.service
@pytest.mark.parametrize(
    "shared_store",
    ["postgresql", pytest.param("redis", marks=pytest.mark.load)],
    indirect=True,
)
async def test_a_change_is_told_within_a_second(sandbox, tmp_path, shared_store):
    with running(tmp_path, sandbox, shared_store) as gateway:
        one = json.dumps({"super": ["sandbox-super-told"]})
        gateway.manage("importaccounts", "-", stdin=one)
        await asyncio.sleep(IDLE_S)
        assert await ask(gateway, 1, 0) == 200
        disable = (
            "import time; from accounts import store;"
            "from accounts.models import Account;"
            "store.disable(Account.objects.values_list('pk', flat=True));"
            "print(time.time(), flush=True)"
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", "shell", "-v0", "-c", disable),
            cwd=ROOT,
            env=gateway.env,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        stored_at = float(await process.stdout.readline())  # it takes longer to end
        while await ask(gateway, 1, 0) != 503:
            assert time.time() - stored_at < 5
        assert time.time() - stored_at < 2
        assert await process.wait() == 0
