"""Rows of nodes: sealed, mirrored from the configuration, read into memory."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.egress.nodes import Node, Scope
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode, NodeSource
from gateway.exits import figures, store
from grokgateway import config

pytestmark = pytest.mark.django_db

POOL = {
    "proxy.egress.mode": "proxy_pool",
    "proxy.egress.proxy_pool": ("http://u:canary-secret@a:1", "http://b:1"),
}


def added(name: str = "mine", url: str = "http://u:canary-secret@h:1") -> EgressNode:
    row = store.fill(EgressNode(name=name), parse(url))
    row.save()
    return row


def test_an_address_is_sealed_and_shown_without_its_password(ways):
    row = added()
    assert b"canary" not in bytes(row.url_ciphertext or b"")
    assert "canary" not in row.shown
    assert store.address_of(row) == "http://u:canary-secret@h:1"
    store.load()
    (node,) = ways.rows.nodes
    assert node.proxy == parse("http://u:canary-secret@h:1")


def test_names_of_the_configuration_are_its_own():
    for name in ("single", "res-single", "pool-0", "res-pool-12", "direct"):
        with pytest.raises(store.NameReserved):
            store.fill(EgressNode(name=name), parse("http://h:1"))


def test_the_configurations_nodes_are_mirrored_and_follow_it(ways):
    with config.override(POOL):
        store.load()
        store.load()
        rows = list(EgressNode.objects.order_by("name"))
        assert [row.name for row in rows] == ["pool-0", "pool-1"]
        assert rows[0].source == NodeSource.CONFIG
        assert not rows[0].url_ciphertext
        assert rows[0].shown == "http://u:***@a:1"
        EgressNode.objects.filter(name="pool-0").update(enabled=False)
        store.load()
        assert ways.take(config.current(), Scope.CHAT, 1).node.name == "pool-1"
    with config.override({**POOL, "proxy.egress.proxy_pool": ("http://c:1",)}):
        store.load()
        row = EgressNode.objects.get()
        assert (row.name, row.shown, row.enabled) == ("pool-0", "http://c:1", True)
    with config.override({}):
        store.load()
        assert not EgressNode.objects.exists()


def test_a_node_switched_off_or_unreadable_is_not_used(ways):
    added("off").__class__.objects.filter(name="off").update(enabled=False)
    added("spoilt")
    EgressNode.objects.filter(name="spoilt").update(url_ciphertext=b"x")
    added("good")
    store.load()
    assert [node.name for node in ways.rows.nodes] == ["good"]


def test_what_a_process_meets_others_learn(ways):
    row = added()
    node = Node("mine", parse("http://h:1"))
    ways.rows = ways.rows.__class__(nodes=(node,))
    with config.override(POOL | {"proxy.egress.proxy_pool": ()}):
        settings = config.current()
        ways.failed(ways.take(settings, Scope.CHAT, 1), "proxy_reset")
        figures.write()
        row.refresh_from_db()
        assert (row.last_error, row.failures) == ("proxy_reset", 1)
        assert row.is_out(datetime.now(UTC))
        ways.health.clear()  # another process
        store.load()
        assert ways.health["mine"].cooled_until > datetime.now(UTC).timestamp()
        later = datetime.now(UTC) + timedelta(seconds=1)
        EgressNode.objects.update(failures=0, cooled_until=None, succeeded_at=later)
        store.load()
        assert ways.take(settings, Scope.CHAT, 1).node.name == "mine"


def test_nothing_is_written_while_nothing_changes(ways, django_assert_num_queries):
    with django_assert_num_queries(0):
        figures.write()


def test_the_keys_of_the_installation_are_wanted_while_there_are_nodes():
    assert not store.rows_exist()
    added()
    assert store.rows_exist()
