"""Several processes spend what one account has left, and not one unit more."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.gateway_process import Gateway, children, eventually
from tests.e2e.sharing import LEFT, ON_EVERY_STORE, Seen, ask, chats, seen, sharing

REQUESTS = 100
SLOTS = 3
BY_TURNS = "grok-4.20-expert"  # which falls back on no other mode


@ON_EVERY_STORE
async def test_what_remains_is_spent_exactly_and_the_rest_goes_back(
    sandbox, tmp_path, shared_store
):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store) as gateway:
        assert [await ask(gateway, 1, 0, BY_TURNS) for _ in range(6)] == [200] * 6
        asked = [ask(gateway, 10, 20) for _ in range(REQUESTS)]
        statuses = Counter(await asyncio.gather(*asked))
        assert chats(sandbox) == {"expert": 6, "fast": LEFT}
        assert statuses == {200: LEFT, 429: REQUESTS - LEFT}
        assert await ask(gateway, 1, 0) == 429
        assert chats(sandbox)["fast"] == LEFT
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
        found = seen(gateway)
    assert (found.left["expert"], found.left["fast"]) == (LEFT - 6, 0)
    assert found == Seen(found.left, members=0, slices=0, slots=0)


@ON_EVERY_STORE
@pytest.mark.load
async def test_slots_are_never_exceeded_and_the_dead_give_up_theirs(
    sandbox, tmp_path, shared_store
):
    sandbox.reset()
    with sharing(tmp_path, sandbox.url, shared_store, inflight=SLOTS) as gateway:
        asking = asyncio.gather(*[ask(gateway, 20, 25, BY_TURNS) for _ in range(40)])
        most = 0
        while not asking.done():
            open_streams = await asyncio.to_thread(sandbox.stats)
            most = max(most, open_streams["open_streams"])
            await asyncio.sleep(0.02)
        statuses = Counter(await asking)
        assert most == SLOTS
        assert chats(sandbox)["expert"] == statuses[200] <= LEFT
        assert set(statuses) == {200, 429}

        asking = asyncio.gather(*[insist(gateway) for _ in range(SLOTS)])
        await asyncio.to_thread(
            eventually, lambda: sandbox.stats()["open_streams"] == SLOTS, 20.0
        )
        os.kill(busiest(gateway), signal.SIGKILL)
        insisted = Counter(await asking)
        assert insisted[0] >= 1
        ends_at = time.monotonic() + 40
        found = Counter[int]()
        while time.monotonic() < ends_at and found[429] < 20:
            found[await ask(gateway, 2, 10)] += 1
        assert 1 <= found[200] <= LEFT - SLOTS
        asked = [ask(gateway, 2, 10) for _ in range(20)]
        last = Counter(await asyncio.gather(*asked))
        assert set(last) <= {200, 429}
        assert chats(sandbox)["fast"] <= LEFT
        if "DATABASE_URL" not in shared_store:  # a file that can be looked into
            answered = sum(one[200] for one in (statuses, insisted, found, last))
            await asyncio.to_thread(eventually, lambda: recorded(gateway) >= answered)
            assert recorded(gateway) == answered


def recorded(gateway: Gateway) -> int:
    """Answers that the request records know of."""
    counted = "SELECT count(*) FROM gateway_requestrecord WHERE status = 200"
    ((count,),) = gateway.rows(counted)
    return int(str(count))


async def insist(gateway: Gateway) -> int:
    """A stream of three seconds, once idle slots have come back from others."""
    for _ in range(20):
        if (status := await ask(gateway, 60, 50)) != 429:
            return status
    raise AssertionError("no slot came back")


def busiest(gateway: Gateway) -> int:
    """The worker with the most callers."""
    port = int(gateway.url.rpartition(":")[2])
    calls = open_inodes(port)
    return max(
        children(gateway.process.pid), key=lambda pid: len(calls & sockets_of(pid))
    )


def open_inodes(port: int) -> set[str]:
    """Established connections to this port, as the kernel lists them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    ends = f":{port:04X}"
    return {row[9] for row in rows[1:] if row[1].endswith(ends) and row[3] == "01"}


def sockets_of(pid: int) -> set[str]:
    links = [one.readlink().name for one in Path(f"/proc/{pid}/fd").iterdir()]
    return {link[8:-1] for link in links if link.startswith("socket:[")}
