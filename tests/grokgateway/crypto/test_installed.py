import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction

from grokgateway import crypto

HOOKS = "tests.grokgateway.crypto.test_installed"


def no_rows() -> bool:
    return False


def some_rows() -> bool:
    return True


def missing_table() -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM nowhere")
    return True


def broken_store() -> bool:
    raise OperationalError("locked")


def query() -> bool:
    return get_user_model().objects.exists()


@pytest.fixture
def unset(settings, tmp_path):
    settings.CREDENTIAL_KEYS = []
    settings.DATA_DIR = tmp_path
    settings.CREDENTIAL_ROWS_EXIST = f"{HOOKS}.no_rows"
    return settings


def test_the_ring_is_made_once():
    assert crypto.ring() is crypto.ring()


def test_the_ring_follows_the_settings(settings):
    before = crypto.ring()
    settings.CREDENTIAL_KEYS = [bytes(32)]
    assert crypto.ring() is not before


def test_a_first_key_is_made_with_a_loud_notice(unset, caplog):
    ring = crypto.ring()

    assert "BACK THIS FILE UP" in caplog.text
    key = (unset.DATA_DIR / "credential_keys").read_text().strip()
    assert key not in caplog.text
    assert crypto.ring() is ring


def test_no_key_is_made_while_rows_exist(unset):
    unset.CREDENTIAL_ROWS_EXIST = f"{HOOKS}.some_rows"
    with pytest.raises(crypto.KeysMissing):
        crypto.ring()


@pytest.mark.django_db
def test_before_the_first_migration_there_are_no_rows(unset):
    unset.CREDENTIAL_ROWS_EXIST = f"{HOOKS}.missing_table"
    assert crypto.ring()


@pytest.mark.django_db
def test_a_store_that_fails_is_not_taken_for_an_empty_one(unset, monkeypatch):
    unset.CREDENTIAL_ROWS_EXIST = f"{HOOKS}.broken_store"
    table = ContentType._meta.db_table
    monkeypatch.setattr(
        connection.introspection, "table_names", lambda: [table, "tests_rows"]
    )
    with pytest.raises(OperationalError):
        crypto.ring()


@pytest.mark.django_db(transaction=True)
async def test_the_first_key_may_be_asked_for_from_a_loop(unset):
    unset.CREDENTIAL_ROWS_EXIST = f"{HOOKS}.query"
    assert crypto.ring()
