"""Lets one process at a time change the tables of a database; others wait for it.

The lock belongs to a file or to a session of the database server, so that a process
that dies gives it back.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

NAME = "grokgateway.migrate"
NUMBER = 0x67726F6B  # the same for PostgreSQL, whose locks are of one database
WAIT_S = 600.0
PAUSE_S = 0.25
MEMORY = ":memory:"
Held = contextlib.AbstractContextManager[Callable[[], bool]]


class Busy(Exception):
    """Another process has been changing the tables for too long."""


@contextlib.contextmanager
def alone(
    connection: BaseDatabaseWrapper,
    *,
    wait_s: float = WAIT_S,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    with PLACES[connection.vendor](connection) as attempt:
        ends_at = time.monotonic() + wait_s
        while not attempt():
            if time.monotonic() >= ends_at:
                raise Busy(f"Another process has migrated for more than {wait_s:g} s.")
            pause(PAUSE_S)
        yield


@contextlib.contextmanager
def of_sqlite(connection: BaseDatabaseWrapper) -> Iterator[Callable[[], bool]]:
    name = str(connection.settings_dict["NAME"])
    if MEMORY in name or "mode=memory" in name:  # seen by this process alone
        yield lambda: True
        return
    handle = os.open(f"{name}-migrating", os.O_RDWR | os.O_CREAT, 0o600)

    def attempt() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield attempt
    finally:
        os.close(handle)


def of_postgresql(connection: BaseDatabaseWrapper) -> Held:
    return of_session(
        connection,
        "SELECT pg_try_advisory_lock(%s)",
        "SELECT pg_advisory_unlock(%s)",
        NUMBER,
    )


def of_mysql(connection: BaseDatabaseWrapper) -> Held:
    name = f"{NAME}.{connection.settings_dict['NAME']}"[:64]
    return of_session(
        connection, "SELECT GET_LOCK(%s, 0)", "SELECT RELEASE_LOCK(%s)", name
    )


@contextlib.contextmanager
def of_session(
    connection: BaseDatabaseWrapper, take: str, give: str, lock: int | str
) -> Iterator[Callable[[], bool]]:
    taken = False

    def attempt() -> bool:
        nonlocal taken
        taken = said_yes(connection, take, lock)
        return taken

    try:
        yield attempt
    finally:
        if taken and connection.is_usable():
            said_yes(connection, give, lock)


def said_yes(connection: BaseDatabaseWrapper, query: str, lock: int | str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [lock])
        return bool(cursor.fetchone()[0])


PLACES: dict[str, Callable[[BaseDatabaseWrapper], Held]] = {
    "sqlite": of_sqlite,
    "postgresql": of_postgresql,
    "mysql": of_mysql,
}
