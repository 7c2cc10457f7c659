"""Which shared rows a transaction writes, noted by triggers of the connection.

The triggers live in the connection's own temporary schema, so the file itself knows
nothing of them. A door says what is allowed: outside `writing` nothing may be written,
inside it is noted, and what is copied from the store is neither.
"""

from dataclasses import dataclass
from enum import IntEnum

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from grokgateway.replica import tables

EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
REFUSAL = "shared rows are written inside replica.writing() only"


class Door(IntEnum):
    SHUT = 0
    OPEN = 1
    COPYING = 2


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it is now; without a text it is gone."""

    table: str
    key: str
    text: str | None


def on_connection(
    sender: object, connection: BaseDatabaseWrapper, **kwargs: object
) -> None:
    if settings.SHARED_STORE and connection.alias == DEFAULT_DB_ALIAS:
        install()


def on_migration(sender: object, **kwargs: object) -> None:
    """A migration rebuilds tables, and may fill new columns."""
    names = triggers()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP TRIGGER temp."{name}"')


def on_migrated(sender: object, **kwargs: object) -> None:
    if settings.SHARED_STORE:
        install()


def triggers() -> list[str]:
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_temp_master "
            "WHERE type = 'trigger' AND name LIKE 'replica!_%' ESCAPE '!'"
        )
        return [name for (name,) in cursor.fetchall()]


def installed() -> bool:
    return bool(triggers())


def install() -> None:
    """Once a connection, and not before the tables are there; outside transactions."""
    if installed() or not tables_exist():
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS temp.replica_door")
        cursor.execute("CREATE TEMP TABLE replica_door (state INTEGER NOT NULL)")
        cursor.execute("INSERT INTO replica_door VALUES (%s)", [Door.SHUT])
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS replica_dirty ("
            "name TEXT NOT NULL, key NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID"
        )
        for table in tables.shared().values():
            for event, row in EVENTS.items():
                cursor.execute(trigger(table, event, row))


def trigger(table: tables.Table, event: str, row: str) -> str:
    state = "(SELECT state FROM replica_door)"
    refuse = f"SELECT RAISE(ABORT, '{REFUSAL}') WHERE {state} = {Door.SHUT}"
    values = f"('{table.name}', {row}.\"{table.key}\")"
    note = f"INSERT OR IGNORE INTO replica_dirty VALUES {values}"  # noqa: S608 - names come from the model
    return (
        f'CREATE TEMP TRIGGER "replica_{table.name}_{event}" '
        f'AFTER {event} ON "{table.name}" '
        f"WHEN {state} < {Door.COPYING} BEGIN {refuse}; {note}; END"
    )


def tables_exist() -> bool:
    with connection.cursor() as cursor:
        there = connection.introspection.table_names(cursor)
    return set(tables.shared()) <= set(there)


def is_open() -> bool:
    if not installed():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM replica_door")
        return bool(cursor.fetchall() == [(Door.OPEN,)])


def turn(door: Door) -> None:
    """In a transaction: one that fails shuts it again."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE replica_door SET state = %s", [door])


def changes() -> list[Change]:
    """What was written since the last call."""
    found: list[Change] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT name FROM replica_dirty")
        names = {name for (name,) in cursor.fetchall()}
        for table in tables.shared().values():
            if table.name not in names:
                continue
            dirty = f"SELECT key FROM replica_dirty WHERE name = '{table.name}'"  # noqa: S608 - a name of the model
            cursor.execute(f'{table.selection} WHERE "{table.key}" IN ({dirty})')
            texts = {str(key): text for key, text in cursor.fetchall()}
            cursor.execute(dirty)
            keys = [str(key) for (key,) in cursor.fetchall()]
            found += [Change(table.name, key, texts.get(key)) for key in keys]
        cursor.execute("DELETE FROM replica_dirty")
    return found
