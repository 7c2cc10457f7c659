"""50,000 accounts come in while the gateway serves: quickly, and nobody waits."""

import asyncio
import json
import time
from collections import Counter

import pytest

from tests.e2e.gateway_process import running_gateway
from tests.e2e.sharing import ask

IMPORTED = 50_000
IMPORT_S = 30
SLOWEST_S = 2
TOKEN_CHARS = 150


@pytest.mark.load
async def test_a_large_import_is_quick_and_freezes_no_request(sandbox, tmp_path):
    source = tmp_path / "accounts.json"
    names = [f"sandbox-super-n{number}-" for number in range(IMPORTED)]
    tokens = [name + "x" * (TOKEN_CHARS - len(name)) for name in names]
    source.write_text(json.dumps({"super": tokens}))
    served = {"super": ["sandbox-super-quota1000000-here"]}
    with running_gateway(tmp_path / "data", sandbox.url, served) as gateway:
        assert await ask(gateway, 1, 0) == 200
        began = time.monotonic()
        importing = asyncio.create_task(
            asyncio.to_thread(gateway.manage, "importaccounts", str(source))
        )
        statuses, slowest = Counter[int](), 0.0
        while not importing.done():
            asked_at = time.monotonic()
            statuses[await ask(gateway, 1, 0)] += 1
            slowest = max(slowest, time.monotonic() - asked_at)
            await asyncio.sleep(0.05)
        took_s = time.monotonic() - began
        assert f"added: {IMPORTED}" in await importing
    assert set(statuses) == {200}
    assert took_s < IMPORT_S, (took_s, slowest)
    assert slowest < SLOWEST_S, (took_s, slowest)
