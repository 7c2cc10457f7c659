import sqlite3

import pytest
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper

from grokgateway import turnstile


@pytest.fixture
def sqlite(tmp_path):
    """A wrapper for a file, not opened: the lock needs its name alone."""
    options = {**connection.settings_dict, "NAME": str(tmp_path / "gateway.db")}
    return DatabaseWrapper(options)


def test_a_second_process_waits_its_turn(sqlite):
    inside, waits = [], []

    def pause(seconds):
        waits.append(seconds)
        if len(waits) == 2:
            first.__exit__(None, None, None)

    first = turnstile.alone(sqlite)
    first.__enter__()
    with turnstile.alone(sqlite, pause=pause):
        inside.append(len(waits))
    assert inside == [2]


def test_it_gives_up_after_a_while(sqlite):
    with (
        turnstile.alone(sqlite),
        pytest.raises(turnstile.Busy, match="more than 0 s"),
        turnstile.alone(sqlite, wait_s=0),
    ):
        pass


def test_a_failure_inside_opens_it_again(sqlite):
    with pytest.raises(sqlite3.OperationalError), turnstile.alone(sqlite):
        raise sqlite3.OperationalError
    with turnstile.alone(sqlite, wait_s=0):
        pass


def test_a_database_in_memory_needs_no_lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    memory = DatabaseWrapper({**connection.settings_dict, "NAME": ":memory:"})
    with turnstile.alone(memory), turnstile.alone(memory, wait_s=0):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_the_database_of_this_run_lets_one_in():
    other = connection.copy()
    try:
        with (
            turnstile.alone(connection),
            pytest.raises(turnstile.Busy),
            turnstile.alone(other, wait_s=0),
        ):
            pass
        with turnstile.alone(other, wait_s=0), pytest.raises(turnstile.Busy):
            turnstile.alone(connection, wait_s=0).__enter__()
        with turnstile.alone(connection, wait_s=0):
            pass
    finally:
        other.close()
