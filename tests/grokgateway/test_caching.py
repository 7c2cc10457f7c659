"""What processes share in Redis has a place in the database while that is away."""

import time

import pytest
import redis
from django.core.cache import caches

from grokgateway import caching, dsn, throttle
from tests.neighbours import redis_server

pytestmark = pytest.mark.django_db
NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def away(settings, monkeypatch):
    def nobody(_connection):
        raise redis.ConnectionError(f"Error connecting to {NOWHERE}")

    monkeypatch.setattr(redis.Connection, "connect", nobody)
    settings.CACHES = dsn.caches(NOWHERE)
    return caches["default"]


def test_every_step_works_without_redis(away):
    assert away.add("place", 1, 60)
    assert not away.add("place", 2, 60)
    assert away.get("place") == 1
    away.set("other", 2, 60)
    assert away.get_many(["place", "other", "none"]) == {"place": 1, "other": 2}
    assert away.touch("other", 60)
    away.delete_many(["other"])
    assert away.delete("place")
    assert away.get("place", "gone") == "gone"
    away.set("last", 1)
    away.clear()
    assert away.get("last") is None
    away.close()


def test_redis_that_is_away_is_not_asked_each_time(away, monkeypatch, caplog):
    away.get("a")
    away.get("b")
    assert len(caplog.records) == 1
    assert "127.0.0.1" not in caplog.text
    later = time.monotonic() + caching.AWAY_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    away.get("c")
    assert len(caplog.records) == 2


@pytest.mark.usefixtures("away")
def test_sign_in_failures_count_without_redis(monkeypatch):
    monkeypatch.setattr(throttle, "cache", caches["default"])
    for _ in range(throttle.WITH_NAME):
        assert not throttle.blocked("admin", "192.0.2.1")
        throttle.failed("admin", "192.0.2.1")
    assert throttle.blocked("admin", "192.0.2.1")


@pytest.mark.service
def test_with_redis_the_database_is_not_asked(settings, django_assert_num_queries):
    with redis_server() as url:
        settings.CACHES = dsn.caches(url)
        cache = caches["default"]
        with django_assert_num_queries(0):
            assert cache.add("place", 1, 60)
            assert not cache.add("place", 1, 60)
            assert cache.get_many(["place"]) == {"place": 1}
        cache.close()
