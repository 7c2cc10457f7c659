"""The tables that are shared, and their rows as texts that any node reads.

A row is the JSON array of its columns as SQLite keeps them, binary ones in hex.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import AutoField, BigAutoField, BinaryField, Field, IntegerField

Value = Any  # of any column
Columns = Mapping[str, Sequence[str]]  # by table


@dataclass(frozen=True, slots=True)
class Table:
    """`fillers` are the values of columns that rows of an older version lack."""

    name: str
    key: str
    columns: tuple[str, ...]
    blobs: frozenset[str]
    fillers: Mapping[str, Value]
    counter: bool  # one row with a number, which a migration may have made

    @property
    def selection(self) -> str:
        """Its key and its row as a text."""
        parts = ", ".join(
            f'CASE WHEN "{name}" IS NULL THEN NULL ELSE hex("{name}") END'
            if name in self.blobs
            else f'"{name}"'
            for name in self.columns
        )
        return f'SELECT "{self.key}", json_array({parts}) FROM "{self.name}"'  # noqa: S608 - names come from the model

    def put(self, texts: Sequence[bytes | str], columns: Sequence[str]) -> None:
        """Store rows, whatever was there with their key or a unique value of theirs."""
        kept = [(i, name) for i, name in enumerate(columns) if name in self.columns]
        missing = [name for name in self.columns if name not in columns]
        names = ", ".join(f'"{name}"' for name in [n for _, n in kept] + missing)
        places = ", ".join(["%s"] * (len(kept) + len(missing)))
        fixed = [self.fillers[name] for name in missing]
        blobs = [at for at, (_, name) in enumerate(kept) if name in self.blobs]
        same = list(columns) == [name for _, name in kept]
        rows: list[list[Value]] = []
        for text in texts:
            found = orjson.loads(text)
            row = found if same else [found[i] for i, _ in kept]
            for at in blobs:
                if row[at] is not None:
                    row[at] = bytes.fromhex(row[at])
            rows.append(row + fixed)
        statement = f'INSERT OR REPLACE INTO "{self.name}" ({names}) VALUES ({places})'  # noqa: S608 - names come from the model
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def drop(self, keys: Sequence[str]) -> None:
        statement = f'DELETE FROM "{self.name}" WHERE "{self.key}" = %s'  # noqa: S608 - names come from the model
        with connection.cursor() as cursor:
            cursor.executemany(statement, [[key] for key in keys])

    def empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "{self.name}"')  # noqa: S608 - a name of the model


def shared() -> dict[str, Table]:
    """By name, those that others refer to first."""
    return tables_of(tuple(settings.REPLICATED_MODELS))


@functools.lru_cache(maxsize=4)
def tables_of(labels: tuple[str, ...]) -> dict[str, Table]:
    return {table.name: table for table in map(table_of, labels)}


def table_of(label: str) -> Table:
    meta = apps.get_model(label)._meta
    fields = [field for field in meta.concrete_fields if isinstance(field, Field)]
    if meta.pk is None:
        raise TypeError(f"{label} has no key")
    return Table(
        name=meta.db_table,
        key=str(meta.pk.column),
        columns=tuple(str(field.column) for field in fields),
        blobs=frozenset(
            str(field.column) for field in fields if isinstance(field, BinaryField)
        ),
        fillers={
            str(field.column): field.get_db_prep_save(field.get_default(), connection)
            for field in fields
        },
        counter=isinstance(meta.pk, IntegerField)
        and not isinstance(meta.pk, AutoField | BigAutoField),
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns rows are written with; a higher version knows all lower ones."""

    version: int
    columns: Columns

    @property
    def text(self) -> str:
        return orjson.dumps(
            {"version": self.version, "columns": self.columns},
            option=orjson.OPT_SORT_KEYS,
        ).decode()


def layout() -> Layout:
    return layout_for(tuple(settings.REPLICATED_MODELS))


@functools.lru_cache(maxsize=4)
def layout_for(labels: tuple[str, ...]) -> Layout:
    """Read once a process: whoever serves or writes has all migrations applied."""
    apps_named = {label.partition(".")[0] for label in labels}
    applied = MigrationRecorder(connection).applied_migrations()
    version = sum(app in apps_named for app, _ in applied)
    columns = {table.name: list(table.columns) for table in tables_of(labels).values()}
    return Layout(version, columns)


def layout_of(text: str) -> Layout:
    found = orjson.loads(text)
    return Layout(found["version"], found["columns"])
