"""Failures to sign in are counted for all processes together."""

import pytest
from django.core.cache import caches
from django.test import override_settings

from grokgateway import dsn, throttle

ADDRESS = "192.0.2.7"


@pytest.fixture(params=["memory", "database"])
def counted(request, monkeypatch, db):
    """In the cache of tests, and in the one that the gateway has without Redis."""
    if request.param == "memory":
        caches["default"].clear()
        yield
        return
    with override_settings(CACHES=dsn.caches("")):
        monkeypatch.setattr(throttle, "cache", caches["default"])
        yield


def test_five_failures_lock_a_name(counted):
    for _ in range(throttle.WITH_NAME):
        assert not throttle.blocked("Root", ADDRESS)
        throttle.failed("root", ADDRESS)
    assert throttle.blocked("ROOT", ADDRESS)
    assert not throttle.blocked("another", ADDRESS)
    assert not throttle.blocked("root", "192.0.2.8")


def test_twenty_failures_lock_an_address(counted):
    for number in range(throttle.FROM_ADDRESS):
        throttle.failed(f"name {number}", ADDRESS)
    assert throttle.blocked("another", ADDRESS)
    assert not throttle.blocked("another", "192.0.2.8")


def test_success_forgives_the_name_and_not_the_address(counted):
    for number in range(throttle.FROM_ADDRESS):
        throttle.failed("root" if number < throttle.WITH_NAME else "x", ADDRESS)
    throttle.succeeded("root", ADDRESS)
    assert throttle.blocked("root", ADDRESS)
    caches["default"].delete(throttle.places(*throttle.limits("", ADDRESS)[1])[0])
    assert not throttle.blocked("root", ADDRESS)


def test_no_address_or_name_is_kept(counted):
    for key, limit in throttle.limits("root", ADDRESS):
        for place in throttle.places(key, limit):
            assert "root" not in place
            assert ADDRESS not in place
