"""Rows of captures: sealed, few, and gone in time; wishes as the key book has them."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import OperationalError

from gateway.capture_tables import Capture, CaptureWish
from gateway.captures import making, store
from gateway.captures.store import Taken
from gateway.keys import home
from gateway.keys import store as keys
from gateway.keys.cards import Capturing
from tests.factories import make_key
from tests.gateway.captures.test_replay import taped

NOW = datetime.now(UTC)
TURN = b'{"result":{"response":{"token":"Hello.","messageTag":"final"}}}\n'


def captured(number=1, **changed):
    values = {
        "tape": taped(TURN),
        "request_id": f"req_{number}",
        "made_at": NOW + timedelta(seconds=number),
        "key": "key_a",
        "endpoint": "/v1/chat/completions",
        "model": "grok-4.20-auto",
        "status": 502,
        "error_code": "upstream_error",
        "about": {"gateway": "0.9.0"},
    }
    return Taken(**{**values, **changed})


def furnish():
    """A row of each table."""
    store.save([captured()])
    CaptureWish.objects.create(prefix="req_", until=NOW + timedelta(hours=1))


@pytest.fixture(autouse=True)
def process(db, monkeypatch):
    monkeypatch.setattr(home.HOME, "book", None)


def ids():
    return list(
        Capture.objects.order_by("made_at").values_list("request_id", flat=True)
    )


def test_a_capture_is_stored_sealed():
    store.save([captured()])
    row = Capture.objects.get()
    assert (row.status, row.error_code, row.words_kept) == (
        502,
        "upstream_error",
        False,
    )
    assert (row.faithful, row.alike) == (True, True)
    assert b"grok-gateway" not in bytes(row.sealed)
    body = store.opened(row)
    assert row.size_bytes == len(body)
    assert orjson.loads(body)["about"] == {"gateway": "0.9.0"}


def test_the_oldest_go_first_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(store, "MOST_ROWS", 2)
    store.save([captured(number) for number in range(4)])
    assert ids() == ["req_2", "req_3"]


def test_the_oldest_go_first_where_they_take_too_much_room(monkeypatch):
    store.save([captured(1)])
    monkeypatch.setattr(
        store, "MOST_BYTES", 2 * Capture.objects.get().sealed_bytes + 99
    )
    store.save([captured(2), captured(3)])
    assert ids() == ["req_2", "req_3"]


def test_what_cannot_be_covered_is_not_kept(monkeypatch, caplog):
    def broken(*_args):
        raise AssertionError("the secret")

    monkeypatch.setattr(making, "made", broken)
    store.save([captured()])
    assert ids() == []
    assert "could not be made: AssertionError" in caplog.text
    assert "the secret" not in caplog.text


def test_what_the_database_refuses_is_dropped(caplog):
    store.save([captured(status=-(10**12)), captured(2)])
    assert ids()[-1] == "req_2"


def test_a_database_that_fails_gets_each_capture_once(monkeypatch):
    taken = [captured(1), captured(2)]
    insert = store.insert

    def failing(row):
        insert(row)
        if row.request_id == "req_2":
            raise OperationalError("gone away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "insert", failing)
        with pytest.raises(OperationalError):
            store.save(taken)
    assert ids() == []
    monkeypatch.setattr(making, "made", None)  # what was made is used again
    store.save(taken)
    assert ids() == ["req_1", "req_2"]


def test_old_captures_and_wishes_go_by_themselves():
    store.save([captured(1, made_at=NOW - timedelta(days=15)), captured(2)])
    CaptureWish.objects.create(prefix="old_", until=NOW - timedelta(hours=1))
    CaptureWish.objects.create(prefix="new_", until=NOW + timedelta(hours=1))
    assert store.purge(NOW) == 1
    assert ids() == ["req_2"]
    assert [row.prefix for row in CaptureWish.objects.all()] == ["new_"]


def test_the_book_knows_what_is_wished_for():
    keys.load()
    assert not home.book().capturing
    until = NOW + timedelta(hours=1)
    CaptureWish.objects.create(prefix="req_", keep_words=True, until=until)
    CaptureWish.objects.create(prefix="old_", until=NOW - timedelta(hours=1))
    _row, key = make_key(capture_until=until)
    _row, expired = make_key(capture_until=NOW - timedelta(hours=1))
    keys.load()
    book = home.book()
    assert book.capturing
    assert book.wishes == (Capturing(until.timestamp(), True, "req_"),)
    first, second = book.find(key), book.find(expired)
    assert first is not None
    assert second is not None
    assert first.capturing == Capturing(until.timestamp())
    assert second.capturing is None
