"""Databases and Redis of this machine, each test with a place of its own there."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from secrets import token_hex

import psycopg
import pymysql  # type: ignore[import-untyped] # the driver ships no types
import pytest
import redis

POSTGRES = ("127.0.0.1", 5432)
MARIADB = ("127.0.0.1", 3306)
REDIS = ("127.0.0.1", 6379)
REDIS_DB = 11  # for tests that keep to a prefix of their own
REDIS_DBS = range(12, 16)  # one of them for a test that empties it
HELD_S = 600


def needed(name: str, address: tuple[str, int]) -> None:
    """Skip where the service is not there; in CI that is a failure."""
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        message = f"{name} does not answer on {address[0]}:{address[1]}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    needed("PostgreSQL", POSTGRES)
    name = f"g2_{token_hex(6)}"
    with psycopg.connect(
        "host=127.0.0.1 user=postgres dbname=test", autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield f"postgresql://postgres@127.0.0.1:5432/{name}"
    finally:
        with psycopg.connect(
            "host=127.0.0.1 user=postgres dbname=test", autocommit=True
        ) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    needed("MariaDB", MARIADB)
    name = f"g2_{token_hex(6)}"
    admin = pymysql.connect(host="127.0.0.1", user="root", autocommit=True)
    with admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield f"mysql://root@127.0.0.1:3306/{name}"
    finally:
        admin = pymysql.connect(host="127.0.0.1", user="root", autocommit=True)
        with admin, admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A database that no other test run uses meanwhile."""
    needed("Redis", REDIS)
    with redis.Redis(*REDIS) as keeper:
        number = taken(keeper)
        url = f"redis://{REDIS[0]}:{REDIS[1]}/{number}"
        try:
            with redis.Redis.from_url(url) as client:
                client.flushdb()
                yield url
                client.flushdb()
        finally:
            keeper.delete(mark_of(number))


def taken(keeper: redis.Redis) -> int:
    ends_at = time.monotonic() + HELD_S
    while time.monotonic() < ends_at:
        for number in REDIS_DBS:
            if keeper.set(mark_of(number), os.getpid(), nx=True, ex=HELD_S):
                return number
        time.sleep(0.2)
    raise AssertionError("every Redis database for tests is in use")


def mark_of(number: int) -> str:
    return f"g2test:database:{number}"


@contextlib.contextmanager
def fresh_store(kind: str) -> Iterator[dict[str, str]]:
    """Start-up variables of a gateway on a store of this kind, gone afterwards."""
    if kind == "sqlite":
        yield {}
        return
    if kind == "redis":
        with redis_server() as url:
            yield {"REDIS_URL": url}
        return
    makers: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
        "postgresql": postgresql,
        "mariadb": mariadb,
    }
    with makers[kind]() as url:
        yield {"DATABASE_URL": url}
