"""Reading and writing the configuration's rows; each function is one small unit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection, transaction
from django.db.utils import OperationalError, ProgrammingError

from grokgateway.config.layers import Layer, Source, find
from grokgateway.config.registry import KEYS, Value
from grokgateway.config.sealing import Stored, from_stored
from grokgateway.config.values import BadValue

if TYPE_CHECKING:
    from grokgateway.config.models import (
        ConfigHistory,
        ConfigOverride,
        ConfigRevision,
    )

HISTORY_KEPT = 100
Change = dict[str, Stored | None]


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved rows as stored, and the layer of those that can be used."""

    revision: int
    stored: Mapping[str, Stored]
    layer: Layer


def overrides() -> "type[ConfigOverride]":
    """Models are looked up: this package is imported before any model may be."""
    return apps.get_model("config", "ConfigOverride")


def revisions() -> "type[ConfigRevision]":
    return apps.get_model("config", "ConfigRevision")


def histories() -> "type[ConfigHistory]":
    return apps.get_model("config", "ConfigHistory")


def read() -> Saved:
    """Return the rows; before the first migration there are none."""
    try:
        with transaction.atomic():
            number = revision()
            stored = dict(overrides().objects.values_list("key", "value"))
    except (OperationalError, ProgrammingError):
        if tables_exist():
            raise
        return Saved(0, {}, Layer(Source.SAVED))
    return Saved(number, stored, layer_of(stored))


def revision() -> int:
    found = revisions().objects.values_list("number", flat=True).first()
    return found or 0


def tables_exist() -> bool:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return overrides()._meta.db_table in names


def layer_of(stored: Mapping[str, Stored]) -> Layer:
    values: dict[str, Value] = {}
    problems: list[str] = []
    for name, data in stored.items():
        key = KEYS.get(name)
        if key is None:
            problems.append(f"The saved key {name} is not known any more.")
            continue
        try:
            values[name] = from_stored(key, data)
        except BadValue as exc:
            problems.append(f"The saved value of {name} {exc}; it is ignored.")
    return Layer(Source.SAVED, values, tuple(problems))


def locked_revision() -> "ConfigRevision":
    """Return the revision row, locked until the transaction ends."""
    revisions().objects.get_or_create(id=1)
    return revisions().objects.select_for_update().get(id=1)


def write(
    changes: Mapping[str, Change], *, number: int, by: str, now: datetime
) -> None:
    """Store the `after` of each change with its history; call in a transaction."""
    for name, change in changes.items():
        if change["after"] is None:
            overrides().objects.filter(key=name).delete()
            continue
        overrides().objects.update_or_create(
            key=name,
            defaults={
                "value": change["after"],
                "revision": number,
                "updated_at": now,
                "updated_by": by,
            },
        )
    histories().objects.create(
        revision=number, saved_at=now, saved_by=by, changes=dict(changes)
    )
    revisions().objects.filter(id=1).update(number=number)
    trim(HISTORY_KEPT)


def trim(kept: int) -> None:
    old = histories().objects.order_by("-revision")[kept:]
    doomed = list(old.values_list("revision", flat=True))
    histories().objects.filter(revision__in=doomed).delete()


def before(number: int) -> Mapping[str, Stored | None] | None:
    """Return what the change of this revision replaced, if it is still known."""
    entry = histories().objects.filter(revision=number).first()
    if entry is None:
        return None
    return {name: change["before"] for name, change in entry.changes.items()}


def sealed_rows_exist() -> bool:
    """Say whether a saved value or the history needs the credential keys."""
    rows: Iterable[Stored] = overrides().objects.values_list("value", flat=True)
    if any("sealed" in row for row in rows):
        return True
    entries = histories().objects.values_list("changes", flat=True)
    return any("'sealed'" in repr(changes) for changes in entries)


def is_stale(name: str, stored: Mapping[str, Stored]) -> bool:
    """Say whether a row is kept for a key that is not declared any more."""
    return name in stored and find(name) is None
