"""`manage.py worker` keeps the media folders in order, without anybody's request."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.e2e.gateway_process import ROOT, environment, eventually, manage, stop
from tests.media.samples import picture

TAKE_OUT = """UPDATE media_asset SET removal = 'x', removed_at = '2001-01-01 00:00:00'
    WHERE public_id = 'removed'"""


@pytest.fixture
def env(tmp_path):
    made = environment(
        tmp_path, "http://127.0.0.1:1", GROK_CACHE_LOCAL_MAX_AGE_DAYS="2"
    )
    manage(made, "migrate", "-v0")
    return made


def rows(tmp_path, statement):
    with contextlib.closing(sqlite3.connect(tmp_path / "gateway.db", timeout=30)) as db:
        found = db.execute(statement).fetchall()
        db.commit()
        return found


def test_the_worker_tidies_and_watches(env, tmp_path):
    folder = tmp_path / "files" / "images"
    folder.mkdir(parents=True)
    for name, age_days in (("young", 1), ("removed", 1), ("old", 3)):
        path = folder / f"{name}.png"
        path.write_bytes(picture())
        changed = time.time() - age_days * 86_400
        os.utime(path, (changed, changed))
    manage(env, "reconcilemedia")
    rows(tmp_path, TAKE_OUT)
    (folder / "new.png").write_bytes(picture())
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker", "--json"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"event": "working"}
            assert eventually(lambda: names(tmp_path) == ["new", "young"], 20)
        finally:
            stop(process)
    assert sorted(path.name for path in folder.iterdir()) == ["new.png", "young.png"]


def names(tmp_path):
    found = rows(tmp_path, "SELECT public_id FROM media_asset ORDER BY public_id")
    return [name for (name,) in found]
