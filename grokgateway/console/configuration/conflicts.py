"""Two people at one form: what both saw, what the other saved, what this one typed."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from grokgateway.config import KEYS, Key
from grokgateway.console.configuration import outline
from grokgateway.console.configuration.fields import Author
from grokgateway.console.configuration.saving import REMOVED, TAKEN, THEIRS, Stale
from grokgateway.console.configuration.wording import (
    control,
    hidden,
    label,
    told,
    told_text,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One key in words; `text` goes on with the form, unless it must be typed again."""

    key: Key
    base: str
    theirs: str
    mine: str
    text: str
    author: Author | None
    is_mine: bool
    retype: bool

    @property
    def label(self) -> str:
        return label(self.key)

    @property
    def is_theirs(self) -> bool:
        return self.author is not None

    @property
    def contested(self) -> bool:
        return self.is_mine and self.is_theirs

    @property
    def choice(self) -> str:
        return TAKEN + self.key.name

    @property
    def removal(self) -> str:
        return self.key.name + REMOVED


def context(group: outline.Group, stale: Stale) -> dict[str, Any]:  # Django's shape
    authors = changed_by(stale)
    keys = [
        key
        for key in outline.keys_of(group)
        if key.name in authors or key.name in stale.mine
    ]
    made = [row(key, stale, authors) for key in keys]
    return {
        "subtitle": group.title,
        "group": group,
        "rows": made,
        "contested": any(one.contested for one in made),
        "revision": stale.now.revision,
        "elsewhere": len(authors.keys() - {key.name for key in keys}),
        "theirs": THEIRS,
    }


def changed_by(stale: Stale) -> dict[str, Author]:
    """Return who changed which key last; the rows come newest first."""
    found: dict[str, Author] = {}
    for change in stale.later:
        for name in change.changes:
            if name in KEYS:
                found.setdefault(name, Author(change.saved_by, change.saved_at))
    return found


def row(key: Key, stale: Stale, authors: dict[str, Author]) -> Row:
    now = stale.now.stored(key.name)
    base = stale.base[key.name] if stale.base else None
    text = stale.mine.get(key.name)
    shown = hidden(key, text or "", control(key, now).split("\n"))
    return Row(
        key=key,
        base=_("not known any more") if base is None else told(key, base),
        theirs=told(key, now),
        mine="" if text is None else told_text(key, shown if not key.secret else text),
        text=shown,
        author=authors.get(key.name),
        is_mine=text is not None,
        retype=bool(text) and shown != text,
    )
