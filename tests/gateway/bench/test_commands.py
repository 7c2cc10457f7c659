"""`manage.py demo` and `manage.py bench` from the outside."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.e2e
def test_demo_shows_a_whole_reply_and_ends():
    process = start("demo", "--once")
    shown, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert "You said: Good morning!" in shown
    assert "word by word." in shown
    assert "/admin" in shown


@pytest.mark.load
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_stays_until_it_is_told_to_stop(number):
    process = start("demo")
    shown = ""
    assert process.stdout is not None
    while "Running until" not in shown:
        line = process.stdout.readline()
        assert line, shown
        shown += line
    (port,) = map(int, re.findall(r"^API +http://127.0.0.1:(\d+)/v1$", shown, re.M))
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    process.send_signal(number)
    assert "Stopped." in process.communicate(timeout=90)[0]
    assert process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.load
def test_bench_verifies_and_writes_figures(tmp_path):
    target = tmp_path / "figures.json"
    options = ["--quick", "--rounds", "1", "--accounts", "50", "--scenario", "streams"]
    process = start("bench", *options, "--json", str(target))
    shown, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "gateway complete streams" in shown
    (result,) = json.loads(target.read_text())
    assert result["medians"]["gateway complete streams"] == 100
