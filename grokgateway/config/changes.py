"""Saving: the whole patch is valid and stored, or nothing is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from grokgateway.config import environment, home, rows
from grokgateway.config.crosschecks import unmet
from grokgateway.config.layers import Merged, Named, find, flatten, merge, named
from grokgateway.config.registry import KEYS, Key, Value, nearest
from grokgateway.config.sealing import Stored, cipher, from_stored, to_stored
from grokgateway.config.snapshot import Snapshot
from grokgateway.config.values import BadValue, is_masked, parse, short, unmask
from grokgateway.replica import writing

Edits = Mapping[str, Value | None]
Errors = list[tuple[str, str]]


class Rejected(Exception):
    """Nothing was saved. `errors` are (key, message); `unknown` names no key."""

    def __init__(self, errors: Errors, unknown: Iterable[str] = ()) -> None:
        super().__init__("; ".join(f"{key} {message}" for key, message in errors))
        self.errors = errors
        self.unknown = tuple(unknown)


class Conflict(Exception):
    """Somebody else saved since the expected revision."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"The configuration is at revision {revision} by now.")
        self.revision = revision


@dataclass(frozen=True, slots=True)
class Screened:
    """A patch divided into what may be saved and what is refused."""

    edits: Edits
    errors: Errors
    unknown: tuple[str, ...]


def save(
    patch: Mapping[str, object], by: str, expected_revision: int | None = None
) -> Snapshot:
    """Store a patch of dotted names or nested tables; None resets a key.

    A masked secret means unchanged. Raises `Rejected` or `Conflict`.
    """
    screened = screen(patch)
    if screened.errors:
        raise Rejected(screened.errors, screened.unknown)
    return apply(screened.edits, by, expected_revision)


def unset(keys: Iterable[str], by: str) -> Snapshot:
    """Reset keys to what lies beneath, also rows of keys no longer declared."""
    stored = rows.read().stored
    edits: dict[str, Value | None] = {}
    errors: Errors = []
    for name in keys:
        key = find(name)
        if key is None and not rows.is_stale(name, stored):
            errors.append((name, unknown_message(name)))
        edits[key.name if key else name] = None
    if errors:
        raise Rejected(errors, [name for name, _ in errors])
    return apply(edits, by)


def revert(revision: int, by: str) -> Snapshot:
    """Put back what the change of this revision replaced."""
    stored = rows.before(revision)
    if stored is None:
        raise Rejected([("revision", f"{revision} is not in the history")])
    edits: dict[str, Value | None] = {}
    errors: Errors = []
    for name, data in stored.items():
        key = KEYS.get(name)
        try:
            edits[name] = from_stored(key, data) if key and data else None
        except BadValue as exc:
            errors.append((name, str(exc)))
    if errors:
        raise Rejected(errors)
    return apply(edits, by)


def screen(patch: Mapping[str, object]) -> Screened:
    """Check each key of a patch on its own, against what is in force now."""
    found: Named = named(flatten(patch))
    errors: Errors = [(name, unknown_message(name)) for name in found.unknown]
    env = environment.layer()
    now = merge((*home.lower_layers(), rows.read().layer))
    edits: dict[str, Value | None] = {}
    for name, data in found.data.items():
        key = KEYS[name]
        try:
            if name in env.values:
                raise BadValue(f"is set by {locking(key)} and cannot be changed here")
            value = None if data is None else new_value(key, data, now)
            if not (is_masked(data) and value == now.values[name]):
                edits[name] = value
        except BadValue as exc:
            errors.append((name, str(exc)))
    return Screened(edits, errors, found.unknown)


def new_value(key: Key, data: object, now: Merged) -> Value:
    old = now.values[key.name]
    clear = unmask(key, data, old)
    if key.sealed and is_masked(clear):
        raise BadValue("holds a mask instead of a value")
    value = parse(key, clear)
    length = short(key, value) if value != old else ""
    if length:
        raise BadValue(length)
    return value


def locking(key: Key) -> str:
    return environment.chosen(key, environment.variables())


def unknown_message(name: str) -> str:
    likely = nearest(name, KEYS)
    return f"is no known key; did you mean {likely}?" if likely else "is no known key"


def apply(edits: Edits, by: str, expected_revision: int | None = None) -> Snapshot:
    """Write the edits that change anything as one revision, then load them here."""
    if any(name in KEYS and KEYS[name].sealed for name in edits):
        cipher()  # the first use may make keys, which no transaction should span
    with writing():
        row = rows.locked_revision()
        if expected_revision not in {None, row.number}:
            raise Conflict(row.number)
        changes = changed(edits, rows.read())
        if changes:
            now = timezone.now()
            rows.write(changes, number=row.number + 1, by=by[:150], now=now)
    return home.load()


def changed(edits: Edits, saved: rows.Saved) -> dict[str, rows.Change]:
    """Return the rows to write; a value equal to what lies beneath needs none."""
    beneath = merge(home.lower_layers()).values
    wanted = {
        name: None if value == beneath.get(name) else value
        for name, value in edits.items()
    }
    check_together(wanted, saved)
    changes: dict[str, rows.Change] = {}
    for name, value in wanted.items():
        before = saved.stored.get(name)
        if value is None and before is None:
            continue
        if value is not None and value == saved.layer.values.get(name):
            continue
        after: Stored | None = None if value is None else to_stored(KEYS[name], value)
        changes[name] = {"before": before, "after": after}
    return changes


def check_together(wanted: Edits, saved: rows.Saved) -> None:
    """Raise `Rejected` for a need these edits leave unmet; older ones are reported."""
    kept = {k: v for k, v in saved.layer.values.items() if k not in wanted}
    new = {k: v for k, v in wanted.items() if v is not None}
    lower = merge(home.lower_layers()).values
    values = {**lower, **kept, **new, **environment.layer().values}
    broken: Errors = [
        (need.key, need.message)
        for need in unmet(values)
        if {need.key, need.chooser} & wanted.keys()
    ]
    if broken:
        raise Rejected(broken)
