"""What `docker compose` would start, without a profile and with each."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from grokgateway.environment import KNOWN_NAMES
from tests.house import ROOT

PROFILES = {
    "postgres": {"postgres", "redis"},
    "worker": {"worker"},
    "flaresolverr": {"flaresolverr"},
}
HOST_ONLY = {"EXTRAS", "POSTGRES_PASSWORD"}  # read by compose, not by the gateway


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def started(services, *profiles):
    return {
        name
        for name, service in services.items()
        if "profiles" not in service or set(profiles) & set(service["profiles"])
    }


def test_without_a_profile_the_gateway_runs_alone(services):
    assert started(services) == {"gateway"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_only_adds(services, profile):
    assert started(services, profile) == {"gateway"} | PROFILES[profile]


def test_every_profile_is_known_here(services):
    named = {p for service in services.values() for p in service.get("profiles", [])}
    assert named == PROFILES.keys()


@pytest.mark.parametrize("name", ["gateway", "worker"])
def test_ours_are_confined_and_may_drain(services, name):
    service = services[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].removesuffix("s")) > 60 + 15
    assert "data:/app/data" in service["volumes"]
    assert service["environment"]["DATA_DIR"] == "/app/data"
    assert service["env_file"] == ".env"


def test_only_the_gateway_opens_a_port(services):
    open_ones = {name for name, service in services.items() if "ports" in service}
    assert open_ones == {"gateway"}
    assert services["gateway"]["ports"] == [
        "${HOST_PORT:-8000}:${SERVER_PORT:-8000}",
    ]


def test_every_variable_is_documented(services):
    text = (ROOT / "docker-compose.yml").read_text()
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert used <= {*KNOWN_NAMES, *HOST_ONLY}
    assert used >= HOST_ONLY


def test_volumes_and_dependencies_exist(compose, services):
    for service in services.values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"]
        assert services.keys() >= set(service.get("depends_on", {}))


def test_the_addresses_told_to_operators_are_those_of_services(services):
    text = (ROOT / "docker-compose.yml").read_text() + (
        ROOT / "docs/docker.md"
    ).read_text()
    told = re.findall(r"(?:postgresql|redis|http)://(?:\w+:\w+@)?([a-z]+):(\d+)", text)
    assert ("postgres", "5432") in told
    assert {host for host, _port in told} - {"localhost"} <= services.keys()


@pytest.mark.parametrize("profile", [None, *PROFILES])
def test_compose_itself_agrees(tmp_path, profile):
    """Needs no daemon. Runs where the stand-alone command is installed."""
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("docker-compose is not installed")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    chosen = ["--profile", profile] if profile else []
    done = subprocess.run(
        [command, *chosen, "config", "--services"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # the command of 2020 lists all services, later ones those of the profile
    assert set(done.stdout.split()) >= {"gateway", *PROFILES.get(profile, set())}
