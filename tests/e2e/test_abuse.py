"""Callers who mean harm or are broken: whatever they send, the others are served."""

import asyncio
import contextlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.abuse import KINDS, MODEL, Target, abused
from tests.e2e.endless import SMALL_BUFFER, asking, endless
from tests.e2e.gateway_process import children, eventually, running_gateway
from tests.e2e.test_answers import CHAT, body
from tests.e2e.web_chat import SETTINGS

MIB = 1024 * 1024
ABUSES = int(os.environ.get("ABUSES", "10000"))
WARM_UP = 1 / 4  # of the requests, before memory is looked at
MOST_GROWTH = 1.10
ACCOUNTS = {"super": [f"sandbox-super-quota9999999-{n}" for n in range(4)]}
PLACES = 32  # four accounts, eight calls each
CONSOLE = {"Authorization": "Bearer grok2api"}
READERS = 4
# Of one stream, between upstream and a client that does not read: buffers of the system
# on both sides of the gateway, which the gateway does not choose, and its own.
MOST_AHEAD_BYTES = 12 * MIB
ENOUGH_BYTES = 16 * MIB  # for the reader that does read: more than any other gets
MOST_GROWN_BYTES = 24 * MIB
STILL_S = 20


@pytest.fixture(scope="module")
def victim(sandbox, tmp_path_factory):
    """Its upstream is no variable, so that it can change; until it is set none is."""
    folder = tmp_path_factory.mktemp("victim")
    settings = SETTINGS | {"GROK_UPSTREAM_BASE_URL": ""}
    with running_gateway(folder, sandbox.url, {}, "granian", 1, **settings) as running:
        operate(running, "config", {"upstream.base_url": sandbox.url})
        operate(running, "tokens", ACCOUNTS)
        assert eventually(lambda: ask(running, stream=False).status_code == 200, 30)
        yield running


def operate(gateway, what, body):
    url = f"{gateway.url}/admin/api/{what}"
    httpx.post(url, headers=CONSOLE, json=body, timeout=30).raise_for_status()


def worker(gateway) -> int:
    (pid,) = children(gateway.process.pid)
    return pid


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no resident size is known")


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextlib.contextmanager
def upstream_at(gateway, url, usually):
    operate(gateway, "config", {"upstream.base_url": url})
    try:
        yield
    finally:
        operate(gateway, "config", {"upstream.base_url": usually})


def ask(gateway, prompt="Hi", **members) -> httpx.Response:
    return httpx.post(
        f"{gateway.url}{CHAT}",
        headers=gateway.headers(),
        json=body(prompt, model=MODEL, **members),
        timeout=60,
    )


def assert_healthy(gateway, sandbox) -> None:
    """Ready, and every place of every account can be taken at once."""
    assert eventually(lambda: sandbox.stats()["open_streams"] == 0, 10)
    assert httpx.get(f"{gateway.url}/readyz").status_code == 200
    prompt = "[[tokens=3]] [[delay_ms=300]]"
    with ThreadPoolExecutor(PLACES) as pool:
        asked = [pool.submit(ask, gateway, prompt, stream=True) for _ in range(PLACES)]
        assert {one.result().status_code for one in asked} == {200}


def abuse(gateway, sandbox, count: int) -> str:
    """Every kind of abuse, then what it did to the gateway; its figures."""
    target, pid = Target(gateway.url, gateway.key), worker(gateway)
    assert ask(gateway, stream=False).status_code == 200
    files = open_files(pid)
    warm = int(count * WARM_UP)
    found = asyncio.run(abused(target, warm, seed=1))
    assert_healthy(gateway, sandbox)
    before = resident_bytes(pid)
    found += asyncio.run(abused(target, count - warm, seed=2))
    assert {kind for kind, _ in found} == {kind.__name__ for kind in KINDS}
    assert {one: n for one, n in found.items() if one[1] >= 500} == {}
    assert_healthy(gateway, sandbox)
    assert worker(gateway) == pid
    assert resident_bytes(pid) <= before * MOST_GROWTH
    assert eventually(lambda: open_files(pid) <= files + PLACES, 10)
    return (
        f"{count} abuses: {before // MIB} MiB before, "
        f"{resident_bytes(pid) // MIB} MiB after; {sorted(found.items())}"
    )


def test_hundreds_of_abusive_requests_leave_it_healthy(victim, sandbox):
    abuse(victim, sandbox, 240)


@pytest.mark.load
def test_ten_thousand_abusive_requests_leave_it_healthy(victim, sandbox, capsys):
    """ABUSES in all, 10,000 unless told; what they were answered is printed."""
    figures = abuse(victim, sandbox, ABUSES)
    with capsys.disabled():
        print(f"\n{figures}")  # noqa: T201 - what the run is for


def standing_still(upstream, slow) -> dict[int, int]:
    """What upstream got rid of once it is held back, at a byte a second for each.

    Empty if it is not held back within the time.
    """
    seen: dict[int, int] = {}
    for _ in range(STILL_S):
        assert {len(one.recv(1)) for one in slow} == {1}
        time.sleep(1)
        before, seen = seen, dict(upstream.sent)
        if len(seen) == len(slow) and seen == before:
            return seen
    return {}


@pytest.mark.load  # in process: test_streaming.py, upstream/test_transport.py
def test_readers_that_hardly_read_hold_upstream_back(victim, sandbox):
    """A byte a second: what waits for each is bounded, and others do not notice."""
    pid = worker(victim)
    target = Target(victim.url, victim.key)
    content = json.dumps(body("Go on.", model=MODEL, stream=True)).encode()
    told = ("Content-Type: application/json", f"Content-Length: {len(content)}")
    request = target.head("POST", CHAT, *told) + content
    before = resident_bytes(pid)
    with (
        endless() as upstream,
        upstream_at(victim, upstream.url, sandbox.url),
        contextlib.ExitStack() as readers,
    ):

        def reader(buffer):
            return readers.enter_context(asking(target.address, request, buffer))

        slow = [reader(SMALL_BUFFER) for _ in range(READERS)]
        held = standing_still(upstream, slow)
        assert held, upstream.sent
        assert max(held.values()) <= MOST_AHEAD_BYTES
        fast, taken = reader(MIB), 0
        while taken < ENOUGH_BYTES:
            taken += len(fast.recv(MIB))
        assert {key: upstream.sent[key] for key in held} == held
        grown = resident_bytes(pid) - before
        assert grown <= MOST_GROWN_BYTES, f"{grown // MIB} MiB"
        readers.close()
        assert eventually(lambda: upstream.open == 0, 10)
    assert_healthy(victim, sandbox)
