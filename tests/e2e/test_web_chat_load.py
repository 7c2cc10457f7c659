"""1,000 idle and 200 streaming chat sockets on one worker: memory and delay, printed.

`make load` runs it; `-s` shows what it prints.
"""

import asyncio
import json
import statistics
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.e2e.gateway_process import children, running_gateway
from tests.e2e.web_chat import KEY, SETTINGS

pytestmark = pytest.mark.load

IDLE, STREAMING = 1000, 200
TOKENS, DELAY_MS = 200, 100
POOLS = {"super": [f"sandbox-super-{n}" for n in range(50)]}
MODEL = "grok-4.20-fast"
KEYED = {"Authorization": f"Bearer {KEY}"}
MOST_KIB_EACH = 200


def resident_kib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no resident size is known")


def opening(address):
    return connect(
        address,
        additional_headers=KEYED,
        proxy=None,
        open_timeout=60,
        ping_interval=None,
        compression=None,
    )


async def opened(address, count):
    gate = asyncio.Semaphore(20)

    async def one():
        async with gate:
            return await opening(address)

    return await asyncio.gather(*(one() for _ in range(count)))


async def streamed(socket):
    """The gaps between texts in ms, and how long the first took."""
    prompt = f"[[tokens={TOKENS}]] [[delay_ms={DELAY_MS}]]"
    messages = [{"role": "user", "content": prompt}]
    start = {"type": "start", "id": "1", "model": MODEL, "messages": messages}
    begun = last = time.perf_counter()
    first, gaps, text = 0.0, [], ""
    await socket.send(json.dumps(start))
    while True:
        frame = json.loads(await socket.recv())
        now = time.perf_counter()
        assert frame["type"] != "error", frame
        if frame["type"] == "text":
            text += frame["text"]
            if first:
                gaps.append((now - last) * 1000)
            first = first or (now - begun) * 1000
            last = now
        if frame["type"] == "finished":
            assert text == "".join(f"tok{n} " for n in range(1, TOKENS + 1))
            return first, gaps


async def answer_ms(socket):
    """How soon a message that is no frame is refused."""
    begun = time.perf_counter()
    await socket.send("no frame")
    while json.loads(await socket.recv())["type"] != "error":
        pass
    return (time.perf_counter() - begun) * 1000


async def answers(socket, seconds):
    found = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        found.append(await answer_ms(socket))
        await asyncio.sleep(0.1)
    return found


def spread(values):
    cuts = statistics.quantiles(values, n=100)
    return f"median {cuts[49]:.0f}, 95 % {cuts[94]:.0f}, most {max(values):.0f} ms"


async def measured(gateway, pid):
    address = gateway.url.replace("http", "ws", 1) + "/webui/ws/chat"
    async with opening(address) as warm:
        await streamed(warm)
    before = resident_kib(pid)
    idle = await opened(address, IDLE)
    await asyncio.sleep(2)
    with_idle = resident_kib(pid)
    busy = await opened(address, STREAMING)
    probe = asyncio.create_task(answers(idle[0], TOKENS * DELAY_MS / 1000 * 0.8))
    streams = asyncio.gather(*(streamed(socket) for socket in busy))
    most = with_idle
    while not streams.done():
        most = max(most, resident_kib(pid))
        await asyncio.wait([streams], timeout=0.5)
    told = await streams
    each = (with_idle - before) / IDLE
    probed = await probe
    print(  # noqa: T201 - figures are what this test is for
        f"\n{IDLE} idle sockets: {each:.0f} KiB each, "
        f"{before // 1024} to {with_idle // 1024} MiB"
        f"\n{STREAMING} streaming beside them: {most // 1024} MiB at most"
        f"\nfirst text: {spread([first for first, _gaps in told])}"
        f"\nbetween texts ({DELAY_MS} ms apart upstream): "
        f"{spread([gap for _first, gaps in told for gap in gaps])}"
        f"\nanswer on an idle socket meanwhile: {spread(probed)}"
    )
    await asyncio.gather(*(socket.close() for socket in [*idle, *busy]))
    return each


def test_many_sockets_share_a_worker(sandbox, tmp_path):
    settings = {**SETTINGS, "GROK_WEBUI_CHAT_PER_MIN": "10000"}
    with running_gateway(
        tmp_path, sandbox.url, POOLS, "granian", 1, **settings
    ) as gateway:
        (pid,) = children(gateway.process.pid)
        each = asyncio.run(measured(gateway, pid))
    assert each < MOST_KIB_EACH
