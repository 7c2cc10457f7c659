"""Several processes at once, and what one of them takes of memory."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.e2e.gateway_process import ROOT, environment, manage

MIB = 1024 * 1024
MOST_BYTES = 32 * MIB


@pytest.fixture
def env(tmp_path):
    made = environment(
        tmp_path,
        "http://127.0.0.1:1",
        GROK_CACHE_LOCAL_IMAGE_MAX_MB="10",
        GROK_CACHE_LOCAL_MIN_FREE_MB="0",
    )
    manage(made, "migrate", "-v0")
    return made


def start(env, work, number):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.media.processes", work, str(number)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )


def measured(env, mebibytes):
    process = start(env, "carry_video", mebibytes)
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return json.loads(printed)


def kept_now(tmp_path):
    """Bytes in the folder and in the totals, with all savers held off."""
    folder = tmp_path / "files" / "images"
    database = sqlite3.connect(
        tmp_path / "gateway.db", timeout=30, isolation_level=None
    )
    with contextlib.closing(database) as db:
        db.execute("BEGIN IMMEDIATE")
        files = list(folder.glob("*.png")) if folder.is_dir() else []
        on_disk = sum(path.stat().st_size for path in files)
        told = db.execute("SELECT COALESCE(SUM(size), 0) FROM media_usage").fetchone()
        db.execute("ROLLBACK")
    return on_disk, told[0]


@pytest.mark.e2e
def test_two_processes_never_pass_the_cap_by_more_than_one_file(env, tmp_path):
    savers = [start(env, "save_pictures", 40) for _ in range(2)]
    seen = []
    while any(saver.poll() is None for saver in savers):
        seen.append(kept_now(tmp_path))
        time.sleep(0.01)
    for saver in savers:
        saver.communicate()
        assert saver.returncode == 0
    on_disk, told = kept_now(tmp_path)
    assert on_disk == told
    assert 6 * MIB <= told <= 10 * MIB
    assert max(size for size, _ in seen) <= 11 * MIB
    assert max(size for size, _ in seen) > 8 * MIB  # else nothing was put to the test
    assert all(size == total for size, total in seen)


@pytest.mark.e2e
def test_a_video_passes_through_little_memory(env):
    took = measured(env, 64)
    assert took["served_all"]
    assert took["saving"] < 16 * MIB
    assert took["serving"] < 16 * MIB


@pytest.mark.load
def test_a_video_of_a_gibibyte_does_too(env):
    took = measured(env, 1023)
    assert took["served_all"]
    assert took["saving"] < MOST_BYTES
    assert took["serving"] < MOST_BYTES
