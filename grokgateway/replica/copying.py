"""This node's copy: changes applied in order, or everything fetched anew."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from grokgateway.replica import capture, places, tables
from grokgateway.replica.capture import Change, Door
from grokgateway.replica.server import Gap, Ids, Server

logger = logging.getLogger(__name__)
TRIES = 5
CACHE_KIB = 64 * 1024


@contextmanager
def copying() -> Iterator[None]:
    """A transaction whose rows come from the store; foreign keys may wait for its end.

    What triggers would note is not noted.
    """
    capture.install()
    with transaction.atomic():
        capture.turn(Door.COPYING)
        yield
        capture.turn(Door.SHUT)


def follow(server: Server, columns: tables.Columns) -> None:
    """Apply what came since; raises `Gap`."""
    with copying():
        apply_since(server, places.read(), columns)


def apply_since(server: Server, here: places.Place, columns: tables.Columns) -> None:
    for entry in server.entries(here):
        apply(entry.changes, columns)
        here = entry.place
    places.write(here)


def apply(changes: Sequence[Change], columns: tables.Columns) -> None:
    """First what is gone: a row may have what made another one unique."""
    gone: dict[str, list[str]] = {}
    put: dict[str, list[str]] = {}
    for change in changes:
        if change.text is None:
            gone.setdefault(change.table, []).append(change.key)
        else:
            put.setdefault(change.table, []).append(change.text)
    for table in tables.shared().values():
        if table.name in gone:
            table.drop(gone[table.name])
    for table in tables.shared().values():
        if table.name in put:
            table.put(put[table.name], columns[table.name])


def hydrate(server: Server) -> None:
    """Replace the copy, in one transaction.

    Rows are read while others write, so some are older than others; the changes since
    the start, applied on top, make them one state.
    """
    with roomy():
        for _ in range(TRIES):
            try:
                with copying():
                    fetch(server)
            except Gap:
                continue
            return
    raise Gap


@contextmanager
def roomy() -> Iterator[None]:
    """A page cache for writing whole tables with their indexes."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        (before,) = cursor.fetchone()
        cursor.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {int(before)}")


def fetch(server: Server) -> None:
    head, ids = server.head(), server.ids()
    if head is None:
        raise Gap
    if head.place == places.read():
        return  # another process of this node was faster
    columns = tables.layout_of(head.layout).columns
    count = 0
    for table in reversed(tables.shared().values()):
        table.empty()
    for table in tables.shared().values():
        for page in server.rows(table.name):
            table.put(page, columns[table.name])
            count += len(page)
    apply_since(server, head.place, columns)
    give_ids(ids)
    logger.info("All accounts and settings were fetched from Redis: %d rows", count)


def give_ids(ids: Ids) -> None:
    """Keys that were given once are not given again."""
    with connection.cursor() as cursor:
        for name, highest in ids.items():
            if highest:
                cursor.execute(
                    "UPDATE sqlite_sequence SET seq = max(seq, %s) WHERE name = %s",
                    [highest, name],
                )
                if not cursor.rowcount:
                    cursor.execute(
                        "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                        [name, highest],
                    )


def given_ids() -> dict[str, int]:
    """The highest key each table has given; 0 where it counts none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        known = dict(cursor.fetchall())
    return {name: int(known.get(name) or 0) for name in tables.shared()}
