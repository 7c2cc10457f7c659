"""The systemd units, read by systemd itself."""

import re
import shutil
import subprocess

import pytest

from tests.house import ROOT

UNITS = sorted((ROOT / "deploy/systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong(tmp_path, unit):
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd is not installed")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    text = re.sub(r"/opt/grok-gateway/\.venv/bin/python", str(python), unit.read_text())
    copy = tmp_path / unit.name.replace("@", "@1")
    copy.write_text(text)
    done = subprocess.run(
        [command, "verify", "--man=no", copy],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if tmp_path.name in line]
    told += [line for line in done.stderr.splitlines() if unit.stem in line]
    assert (done.returncode, told) == (0, [])


def test_the_gateway_may_finish_its_streams():
    text = (ROOT / "deploy/systemd/grok-gateway.service").read_text()
    [limit] = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(limit) > 60 + 15
    assert "KillMode=mixed" in text
