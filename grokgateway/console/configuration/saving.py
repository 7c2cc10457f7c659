"""From a posted form to a save, or to what stands in its way."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from grokgateway import config
from grokgateway.config import KEYS, Key, Kind, Snapshot, Value
from grokgateway.config.crosschecks import unmet
from grokgateway.config.models import ConfigHistory
from grokgateway.console.configuration import notes, past
from grokgateway.console.configuration.wording import control, normal

REVISION = re.compile(r"[0-9]{1,18}")
REMOVED = ":remove"
TAKEN = "take:"
THEIRS = "theirs"
Texts = Mapping[str, str]
Edits = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Posted:
    """Texts by key in the form of a control; a secret left empty is not among them."""

    texts: Texts
    revision: int
    confirmed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Done:
    snapshot: Snapshot
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was saved: `errors` by key."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Nothing was saved: these questions were not answered yet."""

    questions: Sequence[notes.Question]


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing was saved: somebody else saved first. `base` may be forgotten."""

    now: Snapshot
    base: past.Values | None
    later: Sequence[ConfigHistory]
    mine: Texts


Result = Done | Refused | Asked | Stale


def fresh() -> Snapshot:
    config.refresh()
    return config.current()


def read(keys: Iterable[Key], data: QueryDict) -> Posted:
    """Keys that were not posted are left alone, and so are those given up."""
    texts = {}
    for key in keys:
        text = typed(key, data)
        if text is not None and data.get(TAKEN + key.name) != THEIRS:
            texts[key.name] = text
    number = data.get("revision", "")
    return Posted(
        texts,
        int(number) if REVISION.fullmatch(number) else 0,
        frozenset(data.getlist("confirm")),
    )


def typed(key: Key, data: QueryDict) -> str | None:
    if key.secret and key.name + REMOVED in data:
        return ""
    posted = data.getlist(key.name)
    if not posted:
        return None
    text = normal(key, posted[-1])
    return None if key.secret and not text else text


def attempt(posted: Posted, by: str) -> Result:
    """Save what differs from what the form showed, all of it or nothing."""
    now = fresh()
    base: past.Values | None = {name: now.stored(name) for name in KEYS}
    later: list[ConfigHistory] = []
    if posted.revision != now.revision:
        later = past.later_than(posted.revision)
        base = remembered(posted.revision, now, later)
    mine = edited(posted.texts, base or {name: now.stored(name) for name in KEYS})
    if not mine:
        return Done(now, ())
    if posted.revision != now.revision:
        return Stale(now, base, later, mine)
    return save(mine, now, posted.confirmed, by)


def remembered(
    revision: int, now: Snapshot, later: Sequence[ConfigHistory]
) -> past.Values | None:
    try:
        return past.values_at(revision, now, later)
    except LookupError:
        return None


def edited(texts: Texts, base: past.Values) -> Texts:
    return {
        name: text
        for name, text in texts.items()
        if KEYS[name].secret or text != control(KEYS[name], base[name])
    }


def save(mine: Texts, now: Snapshot, confirmed: frozenset[str], by: str) -> Result:
    screened = config.screen({n: raw(KEYS[n], text) for n, text in mine.items()})
    values = {**{n: now.stored(n) for n in KEYS}, **cleared(screened.edits)}
    errors = {**together(values, mine), **dict(screened.errors)}
    if errors:
        return Refused(errors)
    asked = [
        question
        for question in notes.questions(values, screened.edits)
        if question.name not in confirmed
    ]
    if asked:
        return Asked(asked)
    try:
        after = config.apply(screened.edits, by, now.revision)
    except config.Rejected as exc:
        return Refused(dict(exc.errors))
    except config.Conflict:
        later = past.later_than(now.revision)
        base = {name: now.stored(name) for name in KEYS}
        return Stale(fresh(), base, later, mine)
    names = sorted(screened.edits) if after.revision != now.revision else []
    return Done(after, names)


def raw(key: Key, text: str) -> object:
    """Return what the registry parses: a list as one, so that it is split once."""
    return text.split("\n") if key.kind is Kind.ITEMS and text else text


def cleared(edits: Edits) -> Mapping[str, Value]:
    return {name: value for name, value in edits.items() if value is not None}


def together(values: Mapping[str, Value], mine: Iterable[str]) -> Mapping[str, str]:
    """Return what the edits leave unmet, although single values are wrong as well."""
    touched = set(mine)
    return {
        need.key: need.message
        for need in unmet(values)
        if {need.key, need.chooser} & touched
    }
