"""The table of stored responses."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, OperationalError

from gateway.models import StoredResponse
from gateway.stored import rows
from gateway.stored.rows import Kept, delete, purge, read, write
from grokgateway import crypto
from grokgateway.crypto import KeyRing

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def kept(number=1, owner="key_a", said="Hi", at=NOW, **more):
    response = {
        "id": f"resp_{number:032x}",
        "model": "grok-4.20-auto",
        "status": "completed",
        "created_at": int(at.timestamp()),
        "output": [{"id": f"msg_{number}", "type": "message"}],
    }
    return Kept(owner, response, said, **more)


def test_what_is_written_can_be_read_by_its_owner(db):
    one, other = kept(1, ancestors=("resp_0",)), kept(2, owner="key_b")
    write([one, other])
    found = read("key_a", {one.response["id"], other.response["id"], "resp_3"})
    assert list(found) == [one.response["id"]]
    (only,) = found.values()
    assert only.document.response == one.response
    assert only.document.input[0]["content"] == [{"type": "input_text", "text": "Hi"}]
    assert only.ancestors == ("resp_0",)


def test_columns_tell_what_is_needed_without_opening(db):
    write([kept()])
    (row,) = StoredResponse.objects.all()
    assert (row.owner, row.model, row.status) == (
        "key_a",
        "grok-4.20-auto",
        "completed",
    )
    assert row.created_at == NOW
    assert b"Hi" not in bytes(row.sealed)


def test_writing_again_changes_nothing(db):
    write([kept()])
    write([kept(), kept(2)])
    assert StoredResponse.objects.count() == 2


def test_many_are_written_in_portions(db):
    many = [kept(number) for number in range(rows.WRITE_ROWS * 2 + 1)]
    write(many)
    assert len(read("key_a", [one.response["id"] for one in many])) == len(many)


def deep(levels):
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


def test_what_cannot_be_written_as_json_is_dropped_alone(db, caplog):
    odd = kept(1, said=[{"type": "odd", "x": deep(1000)}])
    with caplog.at_level(logging.WARNING):
        write([odd, kept(2)])
    assert StoredResponse.objects.count() == 1
    assert odd.response["id"] in caplog.text


class Refusing:
    """A database that takes nothing but single rows, and not all of them."""

    def __init__(self, refusal):
        self.refusal = refusal
        self.taken = []

    def insert(self, table_rows):
        if len(table_rows) > 1 or table_rows[0][0].endswith("1"):
            raise self.refusal
        self.taken += table_rows


@pytest.mark.parametrize("refusal", [IntegrityError(), DataError(), ValueError()])
def test_what_the_database_refuses_is_dropped_alone(monkeypatch, refusal, caplog):
    database = Refusing(refusal)
    monkeypatch.setattr(rows, "insert", database.insert)
    write([kept(1), kept(2)])
    assert [row[0] for row in database.taken] == [kept(2).response["id"]]
    assert "could not be stored" in caplog.text


def test_a_database_that_is_away_keeps_the_rows_for_later(monkeypatch):
    monkeypatch.setattr(rows, "insert", Refusing(OperationalError()).insert)
    with pytest.raises(OperationalError):
        write([kept(1), kept(2)])


def test_a_row_too_large_for_the_server_does_not_block_the_others(monkeypatch):
    database = Refusing(OperationalError())
    monkeypatch.setattr(rows, "insert", database.insert)
    monkeypatch.setattr(rows, "LARGE_BYTES", 10)
    write([kept(1), kept(2)])
    assert [row[0] for row in database.taken] == [kept(2).response["id"]]


def test_what_no_key_opens_does_not_exist(db, monkeypatch, caplog):
    write([kept()])
    monkeypatch.setattr(crypto, "ring", lambda: KeyRing([b"x" * 32]))
    assert read("key_a", [kept().response["id"]]) == {}
    assert "CREDENTIAL_KEYS" in caplog.text


def test_only_the_owner_deletes(db):
    write([kept()])
    delete("key_b", kept().response["id"])
    assert StoredResponse.objects.count() == 1
    delete("key_a", kept().response["id"])
    assert StoredResponse.objects.count() == 0


def test_old_responses_are_purged(db, monkeypatch):
    monkeypatch.setattr(rows, "PURGE_ROWS", 2)
    write([kept(n, at=NOW - timedelta(days=31)) for n in range(5)] + [kept(9)])
    assert purge(NOW - timedelta(days=30)) == 5
    assert [row.public_id for row in StoredResponse.objects.all()] == [
        kept(9).response["id"]
    ]
