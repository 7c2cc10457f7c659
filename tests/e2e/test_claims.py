"""Several processes spend what one account has left, and not one unit more."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.e2e.gateway_process import (
    Gateway,
    environment,
    eventually,
    manage,
    running_gateway,
)
from tests.e2e.test_answers import CHAT

WORKERS = 4
LEFT = 10
REQUESTS = 100
# Nobody asks upstream meanwhile, who would say that there is more.
SET = (
    "from datetime import timedelta; from django.utils import timezone;"
    "from accounts.models import Account, QuotaWindow;"
    "later = timezone.now() + timedelta(days=1);"
    "Account.objects.update(next_sync_at=later, probe_until=later);"
    f"QuotaWindow.objects.filter(mode='fast').update(remaining={LEFT}, source='real')"
)
SEEN = (
    "from accounts.models import *;"
    "from django.db.models import Sum;"
    "print(QuotaWindow.objects.filter(mode='fast').aggregate(n=Sum('remaining'))['n'],"
    "ClaimMember.objects.count(), ClaimSlice.objects.count(),"
    "ClaimLoad.objects.aggregate(n=Sum('slots'))['n'] or 0)"
)


@contextlib.contextmanager
def sharing(
    tmp_path: Path, upstream: str, store: dict[str, str], inflight: int = REQUESTS
) -> Iterator[Gateway]:
    """Four processes with one account that has ten units left."""
    settings = store | {"GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": str(inflight)}
    tmp_path.mkdir(exist_ok=True)
    env = environment(tmp_path, upstream, **settings)
    manage(env, "migrate", "-v0")
    one = {"super": ["sandbox-super-quota1000-shared"]}
    manage(env, "importaccounts", "-", stdin=json.dumps(one))
    manage(env, "shell", "-v0", "-c", SET)
    with running_gateway(tmp_path, upstream, {}, workers=WORKERS, **settings) as made:
        yield made


async def ask(gateway: Gateway, tokens: int, delay_ms: int) -> int:
    """One request on a connection of its own, so that the processes share them."""
    prompt = f"[[tokens={tokens}]] [[delay_ms={delay_ms}]]"
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            answer = await client.post(
                f"{gateway.url}{CHAT}",
                headers=gateway.headers(),
                json={
                    "model": "grok-4.20-fast",
                    "messages": [{"role": "user", "content": prompt}],
                    "stream": True,
                },
            )
        except httpx.TransportError:
            return 0
    return answer.status_code


def chats(sandbox) -> int:
    (account,) = sandbox.stats()["accounts"].values()
    return sum(account["modes"].values())


def seen(gateway: Gateway) -> tuple[int, int, int, int]:
    printed = gateway.manage("shell", "-v0", "-c", SEEN)
    left, members, slices, slots = map(int, printed.split())
    return left, members, slices, slots


async def test_what_remains_is_spent_exactly(sandbox, tmp_path, shared_store):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store) as gateway:
        asked = [ask(gateway, 10, 20) for _ in range(REQUESTS)]
        statuses = Counter(await asyncio.gather(*asked))
        assert chats(sandbox) == LEFT
        assert statuses == {200: LEFT, 429: REQUESTS - LEFT}
        assert await ask(gateway, 1, 0) == 429
        assert chats(sandbox) == LEFT


async def test_slots_are_never_exceeded(sandbox, tmp_path, shared_store):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store, inflight=3) as gateway:
        asking = asyncio.gather(*[ask(gateway, 20, 25) for _ in range(40)])
        most = 0
        while not asking.done():
            open_streams = await asyncio.to_thread(sandbox.stats)
            most = max(most, open_streams["open_streams"])
            await asyncio.sleep(0.02)
        statuses = Counter(await asking)
    assert most == 3
    assert chats(sandbox) == statuses[200] <= LEFT
    assert set(statuses) == {200, 429}


async def test_a_killed_process_gives_up_its_slots_and_no_unit_twice(
    sandbox, tmp_path, shared_store
):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store, inflight=4) as gateway:
        asking = asyncio.gather(*[ask(gateway, 100, 50) for _ in range(4)])
        await asyncio.to_thread(
            eventually, lambda: sandbox.stats()["open_streams"] == 4
        )
        victims = workers_of(gateway.process.pid)
        os.kill(victims[0], signal.SIGKILL)
        await asking
        ends_at = time.monotonic() + 40
        found = Counter[int]()
        while time.monotonic() < ends_at and found[429] < 20:
            found[await ask(gateway, 2, 10)] += 1
        assert chats(sandbox) <= LEFT
        assert found[200] >= 1
        asked = [ask(gateway, 2, 10) for _ in range(20)]
        assert set(await asyncio.gather(*asked)) <= {200, 429}
        assert chats(sandbox) <= LEFT


def workers_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and b"spawn_main" in (
                stat.with_name("cmdline").read_bytes()
            ):
                found.append(int(stat.parent.name))
    return sorted(found)


async def test_what_is_in_hand_goes_back_at_the_end(sandbox, tmp_path, shared_store):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store) as gateway:
        statuses = [await ask(gateway, 1, 0) for _ in range(6)]
        assert statuses == [200] * 6
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
        left, members, slices, slots = seen(gateway)
    assert (left, members, slices, slots) == (LEFT - 6, 0, 0, 0)
