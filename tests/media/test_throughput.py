"""Kept files beside the server's own way to send a file, on one worker each."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.e2e.gateway_process import ROOT, environment, running_gateway, stop
from tests.grokgateway.test_serve import accepts

pytestmark = pytest.mark.load
SIZE = 20_000_000
ROUNDS = 7
DOWNLOADS = 10


@pytest.fixture
def gateway(tmp_path):
    with running_gateway(tmp_path, "http://127.0.0.1:1", {}) as running:
        yield running


@pytest.fixture
def public_id(gateway, tmp_path):
    saved = subprocess.run(
        [sys.executable, "-m", "tests.media.processes", "save_video", str(SIZE)],
        cwd=ROOT,
        env=environment(tmp_path, "http://127.0.0.1:1"),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(saved.stdout)["id"]


@pytest.fixture
def static_port(tmp_path, public_id):
    """The same server alone, sending the folder of videos by itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "--interface": "asgi",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--loop": "uvloop",
        "--http": "1",
        "--static-path-route": "/static",
        "--static-path-mount": str(tmp_path / "files" / "videos"),
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian"),
            *(part for option in options.items() for part in option),
            "tests.grokgateway.streaming_app:application",
        ],
        cwd=ROOT,
        env=environment(tmp_path, "http://127.0.0.1:1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        while not accepts(port) and process.poll() is None:
            time.sleep(0.1)
        yield port
    finally:
        stop(process)


def download(port, path, header=""):
    """Seconds that some downloads take, each on a connection of its own."""
    asking = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n"
    )
    buffer = bytearray(1024 * 1024)
    began = time.perf_counter()
    for _ in range(DOWNLOADS):
        taken = 0
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as to:
            to.sendall(asking.encode())
            while count := to.recv_into(buffer):
                taken += count
        assert taken > SIZE
    return time.perf_counter() - began


@pytest.mark.parametrize("header", ["", "Range: bytes=0-\r\n"])
def test_a_cached_video_takes_at_most_twice_as_long(
    gateway, public_id, static_port, header, capsys
):
    port = urlsplit(gateway.url).port
    path = f"/v1/files/video?id={public_id}"
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(download(static_port, f"/static/{public_id}.mp4"))
        ours.append(download(port, path, header))
    ratio = min(ours) / min(theirs)  # of the quietest rounds
    with capsys.disabled():
        told = f"{header.strip() or 'the whole file'}: {ratio:.2f} times as long"
        print(f"\n{told} as from the server's own static path")  # noqa: T201 - asked for
    assert ratio < 2
