"""How long an import of 50,000 lines takes, and how long a node of 100,000 accounts."""

import resource
import time

import pytest

from accounts import imports
from accounts.documents import Defaults, parse
from accounts.models import Account
from tests.factories import make_token
from tests.grokgateway.replica.nodes import server

pytestmark = pytest.mark.load
IMPORT_WITHIN_S = 60
HYDRATED_WITHIN_S = 60


def imported(count):
    lines = "\n".join(make_token() for _ in range(count))
    began = time.monotonic()
    imports.add(parse(lines, Defaults("super", ())), by="op")
    return time.monotonic() - began


def test_many_accounts_come_and_are_fetched(nodes):
    with nodes.at("a"):
        took = imported(50_000)
        print(f"import of 50,000 lines: {took:.1f} s")  # noqa: T201 - the measurement
        assert took < IMPORT_WITHIN_S
        imported(50_000)
        memory = server()._redis.info("memory")["used_memory_human"]
        print(f"100,000 accounts in Redis: {memory}")  # noqa: T201 - likewise
    began = time.monotonic()
    with nodes.at("b"):
        took = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"a new node: {took:.1f} s, peak {peak} MB")  # noqa: T201 - likewise
        assert Account.objects.count() == 100_000
    assert took < HYDRATED_WITHIN_S
