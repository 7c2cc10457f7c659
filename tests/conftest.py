"""Unit tests have no network: sockets are off except for those marked to use them."""

import gc
import os

import pytest
from pytest_socket import disable_socket, enable_socket

from gateway.upstream import dialects

NETWORKED = ("e2e", "browser", "service", "load")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if may_connect(item):
        enable_socket()
    else:
        disable_socket(allow_unix_socket=True)  # event loops wake through such a pair


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    enable_socket()


def may_connect(item: pytest.Item) -> bool:
    """Also where the database under test is a server, which drivers reach by socket."""
    if os.environ.get("TEST_DATABASE_URL"):
        return True
    return any(item.get_closest_marker(name) for name in NETWORKED)


@pytest.fixture(autouse=True)
def no_dialect_learnt(monkeypatch):
    """Nobody has missed a form of upstream yet."""
    monkeypatch.setattr(dialects, "HOME", dialects.Dialects())


def pytest_collection_finish():
    """What was collected stays: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
