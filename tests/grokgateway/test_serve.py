"""`manage.py serve` as an operator meets it: real processes, real signals."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.grokgateway.streaming_app import FLOOD, FLOOD_PIECES, STEPS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
APP = "tests.grokgateway.streaming_app:application"
SERVERS = ["granian", "daphne", "uvicorn"]


@pytest.fixture(scope="module", name="env")
def migrated_env(tmp_path_factory):
    env = environment(tmp_path_factory.mktemp("data"))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True
    )
    return env


def environment(data_dir: Path) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.grokgateway.serve_settings",
        "DATA_DIR": str(data_dir),
    }


class Serve:
    """A running `serve`, known by its process and its address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.output = process.stdout
        self.line = json.loads(self.output.readline())
        self.port = int(self.line["port"])

    def get(self, path: str) -> str:
        return asyncio.run(fetch(self.port, path))

    def rest(self) -> str:
        """What it and its workers printed until they ended."""
        return self.output.read()

    def exit_code(self, *, limit_s: float = 15.0) -> int:
        return self.process.wait(limit_s)


@contextmanager
def serving(env: dict[str, str], *options: str) -> Iterator[Serve]:
    arguments = ["--app", APP, "--host", "127.0.0.1", "--port", "0", "--json", *options]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Serve(process)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        process.communicate(timeout=20)


async def fetch(port: int, path: str) -> str:
    """The whole reply as text, headers and chunk marks included."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


async def fetch_and_stop(serve: Serve, streams: int) -> tuple[list[str], bool]:
    """Opens the streams, stops the server in their midst; was a newcomer refused?"""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(fetch(serve.port, "/stream")) for _ in range(streams)
        ]
        await asyncio.sleep(0.5)
        serve.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.7)
        refused = not accepts(serve.port)
    return [task.result() for task in tasks], refused


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def pid_in(reply: str) -> int:
    return int(reply.partition("pid ")[2].split()[0])


@pytest.mark.parametrize(
    ("server", "streams"), [*((s, 8) for s in SERVERS), ("granian", 50), ("daphne", 50)]
)
def test_open_streams_finish_and_newcomers_are_refused(env, server, streams):
    with serving(env, "--server", server) as serve:
        replies, refused = asyncio.run(fetch_and_stop(serve, streams))
        assert [reply.count("step\n") for reply in replies] == [STEPS] * streams
        assert all("pid " in reply for reply in replies)
        assert refused
        assert serve.exit_code() == 0
        assert "closed" in serve.rest()


@pytest.mark.parametrize("server", SERVERS)
def test_streams_beyond_the_drain_limit_are_cut(env, server):
    with (
        serving(env, "--server", server, "--drain", "1") as serve,
        socket.create_connection(("127.0.0.1", serve.port)) as stream,
    ):
        stream.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.5)
        serve.process.terminate()
        assert serve.exit_code(limit_s=6) == 0


@pytest.mark.parametrize("server", SERVERS)
def test_no_worker_outlives_a_killed_parent(env, server):
    with serving(env, "--server", server, "--workers", "2") as serve:
        assert "pid " in serve.get("/")
        serve.process.kill()
        time.sleep(2)
        assert not accepts(serve.port)


@pytest.mark.parametrize("server", SERVERS)
def test_two_workers_share_the_address(env, server):
    with serving(env, "--server", server, "--workers", "2", "--no-jobs") as serve:
        assert "False" in serve.get("/jobs")
        seen: set[int] = set()
        ends_at = time.monotonic() + 10
        while len(seen) < 2 and time.monotonic() < ends_at:
            seen.add(pid_in(serve.get("/")))
        assert len(seen) == 2
        assert serve.process.pid not in seen


@pytest.mark.parametrize("server", SERVERS)
def test_a_dead_worker_is_replaced(env, server):
    with serving(env, "--server", server) as serve:
        first = pid_in(serve.get("/"))
        os.kill(first, signal.SIGKILL)
        ends_at = time.monotonic() + 10
        while time.monotonic() < ends_at:
            with suppress(OSError, ValueError, IndexError):
                if pid_in(serve.get("/")) != first:
                    break
            time.sleep(0.1)
        assert pid_in(serve.get("/")) != first


def test_it_refuses_to_start_on_unapplied_migrations(tmp_path):
    result = run_serve(environment(tmp_path), "--port", "0")
    assert result.returncode == 1
    assert "manage.py migrate" in result.stderr


def test_it_names_an_address_in_use(env):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run_serve(
            env, "--host", "127.0.0.1", "--port", str(taken.getsockname()[1])
        )
    assert result.returncode == 1
    assert "Address already in use" in result.stderr


@pytest.mark.parametrize("server", ["granian", "daphne"])
def test_a_worker_that_cannot_start_ends_serve(env, server):
    result = run_serve(env, "--port", "0", "--server", server, "--app", "no.such:app")
    assert result.returncode == 1


def run_serve(env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "serve", *options],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_that_does_not_read_is_waited_for(env, server):
    """The application may fill the network's buffers, but none of the server's own."""
    with serving(env, "--server", server) as serve:
        with socket.create_connection(("127.0.0.1", serve.port)) as idle:
            idle.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
            counts = [-1, flooded(serve)]
            while counts[-1] != counts[-2]:
                time.sleep(0.3)
                counts.append(flooded(serve))
            assert counts[-1] < FLOOD_PIECES // 4
            taken = 0
            while taken < FLOOD_PIECES * len(FLOOD):
                taken += len(idle.recv(len(FLOOD)))
        assert flooded(serve) == FLOOD_PIECES


def flooded(serve: Serve) -> int:
    """How many pieces the application has sent of its flood."""
    return int(serve.get("/flooded").partition("pieces ")[2].split()[0])
