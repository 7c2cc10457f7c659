"""A real gateway in processes of its own, over a real sandbox, for end-to-end tests."""

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEY = "e2e-test-key-0123456789"
START_LIMIT_S = 180  # two cores may have much else to do
NEWER_FORMS = {
    "GROK_UPSTREAM_CHAT_PROTOCOL": "gateway",
    "GROK_UPSTREAM_UPLOAD_PROTOCOL": "v3",
    "GROK_UPSTREAM_IMAGE_EDIT_PROTOCOL": "v3",
    "GROK_UPSTREAM_VIDEO_PROTOCOL": "v3",
    "GROK_UPSTREAM_IMAGINE_PROTOCOL": "v3",
}
STOP_LIMIT_S = 30


@dataclass
class Gateway:
    """Where a running gateway is, and the process that can be signalled."""

    url: str
    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen[str]
    key: str = KEY
    logs: list[str] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def manage(self, *args: str, stdin: str | None = None) -> str:
        return manage(self.env, *args, stdin=stdin)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.data_dir / "gateway.db")) as db:
            return list(db.execute(query))


def manage(env: dict[str, str], *args: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{args}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(data_dir: Path, upstream: str, **settings: str) -> dict[str, str]:
    """A clean environment; `settings` are start-up or GROK_ variables.

    With UPSTREAM_FORMS=new all gateways of a test run speak the newer forms.
    """
    newer = NEWER_FORMS if os.environ.get("UPSTREAM_FORMS") == "new" else {}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GROK_", "COV_"))}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "grokgateway.settings",
        "DATA_DIR": str(data_dir),
        "LOG_DIR": str(data_dir / "logs"),
        "GROK_UPSTREAM_BASE_URL": upstream,
        "GROK_UPSTREAM_ASSETS_URL": upstream,
        "GROK_APP_API_KEY": KEY,
        "GROK_ALERTS_EXAMINE": "false",  # its calls would be counted with theirs
        "GROK_LOGGING_FILE_LEVEL": "DEBUG",
        "LOG_LEVEL": "DEBUG",
        "TZ": "UTC",
        **newer,
        **settings,
    }


@contextlib.contextmanager
def running_gateway(
    data_dir: Path,
    upstream: str,
    accounts: dict[str, list[str]] | None,
    server: str = "granian",
    workers: int = 1,
    **settings: str,
) -> Iterator[Gateway]:
    """`accounts` are tokens by pool; None: all has been made ready before."""
    data_dir.mkdir(parents=True, exist_ok=True)
    env = environment(data_dir, upstream, **settings)
    if accounts is not None:
        prepare(env, data_dir, json.dumps(accounts) if accounts else "")
    output = data_dir / "serve.log"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [
                *(sys.executable, "manage.py", "serve", "--host", "127.0.0.1"),
                *("--port", "0", "--server", server, "--workers", str(workers)),
            ],
            cwd=ROOT,
            env=env,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        url = wait_for_address(output, process)
        wait_until_ready(url, process, output)
        yield Gateway(url, data_dir, env, process)
    finally:
        stop(process)


def prepare(env: dict[str, str], data_dir: Path, accounts: str) -> None:
    """Migrate and import; an untouched SQLite folder is a copy of one made before."""
    if env.get("DATABASE_URL") or any(data_dir.iterdir()):
        manage(env, "migrate", "-v0")
        if accounts:
            manage(env, "importaccounts", "-", stdin=accounts)
        return
    shutil.copytree(made_before(accounts), data_dir, dirs_exist_ok=True)


@functools.cache
def made_before(accounts: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="grok-gateway-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = environment(folder, "http://127.0.0.1:9")
    if accounts:
        shutil.copytree(made_before(""), folder, dirs_exist_ok=True)
        manage(env, "importaccounts", "-", stdin=accounts)
    else:
        manage(env, "migrate", "-v0")
    with contextlib.closing(sqlite3.connect(folder / "gateway.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.rmtree(folder / "logs", ignore_errors=True)
    return folder


def wait_for_address(output: Path, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        for line in output.read_text().splitlines():
            if "Listening on http" in line:
                return line[line.index("http") :].strip()
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"serve did not start:\n{output.read_text()}")


def wait_until_ready(url: str, process: subprocess.Popen[str], output: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise AssertionError(f"serve did not get ready:\n{output.read_text()}")


def stop(process: subprocess.Popen[str]) -> None:
    """Returns once the process and its workers are gone."""
    workers = children(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end(workers)


def crash(gateway: Gateway) -> None:
    """Kill it with its workers, as a host that fails would."""
    workers = children(gateway.process.pid)
    gateway.process.kill()
    gateway.process.wait()
    end(workers)


def end(workers: list[int]) -> None:
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if not eventually(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers)
    ):
        raise AssertionError(f"workers go on: {workers}")


def children(parent: int) -> list[int]:
    """The workers of `serve`, in the order they were started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_bytes()
            if int(fields[1]) == parent and b"resource_tracker" not in command:
                found.append(int(stat.parent.name))
    return sorted(found)


def eventually(check, limit_s: float = 5.0):
    """The first true answer of `check`, or the last false one."""
    deadline = time.monotonic() + limit_s
    while not (answer := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer
