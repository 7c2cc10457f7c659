"""Two nodes that change the same accounts at once end with equal tables."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import bulk, restorepoints
from accounts.changes import give_token
from accounts.models import Account, RestorePoint
from accounts.rows import Use
from accounts.store import USES, edit, purge_deleted, soft_delete
from accounts.store.syncs import Asked, Reading, save_sync
from grokgateway import config, replica
from tests.factories import make_token
from tests.grokgateway.replica.nodes import picture
from tests.grokgateway.replica.test_sharing import NOW, ids, imported, same_on_both

pytestmark = pytest.mark.service
FRESH = itertools.count()
INTERVALS = {"basic": 60, "super": 60, "heavy": 60}


def undo_the_latest(one):
    point = RestorePoint.objects.filter(undone_at=None).order_by("-id").first()
    if point is not None:
        restorepoints.undo(point, by="op")


OPERATIONS = {
    "import": lambda one: imported(2),
    "disable": lambda one: bulk.disable([one], by="op"),
    "enable": lambda one: bulk.enable([one], by="op"),
    "tag": lambda one: bulk.tag([one], [f"t{one}"], ["first"], by="op"),
    "move": lambda one: bulk.move([one], "heavy", by="op"),
    "delete": lambda one: bulk.delete([one], by="op"),
    "restore": lambda one: bulk.restore([one], by="op"),
    "edit": lambda one: edit(one, "basic", ["edited"], "a note"),
    "token": lambda one: give_token(one, make_token(), "op"),
    "purge": lambda one: soft_delete([one], "gone") and purge_deleted(timezone.now()),
    "undo": undo_the_latest,
    "uses": lambda one: USES.write([Use(one, NOW, succeeded=True)]),
    "sync": lambda one: save_sync(
        one, Asked({"auto": Reading(3, 50, 7200)}), datetime.now(UTC), INTERVALS
    ),
    "settings": lambda one: config.save({"retry.max_retries": one % 9}, "op"),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.sampled_from(sorted(OPERATIONS)), st.integers(0, 99)
    ),
    max_size=10,
)


def run(name, number):
    there = ids()
    if there:
        OPERATIONS[name](there[number % len(there)])


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_changes_in_turn_leave_equal_tables(nodes, steps):
    with nodes.at("a"):
        imported(3)
    for node, name, number in steps:
        with nodes.at(node):
            replica.follow()
            run(name, number)
    found = same_on_both(nodes)
    with nodes.at(f"new-{next(FRESH)}"):
        assert picture() == found


def test_changes_at_the_same_time_leave_equal_tables_and_lose_nothing(nodes):
    with nodes.at("a"):
        imported(6)
        first = ids()
    with nodes.at("b"):
        assert ids() == first

    def work(node, seed):
        chosen = random.Random(seed)
        names = sorted(OPERATIONS.keys() - {"undo", "purge"})
        with nodes.at(node):
            for _ in range(15):
                run(chosen.choice(names), chosen.randrange(99))
                USES.write([Use(one, NOW, succeeded=True) for one in first])

    with ThreadPoolExecutor(4) as pool:
        works = [
            pool.submit(work, *pair) for pair in zip("abab", range(4), strict=True)
        ]
    for one in works:
        one.result()
    same_on_both(nodes)
    with nodes.at("a"):
        counts = Account.objects.filter(pk__in=first).values_list(
            "use_count", flat=True
        )
        assert min(counts) >= 4 * 15
