"""The sandbox as a process, over real sockets."""

import http.client
import json
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.gateway.sandbox.asking import CHAT
from tests.gateway.sandbox.process import ROOT, running_sandbox

pytestmark = pytest.mark.e2e
HEADERS = {
    "Cookie": "sso=sandbox-heavy-1; sso-rw=sandbox-heavy-1",
    "Content-Type": "application/json",
}


@pytest.fixture(scope="module")
def running():
    with running_sandbox() as sandbox:
        yield sandbox


def opened(running, prompt):
    connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=5)
    body = json.dumps({"message": f"[user]: {prompt}", "modeId": "fast"})
    connection.request("POST", CHAT, body, HEADERS)
    return connection


def test_a_reply_over_the_wire(running):
    connection = opened(running, "[[tokens=3]]")
    answer = connection.getresponse()
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.read().count(b"tok") == 6 + 3
    connection.close()


def test_a_reset_before_the_headers_is_a_reset(running):
    connection = opened(running, "[[reset_after=0]]")
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()


def test_a_reset_comes_after_the_tokens_before_it(running):
    connection = opened(running, "[[tokens=9]] [[reset_after=2]]")
    answer = connection.getresponse()
    assert b"tok2" in answer.read1()
    with pytest.raises(ConnectionResetError):
        answer.read()
    connection.close()


def test_small_sends_arrive_as_small_chunks(running):
    connection = opened(running, "[[unicode]] [[split=3]]")
    answer = connection.getresponse()
    assert len(answer.read1()) <= 3
    answer.read()
    connection.close()


def test_a_client_that_leaves_is_noticed(running):
    before = running.stats()["closed_early"]
    connection = opened(running, "[[tokens=99]] [[delay_ms=50]]")
    answer = connection.getresponse()
    assert running.stats()["open_streams"] == 1
    answer.close()
    connection.close()
    ends_at = time.monotonic() + 5
    while running.stats()["open_streams"] and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert running.stats()["closed_early"] == before + 1


def test_the_control_client(running):
    assert running.settings(record=True)["record"] is True
    running.reset()
    opened(running, "[[tokens=1]]").close()
    ends_at = time.monotonic() + 5
    while not running.requests() and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert running.requests()[0]["path"] == CHAT
    running.settings(record=False)


@pytest.mark.parametrize(
    "command", [("-m", "gateway.sandbox"), ("manage.py", "sandbox")]
)
def test_a_signal_ends_it_at_once_even_with_open_streams(command, tmp_path):
    port_file = tmp_path / "port"
    with subprocess.Popen(
        [sys.executable, *command, "--port", "0", "--port-file", str(port_file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            connection = stalled(int(port_file.read_text()))
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=2)
        finally:
            process.kill()
    connection.close()
    assert first_line == f"Sandbox on http://127.0.0.1:{connection.port}\n"
    assert (process.returncode, complaints) == (-signal.SIGTERM, "")


def stalled(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = json.dumps({"message": "[[stall_after=1]]", "modeId": "fast"})
    connection.request("POST", CHAT, body, HEADERS)
    connection.getresponse()
    return connection


def test_sample_accounts_are_written_for_import(tmp_path):
    target = tmp_path / "accounts.json"
    arguments = ["--write-accounts", str(target), "--count", "2", "--tiers", "super"]
    subprocess.run(
        [sys.executable, "-m", "gateway.sandbox", *arguments],
        cwd=ROOT,
        check=True,
        timeout=20,
    )
    written = json.loads(target.read_text())
    assert written == {"super": ["sandbox-super-0001", "sandbox-super-0002"]}
