"""Rows of keys, the book made of them, and usage that outlives the process."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from gateway.errors import GatewayError
from gateway.keys import home, identity, store
from gateway.keys.cards import KeyBook, Limits
from gateway.keys.ledger import Ledger, Use
from gateway.models import ApiKey, KeyUsage
from grokgateway import startup
from tests.factories import make_key

NOON = datetime(2027, 3, 4, 12, tzinfo=UTC)
TODAY = (NOON.date() - date(1970, 1, 1)).days

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self):
        self.unix = NOON.timestamp()
        self.steady = 0.0

    def ledger(self):
        return Ledger(lambda: self.steady, lambda: self.unix)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def process(monkeypatch, clock):
    """A process that has just begun; calling it begins another."""

    def begin():
        monkeypatch.setattr(home.HOME, "ledger", clock.ledger())
        monkeypatch.setattr(home.HOME, "book", KeyBook({}))
        store.load()
        return home.ledger()

    begin()
    return begin


def card(key):
    store.load()
    found = home.book().find(key)
    assert found is not None
    return found


def used(key_id, **values):
    return Use(key_id, TODAY, NOON.timestamp(), **values)


def test_a_key_is_found_by_what_was_printed_and_by_nothing_else():
    row, key = make_key()
    assert identity.FORM.fullmatch(key)
    assert card(key).id == row.pk
    for wrong in (
        "",
        "gk-",
        key[:-1],
        key + "x",
        key.upper(),
        row.key_hash,
        "gk-\udcff",
    ):
        assert home.book().find(wrong) is None


def test_neither_the_key_nor_a_plain_hash_of_it_is_stored():
    row, key = make_key()
    values = ApiKey.objects.filter(pk=row.pk).values().get()
    assert key not in str(values)
    assert key[3:20] not in str(values)
    assert values["key_hash"] == identity.hashed(key)
    assert len(values["hint"]) < len(key) / 2


def test_the_owner_of_what_is_stored_stays_the_same_under_another_name():
    row, key = make_key(name="before")
    before = card(key).fingerprint
    ApiKey.objects.filter(pk=row.pk).update(name="after")
    assert card(key).fingerprint == before == identity.owner(key)


def test_the_card_says_what_the_row_says():
    expires = NOON + timedelta(days=1)
    _, key = make_key(
        expires_at=expires,
        allowed_models=["a"],
        allowed_pools=["super"],
        requests_per_min=1,
        concurrent=2,
        requests_per_day=3,
        tokens_per_day=4,
    )
    found = card(key)
    assert found.models == {"a"}
    assert found.pools == {"super"}
    assert found.limits == Limits(1, 2, 3, 4)
    assert found.expired(expires.timestamp())
    assert not found.expired(NOON.timestamp())


def test_keys_that_open_nothing_are_in_the_book_all_the_same():
    make_key(enabled=False)
    store.load()
    assert len(home.book()) == 1


@pytest.mark.parametrize(
    "field", ["requests_per_min", "concurrent", "requests_per_day", "tokens_per_day"]
)
def test_a_limit_of_nothing_is_refused(field):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_key(**{field: 0})


def test_a_book_must_have_been_read():
    home.HOME.book = None
    with pytest.raises(RuntimeError, match="read at start"):
        home.book()


def test_uses_are_added_up_by_key_and_day():
    one, _ = make_key()
    other, _ = make_key()
    store.save_uses(
        [
            used(one.pk, requests=1, prompt_tokens=5, completion_tokens=7),
            used(one.pk, requests=1, failed=1),
            used(one.pk, refused=1),
            used(other.pk, requests=1),
            Use(one.pk, TODAY + 1, NOON.timestamp() + 86_400, requests=1),
        ]
    )
    store.save_uses([used(one.pk, requests=1, prompt_tokens=1)])
    rows = (
        KeyUsage.objects.filter(key=one)
        .order_by("day")
        .values_list(
            "day",
            "requests",
            "failed",
            "refused",
            "prompt_tokens",
            "completion_tokens",
        )
    )
    assert list(rows) == [
        (NOON.date(), 3, 1, 1, 6, 7),
        (NOON.date() + timedelta(days=1), 1, 0, 0, 0, 0),
    ]
    assert KeyUsage.objects.get(key=other).requests == 1


def test_the_last_use_never_goes_back():
    row, _ = make_key()
    store.save_uses([Use(row.pk, TODAY, 2000.0)])
    store.save_uses([Use(row.pk, TODAY, 1000.0)])
    row.refresh_from_db()
    assert row.last_used_at == datetime.fromtimestamp(2000, UTC)
    assert not KeyUsage.objects.exists()  # asking for models costs nothing


def test_uses_of_a_key_that_is_gone_are_dropped():
    row, _ = make_key()
    store.save_uses([used(row.pk + 1000, requests=1), used(row.pk, requests=1)])
    assert KeyUsage.objects.get().key_id == row.pk


def test_a_use_the_database_refuses_does_not_hold_up_the_others(monkeypatch, caplog):
    row, _ = make_key()
    other, _ = make_key()
    add = store.add_to_day

    def refusing(key_id, day, total):
        if key_id == row.pk:
            raise IntegrityError("gone meanwhile")
        add(key_id, day, total)

    monkeypatch.setattr(store, "add_to_day", refusing)
    store.save_uses([used(row.pk, requests=1), used(other.pk, requests=1)])
    assert KeyUsage.objects.get().key_id == other.pk
    assert "dropped" in caplog.text


def test_a_day_outlives_the_process(process):
    row, key = make_key(requests_per_day=2)
    ledger = process()
    slot = ledger.enter(card(key))
    ledger.leave(slot, 0)
    store.save_uses([used(row.pk, requests=1)])
    ledger = process()
    ledger.enter(card(key))
    with pytest.raises(GatewayError):
        ledger.enter(card(key))


def test_what_this_process_wrote_is_not_counted_twice(process):
    row, key = make_key(requests_per_day=3)
    ledger = process()
    for _ in range(2):
        ledger.leave(ledger.enter(card(key)), 0)
        store.save_uses([used(row.pk, requests=1)])
        store.load()
    ledger.enter(card(key))
    store.load()  # before the third is written
    with pytest.raises(GatewayError):
        ledger.enter(card(key))


def test_what_another_process_wrote_counts_here(process):
    row, key = make_key(tokens_per_day=100)
    ledger = process()
    KeyUsage.objects.create(
        key=row, day=NOON.date(), prompt_tokens=40, completion_tokens=60
    )
    store.load()
    with pytest.raises(GatewayError):
        ledger.enter(card(key))


def test_a_new_day_begins_with_nothing(process, clock):
    row, key = make_key(requests_per_day=1)
    ledger = process()
    ledger.leave(ledger.enter(card(key)), 0)
    store.save_uses([used(row.pk, requests=1)])
    store.load()
    clock.unix += 86_400
    ledger.enter(card(key))
    store.load()
    with pytest.raises(GatewayError):
        ledger.enter(card(key))


def test_a_key_that_was_deleted_is_forgotten(process):
    row, key = make_key(concurrent=1)
    ledger = process()
    ledger.leave(ledger.enter(card(key)), 0)
    meter = ledger.meter(row.pk)
    row.delete()
    store.load()
    assert home.book().find(key) is None
    assert ledger.meter(row.pk) is not meter


def test_a_credential_key_that_is_lost_is_missed():
    assert not startup.encrypted_rows_exist()
    make_key()
    assert startup.encrypted_rows_exist()


def test_usage_older_than_it_is_kept_goes():
    row, _ = make_key()
    for days in (399, 400, 401):
        KeyUsage.objects.create(key=row, day=NOON.date() - timedelta(days=days))
    assert store.purge(NOON) == 1
    assert KeyUsage.objects.count() == 2


def test_reading_and_writing_take_a_fixed_number_of_queries(django_assert_num_queries):
    for _ in range(20):
        make_key()
    with django_assert_num_queries(3):
        store.load()
