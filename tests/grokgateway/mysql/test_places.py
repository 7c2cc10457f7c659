"""A process opens no more connections to MySQL than it may, and keeps fewer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pymysql  # type: ignore[import-untyped] # the driver ships no types
import pytest
from django.db import OperationalError, connections
from django.utils.module_loading import import_string

from grokgateway import dsn
from grokgateway.mysql import places
from grokgateway.mysql.places import Full, Places
from tests.neighbours import mariadb


class Connection:
    pass


def test_who_finds_no_place_in_time_is_told():
    room = Places(1, 1, 0.01)
    room.take()
    with pytest.raises(Full, match="all 1 connections"):
        room.take()


def test_a_place_is_given_back_once_even_if_its_connection_is_forgotten():
    room = Places(1, 1, 0.01)
    for forgotten in (True, False):
        room.take()
        made = Connection()
        leave = room.occupied_by(made)
        if not forgotten:
            leave()
        del made
        leave()
    room.take()
    with pytest.raises(Full):
        room.take()


def test_who_waits_gets_the_next_one():
    room = Places(1, 1, 5)
    room.take()
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(room.take)
        while not room.crowded:
            threading.Event().wait(0.001)
        room.give_back()
        assert waiting.result(5) is None


@pytest.mark.parametrize(("count", "kept", "idle"), [(5, 2, 2), (3, 3, 2), (1, 1, 0)])
def test_some_are_kept_but_never_all(count, kept, idle):
    room = Places(count, kept, 0.01)
    for _ in range(idle):
        room.take()
    assert not room.crowded
    room.take()
    assert room.crowded


@pytest.mark.service
@pytest.mark.django_db
def test_threads_share_the_connections_of_a_process(settings):
    settings.SQL_POOL = dsn.Pool(size=1, overflow=1, timeout_s=1, recycle_s=600)
    pymysql.install_as_MySQLdb()
    with mariadb() as url:
        described = dsn.database(
            url, variable="X", root=settings.BASE_DIR, pool=settings.SQL_POOL
        )
        filled = {**connections.settings["default"], **described, "TEST": {}}
        gate = threading.Barrier(3)
        with ThreadPoolExecutor(3) as executor:
            seen = [executor.submit(ask, gate, filled) for _ in range(3)]
            said = sorted(one.result(30) for one in seen)
        assert said == ["full", "ok", "ok"]
        places.of_process(settings.SQL_POOL).take()
        places.of_process(settings.SQL_POOL).take()


def ask(gate, described):
    """A thread that asks, and holds on until all have asked."""
    one = import_string("grokgateway.mysql.base.DatabaseWrapper")(described)
    try:
        with one.cursor() as cursor:
            cursor.execute("SELECT 1")
        said = "ok"
    except OperationalError:
        said = "full"
    gate.wait(20)
    one.close_if_unusable_or_obsolete()
    if one.connection is not None:
        one.close()
    return said
