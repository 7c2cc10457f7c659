"""Two nodes of one store in Redis spend what an account has left, and not one more.

A worker is killed meanwhile: what had been committed is in the store.
"""

import asyncio
import base64
import json
import os
import shutil
import signal
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.e2e.gateway_process import (
    Gateway,
    children,
    environment,
    manage,
    running_gateway,
)
from tests.e2e.sharing import ACCOUNT, LEFT, ask, chats
from tests.neighbours import fresh_store

pytestmark = [pytest.mark.service, pytest.mark.load]
REQUESTS = 40
BY_TURNS = "grok-4.20-expert"  # which falls back on no other mode
# Nobody asks upstream meanwhile, who would say that there is more.
PREPARE = (
    "from datetime import timedelta; from django.utils import timezone;"
    "from accounts.models import Account, QuotaWindow; from grokgateway import replica;"
    "later = timezone.now() + timedelta(days=1)\n"
    "with replica.writing():\n"
    "    Account.objects.update(next_sync_at=later, probe_until=later)\n"
    f"    QuotaWindow.objects.update(remaining={LEFT}, source='real')\n"
)
LEFT_OF = "SELECT remaining FROM accounts_quotawindow WHERE mode = '{mode}'"


@pytest.mark.parametrize(
    "workers", [1, pytest.param(2, marks=pytest.mark.load, id="two workers")]
)
async def test_nodes_spend_what_remains_exactly(sandbox, tmp_path, workers):
    sandbox.reset()
    with fresh_store("redis") as store:
        settings = {
            **store,
            "ACCOUNT_STORAGE": "redis",
            "CREDENTIAL_KEYS": base64.b64encode(os.urandom(32)).decode(),
            "SECRET_KEY": "one-for-both-nodes",
            "GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": "100",
        }
        folders = [tmp_path / name for name in "ab"]
        for folder in folders:
            folder.mkdir()
        env = environment(folders[0], sandbox.url, **settings)
        manage(env, "migrate", "-v0")
        shutil.copy(folders[0] / "gateway.db", folders[1])
        accounts = json.dumps({"super": [ACCOUNT]})
        manage(env, "importaccounts", "-", stdin=accounts)
        manage(env, "shell", "-v0", "-c", PREPARE)

        def running(folder: Path) -> AbstractContextManager[Gateway]:
            return running_gateway(
                folder, sandbox.url, None, workers=workers, **settings
            )

        with running(folders[0]) as first, running(folders[1]) as second:
            nodes = (first, second)
            asked = [ask(nodes[n % 2], 10, 20) for n in range(REQUESTS)]
            statuses = Counter(await asyncio.gather(*asked))
            assert statuses == {200: LEFT, 429: REQUESTS - LEFT}
            assert chats(sandbox) == {"fast": LEFT}
            await one_dies(first, second)
            first.process.send_signal(signal.SIGTERM)
            second.process.send_signal(signal.SIGTERM)
            assert [one.process.wait(30) for one in (first, second)] == [0, 0]
            left = {
                mode: min(left_on(node, mode) for node in (first, second))
                for mode in ("fast", "expert")
            }
    asked_for = chats(sandbox)["expert"]
    assert 0 < asked_for <= LEFT
    assert left["fast"] == 0
    assert 0 <= left["expert"] <= LEFT - asked_for


def left_on(node: Gateway, mode: str) -> int:
    """In this node's copy; the one that wrote last has what the store has."""
    ((left,),) = node.rows(LEFT_OF.format(mode=mode))
    return int(str(left))


async def one_dies(first: Gateway, second: Gateway) -> None:
    """A worker of the first is killed while both ask for the other mode."""
    asked = [ask((first, second)[n % 2], 20, 25, BY_TURNS) for n in range(12)]
    asking = asyncio.gather(*asked)
    await asyncio.sleep(0.3)
    os.kill(children(first.process.pid)[0], signal.SIGKILL)
    assert set(await asking) <= {0, 200, 429}
    statuses = [await ask(second, 1, 0, BY_TURNS) for _ in range(LEFT)]
    assert set(statuses) <= {200, 429}
