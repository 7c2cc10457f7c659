"""What a start says about its stores."""

import pytest
from django.db import OperationalError

from accounts.claims import membership
from accounts.claims.tables import ClaimMember
from grokgateway import checks
from grokgateway.checks import check_stores
from grokgateway.dsn import Pool

pytestmark = pytest.mark.django_db


def serving(place, expires_at):
    ClaimMember.objects.create(
        id=f"m{ClaimMember.objects.count()}",
        name="a process",
        place=place,
        pid=1,
        born=1,
        alone=False,
        started_at=0.0,
        expires_at=expires_at,
    )


@pytest.fixture(autouse=True)
def no_redis(settings):
    settings.REDIS_URL = ""


def said():
    return [message.id for message in check_stores(None)]


def test_one_host_needs_no_redis():
    serving(membership.place(), membership.clock() + 30)
    serving("another host, long ago", membership.clock() - 1)
    serving("", membership.clock() + 30)
    assert said() == []


def test_another_host_wants_redis(settings):
    serving("another host", membership.clock() + 30)
    assert said() == ["grokgateway.W002"]
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert said() == []


def test_workers_that_want_more_connections_than_there_are(settings, monkeypatch):
    statements = dict.fromkeys(("sqlite", "postgresql", "mysql"), "SELECT 100")
    monkeypatch.setattr(checks, "LIMITS", statements)
    settings.SQL_POOL, settings.SERVER_WORKERS = Pool(size=5, overflow=10), 6
    assert said() == []
    settings.SERVER_WORKERS = 7
    (message,) = check_stores(None)
    assert message.id == "grokgateway.W001"
    assert "105" in message.msg


def test_a_database_that_is_away_stops_nothing(monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(membership, "clock", away)
    assert said() == []
