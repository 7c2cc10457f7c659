"""The entry for Vercel: refuses to run without outside stores, serves with them."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.house import ROOT
from tests.neighbours import fresh_store

CALL = """
import asyncio, json, sys
sys.path.insert(0, "api")
import httpx, index
from django.conf import settings
from django.core.management import call_command

call_command("migrate", verbosity=0)

async def call():
    transport = httpx.ASGITransport(index.app)
    options = {"transport": transport, "base_url": "http://gateway"}
    async with httpx.AsyncClient(**options) as client:
        alive = await client.get("/health")
        models = await client.get("/v1/models", headers={"Authorization": "Bearer k1"})
        page = await client.get("/admin/login/", headers={"Host": "localhost"})
    await index.app.aclose()
    return [alive.status_code, models.json()["object"], page.status_code]

answers = asyncio.run(call())
print(json.dumps([*answers, settings.EMBEDDED_JOBS, str(settings.DATA_DIR)]))
"""


def run(code, tmp_path, **variables):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": str(tmp_path),
            "VERCEL": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_names_what_is_missing(tmp_path):
    done = run("import api.index", tmp_path, DATABASE_URL="x", SECRET_KEY="x")
    assert "Set REDIS_URL, CREDENTIAL_KEYS" in done.stderr
    assert done.returncode == 1


@pytest.mark.service
def test_it_serves_with_outside_stores(tmp_path):
    with fresh_store("postgresql") as database, fresh_store("redis") as redis:
        done = run(
            CALL,
            tmp_path,
            **database,
            **redis,
            SECRET_KEY="only-for-tests",
            CREDENTIAL_KEYS="A" * 43 + "=",
            GROK_APP_API_KEY="k1",
        )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert answers == [200, "list", 200, False, str(tmp_path / "grok-gateway")]


def test_all_paths_lead_to_the_entry():
    told = json.loads((ROOT / "vercel.json").read_text())
    assert set(told["functions"]) == {"api/index.py"}
    assert told["rewrites"] == [{"source": "/(.*)", "destination": "/api/index"}]
    assert (
        (ROOT / "requirements.txt").read_text().endswith("-r requirements/base.txt\n")
    )


def test_render_keeps_its_data_on_a_disk():
    [service] = yaml.safe_load((ROOT / "render.yaml").read_text())["services"]
    variables = {one["key"]: one.get("value") for one in service["envVars"]}
    assert variables["DATA_DIR"] == service["disk"]["mountPath"]
    assert variables["PORT"] == variables["SERVER_PORT"]
    drain = int(service["startCommand"].rpartition(" ")[2])
    assert drain + 15 < service["maxShutdownDelaySeconds"]
    assert "migrate" in service["startCommand"]
    made = {one["key"] for one in service["envVars"] if one.get("generateValue")}
    assert made == {"GROK_APP_APP_KEY", "GROK_APP_API_KEY"}
