"""Nodes that come new, that were away for long, or that may not come at all."""

from threading import Thread

import orjson
import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from accounts import bulk
from grokgateway import replica
from grokgateway.replica import checks, joining, places, tables
from tests.grokgateway.replica.nodes import picture, server
from tests.grokgateway.replica.test_sharing import ids, imported, same_on_both

pytestmark = pytest.mark.service


def test_an_empty_node_fetches_five_thousand_accounts(nodes):
    with nodes.at("a"):
        imported(5000)
        before = picture()
    with nodes.at("b"):
        assert picture() == before


def test_who_was_away_too_long_fetches_all_anew(nodes, monkeypatch):
    with nodes.at("a"):
        imported(20)
    with nodes.at("b"):
        imported(1)
    monkeypatch.setattr(server(), "stream_bytes", 500)
    with nodes.at("a"):
        bulk.tag(ids(), ["one"], [], by="op")
        bulk.delete(ids()[:3], by="op")
    with redis.Redis.from_url(settings.SHARED_STORE) as client:
        assert client.xlen("g2:store:stream") == 1
        bytes_kept = int(client.hget("g2:store:head", "bytes"))
        ((_, fields),) = client.xrange("g2:store:stream")
    assert bytes_kept == len(fields[b"rows"])
    found = same_on_both(nodes)
    assert len(found["accounts.Account"]) == 21


def test_what_changes_while_a_node_fetches_is_there_in_the_end(nodes, monkeypatch):
    with nodes.at("a"):
        imported(3)
    store = server()
    pages: list[object] = []
    rows = type(store).rows

    def slowly(self, table):
        for page in rows(self, table):
            yield page
            if not pages:
                pages.append(page)
                raise_a_tag_elsewhere(nodes)

    monkeypatch.setattr(type(store), "rows", slowly)
    with nodes.at("b"):
        assert pages
    found = same_on_both(nodes)
    assert "meanwhile" in repr(found["accounts.Account"])


def raise_a_tag_elsewhere(nodes):
    """In a thread, since this one is in the middle of something."""

    def change():
        with nodes.at("a"):
            bulk.tag(ids(), ["meanwhile"], [], by="op")

    thread = Thread(target=change)
    thread.start()
    thread.join()


def test_what_was_there_before_redis_becomes_the_first_content(nodes, settings):
    url = settings.SHARED_STORE
    settings.SHARED_STORE = ""
    with nodes.at("a"):
        imported(3)
        before = picture()
        settings.SHARED_STORE = url
        replica.join()
        assert picture() == before
    assert same_on_both(nodes) == before


def test_a_node_with_accounts_of_its_own_is_refused(nodes, settings):
    url = settings.SHARED_STORE
    with nodes.at("a"):
        imported(1)
    settings.SHARED_STORE = ""
    with nodes.at("b"):
        imported(1)
        before = picture()
        settings.SHARED_STORE = url
        with pytest.raises(replica.Unfit, match="accounts of its own"):
            replica.join()
        assert picture() == before


def test_a_copy_that_went_its_own_way_is_refused(nodes, settings):
    url = settings.SHARED_STORE
    with nodes.at("a"):
        imported(1)
        settings.SHARED_STORE = ""
    with nodes.at("a"):
        replica.join()
        imported(1)
        settings.SHARED_STORE = url
        with pytest.raises(replica.Unfit, match="accounts of its own"):
            replica.join()


def test_other_credential_keys_are_refused(nodes):
    with nodes.at("a"):
        imported(1)
    other = override_settings(CREDENTIAL_KEYS=[bytes(32)])
    with other, pytest.raises(replica.Unfit, match="CREDENTIAL_KEYS"), nodes.at("b"):
        pass


def test_an_older_version_is_refused_and_a_newer_one_takes_over(nodes, monkeypatch):
    with nodes.at("a"):
        imported(2)
    older = tables.layout()
    columns = {name: list(found) for name, found in older.columns.items()}
    columns["accounts_account"].remove("note")
    newer = tables.Layout(older.version + 1, older.columns)
    older = tables.Layout(older.version, columns)
    with redis.Redis.from_url(settings.SHARED_STORE) as client:
        client.hset("g2:store:head", "layout", newer.text)
        with nodes.at("a"), pytest.raises(replica.Unfit, match="newer version"):
            imported(1)
        with nodes.at("a"):
            assert not replica.follow()  # it serves on with what it knows
            monkeypatch.setattr(tables, "layout", lambda: newer)
            before = picture()
            drop_the_notes(client)
            client.hset("g2:store:head", "layout", older.text)
    with nodes.at("b"):
        assert picture() == before
        imported(1)
    same_on_both(nodes)


def drop_the_notes(client):
    """As a version wrote it that had no notes yet."""
    at = tables.shared()["accounts_account"].columns.index("note")
    for key, text in client.hgetall("g2:store:t:accounts_account").items():
        row = orjson.loads(text)
        del row[at]
        client.hset("g2:store:t:accounts_account", key, orjson.dumps(row))


def test_the_start_says_what_each_node_keeps_for_itself(nodes, settings):
    (warning,) = checks.check_shared(None)
    assert "users, sessions, jobs" in warning.msg
    settings.SHARED_STORE = ""
    assert checks.check_shared(None) == []


def test_migrating_again_is_no_writing(nodes):
    with nodes.at("a"):
        imported(1)
        call_command("migrate", verbosity=0)
        assert places.read() == server().head().place
        imported(1)
    same_on_both(nodes)


def test_two_that_fill_at_once_fill_once(nodes):
    with nodes.at("a"):
        imported(1)
        place = places.read()
        joining.fill(server())
        assert places.read() == place
