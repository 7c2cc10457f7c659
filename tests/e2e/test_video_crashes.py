"""The worker of a video job is killed; another process answers and goes on."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from tests.e2e import told
from tests.e2e.gateway_process import ROOT, eventually, running_gateway, stop

ACCOUNTS = {"super": [f"sandbox-super-films{n}" for n in range(2)]}
ENDED = {"completed", "failed"}


def killed(process):
    """Everything of a gateway, at once: its workers first."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for pid in [*map(int, path.read_text().split()), process.pid]:
        os.kill(pid, signal.SIGKILL)
    process.wait()


@contextmanager
def two_gateways(sandbox, tmp_path):
    """On one data directory, as two serving processes of one installation."""
    sandbox.reset()
    sandbox.settings(record=True)
    first_dir = tmp_path / "first"
    with running_gateway(first_dir, sandbox.url, ACCOUNTS) as first:
        yield (
            first,
            running_gateway(
                tmp_path / "second", sandbox.url, {}, DATA_DIR=str(first_dir)
            ),
        )


def ask(gateway, method, path="", **more):
    address = f"{gateway.url}/v1/videos{path}"
    return httpx.request(
        method, address, headers=gateway.headers(), timeout=30, **more
    ).json()


def job_of(gateway, video_id):
    return ask(gateway, "GET", f"/{video_id}")


def paid_calls(sandbox):
    """What is no JSON pays for nothing."""
    said = [one["body"] for one in sandbox.requests(200)]
    bodies = [orjson.loads(one) for one in said if one.startswith("{")]
    return sum(body.get("modelName") == "imagine-video-gen" for body in bodies)


def end_of(gateway, video_id):
    def ended():
        job = job_of(gateway, video_id)
        return job if job["status"] in ENDED else None

    return eventually(ended, 30)


@pytest.fixture
def calm(sandbox):
    yield
    sandbox.settings(record=False, latency_ms=0)


@told.only_older("the newer form of films begins with the call that costs")
@pytest.mark.load
def test_what_was_not_paid_for_is_filmed_by_the_other(sandbox, tmp_path, calm):
    with two_gateways(sandbox, tmp_path) as (first, other):
        sandbox.settings(latency_ms=3000)
        video_id = ask(first, "POST", json={"prompt": "rain before"})["id"]
        assert eventually(lambda: job_of(first, video_id)["status"] == "in_progress")
        killed(first.process)
        assert paid_calls(sandbox) == 0
        sandbox.settings(latency_ms=0)
        with other as second:
            assert job_of(second, video_id)["status"] in {"in_progress", *ENDED}
            assert end_of(second, video_id)["status"] == "completed"
            film = httpx.get(
                f"{second.url}/v1/videos/{video_id}/content", headers=second.headers()
            )
            assert film.content[4:8] == b"ftyp"
        assert paid_calls(sandbox) == 1


def test_what_was_paid_for_is_never_paid_again(sandbox, tmp_path, calm):
    with two_gateways(sandbox, tmp_path) as (first, other):
        prompt = {"prompt": "rain after [[delay_ms=2000]]"}
        video_id = ask(first, "POST", json=prompt)["id"]
        assert eventually(lambda: job_of(first, video_id)["progress"] > 1, 15)
        killed(first.process)
        assert paid_calls(sandbox) == 1
        with other as second:
            job = end_of(second, video_id)
            assert (job["status"], job["error"]["code"]) == ("failed", "interrupted")
        assert paid_calls(sandbox) == 1


@pytest.mark.load
def test_a_running_job_is_let_alone_by_the_other(sandbox, tmp_path, calm):
    with two_gateways(sandbox, tmp_path) as (first, other), other as second:
        prompt = {"prompt": "slow rain [[delay_ms=500]]"}
        video_id = ask(first, "POST", json=prompt)["id"]
        assert end_of(second, video_id)["status"] == "completed"
        assert paid_calls(sandbox) == 1
        assert ask(second, "DELETE", f"/{video_id}")["deleted"] is True
        assert job_of(first, video_id)["error"]["code"] == "video_not_found"


@contextmanager
def worker(gateway):
    """`manage.py worker` beside a gateway that works nothing off itself."""
    env = {**gateway.env, "DJANGO_SETTINGS_MODULE": "grokgateway.settings"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker", "--json"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"event": "working"}
        try:
            yield process
        finally:
            stop(process)


@pytest.mark.load
def test_workers_of_their_own(sandbox, launch, calm):
    sandbox.reset()
    sandbox.settings(record=True)
    jobless = {"DJANGO_SETTINGS_MODULE": "tests.e2e.jobless_settings"}
    with launch(ACCOUNTS, **jobless) as gateway:
        waiting = ask(gateway, "POST", json={"prompt": "rain"})["id"]
        with worker(gateway) as first:
            assert end_of(gateway, waiting)["status"] == "completed"
            prompt = {"prompt": "more rain [[delay_ms=2000]]"}
            cut = ask(gateway, "POST", json=prompt)["id"]
            assert eventually(lambda: job_of(gateway, cut)["progress"] > 1, 15)
            first.kill()
        with worker(gateway) as second:
            assert end_of(gateway, cut)["error"]["code"] == "interrupted"
            second.terminate()
            assert second.wait(20) == 0
        assert paid_calls(sandbox) == 2
