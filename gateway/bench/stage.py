"""The processes a measurement needs: sandbox, gateway, load generator."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from gateway.bench.work import Findings, Work, load_findings

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://[^\s\"']+:(\d+)")
START_LIMIT_S = 180.0


class StageFailed(Exception):
    """A process did not start, or ended on its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway that talks to a sandbox, both on loopback."""

    env: Mapping[str, str]
    data_dir: Path
    sandbox_port: int
    gateway_port: int
    gateway_pid: int
    key: str


@contextlib.contextmanager
def staged(
    data_dir: Path,
    *,
    server: str,
    accounts: Mapping[str, Sequence[str]],
    port: int = 0,
    extra_env: Mapping[str, str] | None = None,
    sandbox_port: int = 0,
) -> Iterator[Stage]:
    """`accounts` are tokens by pool. The whole environment starts from scratch."""
    with (
        furnished(data_dir, accounts, extra_env or {}, sandbox_port) as stage,
        served(stage, server=server, port=port) as complete,
    ):
        yield complete


@contextlib.contextmanager
def furnished(
    data_dir: Path,
    accounts: Mapping[str, Sequence[str]],
    extra_env: Mapping[str, str],
    sandbox_port: int = 0,
) -> Iterator[Stage]:
    """The sandbox and the accounts; the gateway is still to be started."""
    key = f"sk-{token_hex(12)}"
    data_dir.mkdir(exist_ok=True)
    with (
        open_log(data_dir / "sandbox.log") as sandbox_log,
        running(*sandbox_command(sandbox_port), log=sandbox_log) as sandbox,
    ):
        sandbox_port = port_in(sandbox)
        env = environment(data_dir, sandbox_port, key) | dict(extra_env)
        prepare(env, data_dir, accounts)
        yield Stage(env, data_dir, sandbox_port, 0, 0, key)


def sandbox_command(port: int) -> tuple[str, ...]:
    return "-m", "gateway.sandbox", "--port", str(port)


@contextlib.contextmanager
def served(
    stage: Stage, *, server: str, port: int = 0, workers: int = 1
) -> Iterator[Stage]:
    """A gateway on what is furnished, until the block ends."""
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--server", server]
    arguments += ["--drain", "5", "--workers", str(workers)]
    with (
        open_log(stage.data_dir / "gateway.log") as log,
        running("manage.py", "serve", *arguments, env=stage.env, log=log) as gateway,
    ):
        yield replace(stage, gateway_port=port_in(gateway), gateway_pid=gateway.pid)


def environment(data_dir: Path, sandbox_port: int, key: str) -> dict[str, str]:
    base = f"http://127.0.0.1:{sandbox_port}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "grokgateway.settings",
        "DATA_DIR": str(data_dir),
        "LOG_DIR": str(data_dir / "logs"),
        "GROK_UPSTREAM_BASE_URL": base,
        "GROK_UPSTREAM_ASSETS_URL": base,
        "GROK_UPSTREAM_ACCOUNTS_URL": base,
        "GROK_APP_API_KEY": key,
    }


def prepare(
    env: Mapping[str, str], data_dir: Path, accounts: Mapping[str, Sequence[str]]
) -> None:
    manage(env, "migrate", "-v0")
    for pool, tokens in accounts.items():
        source = data_dir / f"accounts-{pool}.txt"
        source.write_text("\n".join(tokens) + "\n")
        manage(env, "importaccounts", str(source), "--pool", pool)


def manage(env: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageFailed(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def open_log(path: Path) -> Iterator[int]:
    with path.open("ab") as log:
        yield log.fileno()


@contextlib.contextmanager
def running(
    *arguments: str, log: int, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python process of ours; it is told to stop, then made to."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        process_group=0,  # Ctrl-C ends them through us, in order
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def port_in(process: subprocess.Popen[str]) -> int:
    """The port in the first printed line that holds an address."""
    assert process.stdout is not None  # noqa: S101 - a pipe by construction
    ends_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < ends_at:
        line = process.stdout.readline()
        if not line:
            break
        if found := ADDRESS.search(line):
            return int(found[1])
    arguments = " ".join(map(str, list(process.args)[1:]))  # type: ignore[arg-type]  # a list, as running() passes it
    raise StageFailed(f"did not start: {arguments} (exit code {process.poll()})")


def generate(work: Work) -> list[Findings]:
    """Runs the load generator as a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "gateway.bench.load", work.dump()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageFailed(f"load generator: {done.stderr[-2000:]}")
    return load_findings(json.dumps(json.loads(done.stdout)))
