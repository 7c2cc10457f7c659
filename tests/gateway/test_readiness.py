"""`/readyz` says what is amiss instead of failing itself."""

import pytest
from django.db import InterfaceError, OperationalError, connection

from gateway import readiness
from gateway.entry import Entry
from grokgateway import crypto
from tests.gateway.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert not readiness.migrated()
    assert connection.connection is None
