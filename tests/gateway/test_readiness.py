"""`/readyz` says what is amiss instead of failing itself."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts import directory
from gateway import readiness
from gateway.entry import Entry
from grokgateway import crypto, replica
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob
from media.models import VideoJob
from tests.factories import make_account
from tests.gateway.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(directory.HOME, "synced_at", time.monotonic())
    monkeypatch.setattr(directory.HOME, "works", True)
    monkeypatch.setattr(readiness, "HOME", readiness.Home())


async def failing(expected_status=503):
    asking = await Exchange("GET", "/readyz").through(Entry())
    assert asking.status == expected_status
    checks = asking.json["checks"]
    return {name for name, word in checks.items() if word != "ok"}


async def test_ready(stage):
    assert await failing(200) == set()


async def test_accounts_not_loaded(stage):
    stage.accounts.loaded = False
    assert await failing() == {"accounts"}


@pytest.mark.parametrize("problem", [crypto.KeysMissing, crypto.BadKey, OSError])
async def test_keys_that_cannot_be_had(stage, monkeypatch, problem):
    def ring():
        raise problem("no keys")

    monkeypatch.setattr(crypto, "ring", ring)
    assert await failing() == {"keys"}


@pytest.mark.parametrize("problem", [OperationalError, InterfaceError])
async def test_a_database_that_is_away(stage, monkeypatch, problem):
    class Away:
        def cursor(self):
            raise problem("gone")

        def close(self):
            pass

    monkeypatch.setattr(readiness, "connection", Away())
    assert await failing() == {"database", "migrations"}


def test_a_database_that_goes_in_between(monkeypatch):
    def executor(_connection):
        raise OperationalError("gone")

    monkeypatch.setattr(readiness, "MigrationExecutor", executor)
    assert readiness.stored(True) == readiness.Stored()
    assert connection.connection is None


async def test_a_database_that_does_not_answer(stage, monkeypatch):
    def slow(_keys):
        time.sleep(0.3)
        return readiness.Stored(database=True, migrated=True)

    monkeypatch.setattr(readiness, "stored", slow)
    monkeypatch.setattr(readiness, "LIMIT_S", 0.05)
    assert await failing() == {"database", "migrations"}


def test_keys_of_another_installation(settings):
    make_account()
    assert readiness.stored(True).readable
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            crypto.KeyRing, "decrypt", lambda *_a, **_k: refuse(crypto.Undecipherable)
        )
        assert not readiness.stored(True).readable


def refuse(problem):
    raise problem("another key")


async def test_accounts_that_others_changed_are_not_read(stage, monkeypatch):
    monkeypatch.setattr(directory.HOME, "synced_at", time.monotonic() - 3600)
    assert await failing() == {"sync"}


def test_migrations_are_read_until_there_is_none_to_come(monkeypatch):
    plans = [[], ["one"]]

    class Executor(MigrationExecutor):
        def migration_plan(self, targets, clean_start=False):
            return plans.pop()

    monkeypatch.setattr(readiness, "MigrationExecutor", Executor)
    found = [readiness.stored(True).migrated for _ in range(3)]
    assert found == [False, True, True]
    assert not plans


async def test_a_copy_that_falls_behind(stage, monkeypatch):
    monkeypatch.setattr(replica, "in_step", lambda patience_s: False)
    assert await failing() == {"copy"}


async def test_a_process_that_others_take_for_dead(stage, monkeypatch):
    circle = SimpleNamespace(alone=False, lapsed=True, peers=[], me=None)
    monkeypatch.setattr(directory.HOME, "member", SimpleNamespace(circle=circle))
    assert await failing() == {"claims"}
    circle.alone = True
    assert await failing(200) == set()


@pytest.mark.parametrize("kind", ["batch", "film"])
async def test_a_job_that_nobody_takes(stage, monkeypatch, kind):
    then = timezone.now() - LONG_AGO
    if kind == "batch":
        await BatchJob.objects.acreate(public_id="b", kind="refresh", created_at=then)
    else:
        await VideoJob.objects.acreate(public_id="v", seconds=6, created_at=then)
    assert await failing(200) == set()
    monkeypatch.setattr(directory.HOME, "works", False)
    assert await failing() == {"worker"}
    peers = [SimpleNamespace(id="other", notes={"works": True})]
    circle = SimpleNamespace(
        alone=False, lapsed=False, peers=peers, me=SimpleNamespace(id="me")
    )
    monkeypatch.setattr(directory.HOME, "member", SimpleNamespace(circle=circle))
    assert await failing(200) == set()


def test_a_new_job_is_not_neglected():
    batches.create("refresh", [Target("1")])
    assert not readiness.stored(True).neglected
