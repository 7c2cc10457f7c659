import os
import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from grokgateway.environment import (
    KNOWN_NAMES,
    BadVariable,
    Environment,
    allowed_hosts,
    private_folder,
    trusted_origins,
)

ROOT = Path(__file__).resolve().parents[2]


def test_variables_are_read_by_type():
    env = Environment(
        {
            "N": " 7 ",
            "EMPTY": "",
            "YES": "On",
            "NO": "0",
            "LIST": "a, ,b",
            "NET": "10.0.0.0/8",
        }
    )
    assert env.whole("N", 1, minimum=0) == 7
    assert env.whole("EMPTY", 1, minimum=0) == 1
    assert env.flag("YES", default=False)
    assert not env.flag("NO", default=True)
    assert env.flag("EMPTY", default=True)
    assert env.items("LIST") == ["a", "b"]
    assert env.networks("NET") == [ip_network("10.0.0.0/8")]
    assert env.path("MISSING", Path("/d"), root=Path("/r")) == Path("/d")
    assert env.zone("MISSING", "Asia/Shanghai") == "Asia/Shanghai"


@pytest.mark.parametrize(
    "read",
    [
        lambda env: env.whole("X", 1, minimum=0),
        lambda env: env.flag("X", default=True),
        lambda env: env.choice("X", "a", ("a", "b")),
        lambda env: env.networks("X"),
        lambda env: env.zone("X", "UTC"),
        lambda env: env.email("X", ""),
    ],
)
def test_a_bad_value_stops_with_the_name_of_the_variable(read):
    with pytest.raises(BadVariable, match="X must"):
        read(Environment({"X": "nonsense"}))


def test_a_number_out_of_range_is_refused():
    with pytest.raises(BadVariable, match="from 1 to 5"):
        Environment({"X": "6"}).whole("X", 1, minimum=1, maximum=5)


@pytest.mark.parametrize(("text", "number"), [("", 5), ("x", 5), ("0", 1), ("9", 9)])
def test_pool_numbers_fall_back(text, number):
    assert Environment({"X": text}).lenient_whole("X", 5, minimum=1) == number


def test_serverless_hosts_are_recognised():
    assert Environment({"VERCEL": "1"}).serverless()
    assert not Environment({}).serverless()


def test_older_names_stand_in_for_runtime_keys():
    env = Environment({"GROK_A": "1", "CF_TIMEOUT": "9", "OTHER": "2"})
    assert env.runtime_overrides() == {
        "GROK_A": "1",
        "GROK_PROXY_CLEARANCE_TIMEOUT_SEC": "9",
    }


def test_a_data_folder_that_cannot_be_made_stops_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadVariable, match="cannot be made"):
        private_folder(tmp_path / "file" / "data")


def test_hosts_and_origins():
    hosts = allowed_hosts([], "0.0.0.0", "https://g.example/")
    assert "*" not in hosts
    assert {"localhost", "127.0.0.1", "[::1]", "g.example"} <= set(hosts)
    assert "[fd00::1]" in allowed_hosts([], "fd00::1", "")
    assert allowed_hosts(["only.example"], "0.0.0.0", "") == ["only.example"]
    assert trusted_origins(["https://a"], "https://g.example:8443/x") == [
        "https://a",
        "https://g.example:8443",
    ]
    assert trusted_origins([], "") == []


def test_the_example_names_every_variable_once():
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if re.match(r"[A-Z_]+=", line)]
    assert sorted(names) == sorted(KNOWN_NAMES)


def test_settings_read_only_known_names():
    source = (ROOT / "grokgateway" / "settings.py").read_text()
    names = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
    assert names
    assert names <= set(KNOWN_NAMES)


def start(folder, code="", **variables):
    """Import the settings in a process of its own, as an operator's start does."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "-c", f"from grokgateway import settings as s\n{code}"],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(folder / "d"),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_first_start_makes_its_private_folder_and_says_nothing(tmp_path):
    run = start(tmp_path, "print(len(s.SECRET_KEY) >= 50, s.CREDENTIAL_KEYS)")
    assert (run.returncode, run.stdout, run.stderr) == (0, "True []\n", "")
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["secret_key"]


def test_the_real_environment_wins_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("SERVER_PORT=1\nSERVER_WORKERS=3\nGROK_X=a\n")
    run = start(
        tmp_path,
        "print(s.SERVER_PORT, s.SERVER_WORKERS, s.GROK_ENVIRON)",
        SERVER_PORT="2",
    )
    assert run.stdout == "2 3 {'GROK_X': 'a'}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCOUNT_SYNC_INTERVAL", "soon"),
        ("ACCOUNT_STORAGE", "mongo"),
        ("CREDENTIAL_KEYS", "aGlkZGVu"),
    ],
)
def test_a_bad_variable_stops_the_start_and_is_not_shown(tmp_path, name, value):
    run = start(tmp_path, **{name: value})
    assert run.returncode == 1
    assert name in run.stderr.splitlines()[-1]
    assert value not in run.stderr
