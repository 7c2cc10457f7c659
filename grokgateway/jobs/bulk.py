"""Many rows in one prepared statement: what the write-behind writes by the thousand.

Django's own bulk operations build a statement per batch, value by value, and an update
per row; that costs more than the requests whose traces they store.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.constants import OnConflict

Row = Sequence[Any]  # column values of any field


def insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    unique: Sequence[str] = (),
) -> None:
    """Insert rows whose values stand in the order of `columns` (field names).

    With `unique` columns given, a row that exists by them takes the other values.
    """
    names = ", ".join(quoted(model, column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    insertion = f"INSERT INTO {table(model)} ({names}) VALUES ({places})"  # noqa: S608 - names come from the model
    if unique:
        insertion += " " + on_conflict(model, columns, unique)
    execute(insertion, prepared(model, columns, rows))


def insert_like(sample: Model, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows that differ from `sample` in these columns only."""
    model = type(sample)
    fields = [f for f in model._meta.concrete_fields if not f.primary_key]
    others = [field for field in fields if field.name not in columns]
    fixed = [f.get_db_prep_save(getattr(sample, f.attname), connection) for f in others]
    names = ", ".join(quoted(model, name) for name in (*columns, *map(named, others)))
    places = ", ".join(["%s"] * len(fields))
    insertion = f"INSERT INTO {table(model)} ({names}) VALUES ({places})"  # noqa: S608 - names come from the model
    execute(insertion, ([*row, *fixed] for row in prepared(model, columns, rows)))


def named(field: "Field[Any, Any]") -> str:  # of any column
    return str(field.name)


def on_conflict(
    model: type[Model], columns: Sequence[str], unique: Sequence[str]
) -> str:
    """The clause of an upsert, in the words of the database at hand."""
    changed = [name for name in columns if name not in unique]
    return connection.ops.on_conflict_suffix_sql(
        [concrete(model, name) for name in columns],
        OnConflict.UPDATE,
        [str(concrete(model, name).column) for name in changed],
        [str(concrete(model, name).column) for name in unique],
    )


def execute(statement: str, rows: Iterable[Row]) -> None:
    values = list(rows)
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)


def prepared(
    model: type[Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[Row]:
    """The values as the database's driver wants them."""
    prepare = [concrete(model, name).get_db_prep_save for name in columns]
    return [
        [one(value, connection) for one, value in zip(prepare, row, strict=True)]
        for row in rows
    ]


def table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def quoted(model: type[Model], column: str) -> str:
    return connection.ops.quote_name(str(concrete(model, column).column))


def concrete(model: type[Model], column: str) -> "Field[Any, Any]":  # of any column
    field = model._meta.get_field(column)
    if not isinstance(field, Field):
        raise TypeError(f"{column} is no column of {model.__name__}")
    return field
