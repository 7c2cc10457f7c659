"""A process that was alone, and another that comes, on one store."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.e2e.gateway_process import crash, eventually, running_gateway
from tests.e2e.sharing import LEFT, ask, chats, seen, sharing

ACCOUNT = "sandbox-super-quota1000-handed"


@pytest.mark.load
@pytest.mark.parametrize("crashes", [True, pytest.param(False, marks=pytest.mark.load)])
async def test_a_newcomer_spends_only_what_the_first_has_left(
    sandbox, tmp_path, crashes
):
    sandbox.reset()
    shared: dict[str, Any] = {  # Any: keywords
        "GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": "100",
        "DATABASE_URL": f"sqlite:///{tmp_path}/gateway.db",
    }
    with sharing(tmp_path, sandbox.url, shared, workers=1, account=ACCOUNT) as first:
        assert [await ask(first, 1, 0) for _ in range(3)] == [200] * 3
        slow = asyncio.gather(*[ask(first, 2000, 50) for _ in range(3)])
        await asyncio.to_thread(
            eventually, lambda: sandbox.stats()["open_streams"] == 3
        )
        keys = (tmp_path / "credential_keys").read_text().strip()
        with running_gateway(
            *(tmp_path / "second", sandbox.url, None),
            CREDENTIAL_KEYS=keys,
            **shared,
        ) as second:
            assert sandbox.stats()["open_streams"] == 3
            if crashes:
                crash(first)
            gateways = [second] if crashes else [first, second]
            asked = [ask(gateways[n % len(gateways)], 5, 10) for n in range(20)]
            statuses = Counter(await asyncio.gather(*asked))
            assert slow.done() or not crashes
            slow.cancel()
            assert chats(sandbox, ACCOUNT) == {"fast": LEFT}
            assert statuses == {200: LEFT - 6, 429: 20 - (LEFT - 6)}
            if not crashes:
                assert seen(second).members == 2
