"""The image: what gets into it, and its steps run one by one in a scratch folder."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from fnmatch import fnmatch
from pathlib import Path

import pytest

from deploy import health
from tests.house import ROOT, tracked

SECRETS = (".env", "data/gateway.db", "data/credential_keys", "logs/app.log", ".git/x")
PORT = 18431


def steps():
    """Each instruction of the Dockerfile with its text, continuation lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.strip().split(" ", 1)) for line in lines]


def ignore_lines():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def enters(path):
    """By the rules of .dockerignore, the last line that fits decides."""
    inside = True
    for line in ignore_lines():
        pattern = line.removeprefix("!")
        if covers(pattern, path):
            inside = line.startswith("!")
    return inside


def covers(pattern, path):
    if pattern == "*" or path == pattern or path.startswith(pattern + "/"):
        return True
    if not pattern.startswith("**/"):
        return False
    return any(fnmatch(part, pattern[3:]) for part in Path(path).parts)


@pytest.mark.parametrize("path", SECRETS)
def test_no_secret_gets_in(path):
    assert not enters(path)


@pytest.mark.parametrize(
    "path",
    [
        *("manage.py", "grokgateway/settings.py", "deploy/entrypoint.sh"),
        *("locale/zh_Hans/LC_MESSAGES/django.mo", "requirements/base.txt"),
    ],
)
def test_what_runs_gets_in(path):
    assert (ROOT / path).is_file()
    assert enters(path)


def test_no_test_document_or_cache_gets_in():
    inside = {path for path in tracked() if enters(path)}
    assert not any(path.startswith(("tests/", "docs/", ".ci/")) for path in inside)
    assert not enters("gateway/__pycache__/turn.cpython-311.pyc")


def test_every_named_folder_exists():
    named = [line[1:] for line in ignore_lines() if line.startswith("!")]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_it_runs_as_nobody_special_and_says_how_it_is():
    told = dict(steps())
    assert told["USER"] == "10001:10001"
    assert "deploy/health.py" in told["HEALTHCHECK"]
    assert told["ENTRYPOINT"] == '["/app/deploy/entrypoint.sh"]'
    assert os.access(ROOT / "deploy/entrypoint.sh", os.X_OK)
    stages = [text for name, text in steps() if name == "FROM"]
    assert stages == ["python:3.11-slim AS packages", "python:3.11-slim"]


def test_packages_come_from_wheels_so_that_arm64_needs_no_compiler():
    installing = next(text for name, text in steps() if "pip install" in text)
    assert "--only-binary=:all:" in installing
    assert "--require-hashes" in installing


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://127.0.0.1:8000/health"),
        ({"SERVER_HOST": "0.0.0.0", "SERVER_PORT": ""}, "http://127.0.0.1:8000/health"),
        ({"SERVER_HOST": "10.1.2.3", "SERVER_PORT": "9"}, "http://10.1.2.3:9/health"),
        ({"SERVER_HOST": "fd00::1"}, "http://[fd00::1]:8000/health"),
    ],
)
def test_health_is_asked_where_the_gateway_listens(variables, url):
    assert health.address(variables) == url


@pytest.mark.load
def test_its_steps_one_by_one(tmp_path):
    """Builds the last stage below `tmp_path` and runs it as the image's user."""
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    for name, text in steps():
        if name == "COPY":
            copy(tmp_path, text)
        elif name == "RUN":
            run(tmp_path, text)
    app = tmp_path / "app"
    assert not (app / "tests").exists()
    user = {"user": 10001, "group": 10001} if others_may_run_python() else {}
    env = {
        "PATH": f"{tmp_path}/opt/venv/bin:/usr/bin:/bin",
        "DATA_DIR": str(app / "data"),
        "LOG_DIR": str(app / "logs"),
        "SERVER_HOST": "127.0.0.1",
        "SERVER_PORT": str(PORT),
        "GROK_APP_API_KEY": "only-for-this-test",
    }
    options = {"cwd": app, "env": env, **user}
    serving = subprocess.Popen([app / "deploy/entrypoint.sh"], **options)
    try:
        probe = [sys.executable, str(ROOT / "deploy/health.py")]
        began = time.monotonic()
        while subprocess.run(
            probe, env=env, capture_output=True, check=False
        ).returncode:
            assert serving.poll() is None
            assert time.monotonic() - began < 120
            time.sleep(0.5)
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/v1/models",
            headers={"Authorization": "Bearer only-for-this-test"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["object"] == "list"
        listed = subprocess.run(
            [app / "deploy/entrypoint.sh", "config", "list", "--json"],
            **options,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert "only-for-this-test" not in listed.stdout
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(90) == 0


def others_may_run_python():
    """Not where root keeps its interpreter to itself."""
    if os.getuid() != 0:
        return False
    probe = [os.path.realpath(sys.executable), "-c", ""]
    try:
        return (
            subprocess.run(probe, user=10001, group=10001, check=False).returncode == 0
        )
    except PermissionError:
        return False


def copy(root, text):
    parts = shlex.split(text)
    if parts[0].startswith("--from"):
        return  # both stages are built in one place here
    source, target = parts
    target = root / target.lstrip("/")
    if source != ".":
        shutil.copytree(ROOT / source, target)
        return
    for path in tracked():
        if enters(path):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target / path)


def run(root, text):
    """Paths of the image become paths below `root`; users are made there too."""
    if "useradd" in text:
        if os.getuid() != 0:
            return
        (root / "etc").mkdir()
        for name in ("passwd", "group"):
            (root / "etc" / name).touch()
        text = text.replace("groupadd", f"groupadd --prefix {root}")
        text = text.replace("useradd", f"useradd --prefix {root}")
    text = re.sub(r"(?<=[ =])/(opt|build|app)\b", rf"{root}/\1", " " + text)
    path = f"{root}/opt/venv/bin:{os.environ['PATH']}"
    if os.getuid() != 0:
        text = text.replace("-o 10001 -g 10001", "")
    text = text.replace("python -m venv", f"{sys.executable} -m venv")
    subprocess.run(
        ["/bin/sh", "-c", text],
        env={**os.environ, "PATH": path, "EXTRAS": "mysql"},
        check=True,
        timeout=600,
    )
