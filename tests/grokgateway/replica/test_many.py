"""How long an import of 50,000 lines takes, and how long a node of 100,000 accounts."""

import resource
import time

import pytest
import redis
from django.conf import settings

from accounts import imports
from accounts.documents import Defaults, parse
from accounts.models import Account
from tests.factories import make_token

pytestmark = pytest.mark.load
IMPORT_CPU_S = 30  # of this process: the machine may have other work
JOIN_CPU_S = 60


def imported(count):
    """Wall and CPU seconds."""
    lines = "\n".join(make_token() for _ in range(count))
    wall, cpu = time.monotonic(), time.process_time()
    imports.add(parse(lines, Defaults("super", ())), by="op")
    return time.monotonic() - wall, time.process_time() - cpu


def told(what, wall, cpu):
    print(f"{what}: {wall:.1f} s, {cpu:.1f} s of CPU")  # noqa: T201 - the measurement


def test_many_accounts_come_and_are_fetched(nodes):
    with nodes.at("a"):
        wall, cpu = imported(50_000)
        told("an import of 50,000 lines", wall, cpu)
        assert cpu < IMPORT_CPU_S
        imported(50_000)
    with redis.Redis.from_url(settings.SHARED_STORE) as client:
        used = client.info("memory")["used_memory"] >> 20
    wall, cpu = time.monotonic(), time.process_time()
    with nodes.at("b"):
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        told("a new node of 100,000 accounts", wall, cpu)
        assert Account.objects.count() == 100_000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"Redis holds {used} MB, peak here {peak} MB")  # noqa: T201 - likewise
    assert cpu < JOIN_CPU_S
