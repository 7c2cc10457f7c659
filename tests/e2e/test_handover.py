"""A process that was alone, and another that comes, on one store."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from tests.e2e.gateway_process import environment, manage, running_gateway
from tests.e2e.test_claims import LEFT, SET, ask, chats, seen


@pytest.mark.parametrize("crash", [False, True])
async def test_a_newcomer_spends_only_what_the_first_has_left(sandbox, tmp_path, crash):
    sandbox.reset()
    settings: dict[str, Any] = {
        "GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": "100"
    }  # Any: keywords
    env = environment(tmp_path, sandbox.url, **settings)
    manage(env, "migrate", "-v0")
    one = {"super": ["sandbox-super-quota1000-handed"]}
    manage(env, "importaccounts", "-", stdin=json.dumps(one))
    manage(env, "shell", "-v0", "-c", SET)
    with running_gateway(tmp_path, sandbox.url, {}, **settings) as first:
        assert [await ask(first, 1, 0) for _ in range(3)] == [200] * 3
        slow = asyncio.gather(*[ask(first, 60, 50) for _ in range(3)])
        await asyncio.sleep(0.5)
        second_dir = tmp_path / "second"
        shared = settings | {"DATABASE_URL": f"sqlite:///{tmp_path}/gateway.db"}
        keys = (tmp_path / "credential_keys").read_text().strip()
        with running_gateway(
            second_dir, sandbox.url, {}, CREDENTIAL_KEYS=keys, **shared
        ) as second:
            if crash:
                first.process.kill()
            gateways = [second] if crash else [first, second]
            asked = [ask(gateways[n % len(gateways)], 5, 10) for n in range(20)]
            statuses = Counter(await asyncio.gather(*asked))
            await slow
            assert chats(sandbox) == LEFT
            assert statuses == {200: LEFT - 6, 429: 20 - (LEFT - 6)}
            if not crash:
                assert seen(second)[1] == 2
