"""What the configuration was before later changes, and the changes themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from grokgateway.config import KEYS, BadValue, Key, Snapshot, Source, Value
from grokgateway.config.home import lower_layers
from grokgateway.config.layers import merge
from grokgateway.config.models import ConfigHistory
from grokgateway.config.sealing import Stored, from_stored
from grokgateway.console.configuration.wording import label, told

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """One key of one change, in words."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    revision: int
    at: datetime
    by: str
    steps: Sequence[Step]


def beneath() -> Values:
    """Return what every key would be if nothing were saved, variables aside."""
    return merge(lower_layers()).values


def later_than(revision: int) -> list[ConfigHistory]:
    return list(ConfigHistory.objects.filter(revision__gt=revision))


def values_at(revision: int, now: Snapshot, later: Sequence[ConfigHistory]) -> Values:
    """Undo the later changes, newest first; raises LookupError if some are forgotten.

    Keys set by the environment keep what it says.
    """
    if [row.revision for row in later] != list(range(now.revision, revision, -1)):
        raise LookupError(revision)
    lower = beneath()
    values = {name: now.stored(name) for name in KEYS}
    for row in later:
        for name, change in row.changes.items():
            if name in KEYS and now.source(name) is not Source.ENVIRONMENT:
                values[name] = stored_value(KEYS[name], change["before"], lower[name])
    return values


def stored_value(key: Key, data: Stored | None, otherwise: Value) -> Value:
    try:
        return from_stored(key, data) if data else otherwise
    except BadValue:
        return otherwise


def entries() -> list[Entry]:
    """Return the kept changes, newest first, secrets never opened."""
    return [
        Entry(row.revision, row.saved_at, row.saved_by, steps(row.changes))
        for row in ConfigHistory.objects.all()
    ]


def entry(revision: int) -> Entry | None:
    row = ConfigHistory.objects.filter(revision=revision).first()
    if row is None:
        return None
    return Entry(row.revision, row.saved_at, row.saved_by, steps(row.changes))


def steps(changes: Mapping[str, Mapping[str, Stored | None]]) -> list[Step]:
    return [
        Step(
            name,
            label(KEYS[name]) if name in KEYS else name,
            in_words(name, change["before"]),
            in_words(name, change["after"]),
        )
        for name, change in sorted(changes.items())
    ]


def in_words(name: str, data: Stored | None) -> str:
    key = KEYS.get(name)
    if data is None:
        return gettext("default")
    if key is None:
        return gettext("a key that is no longer known")
    if key.secret:
        return gettext("a secret")
    try:
        return told(key, from_stored(key, data))
    except BadValue:
        return gettext("a value that cannot be read")
