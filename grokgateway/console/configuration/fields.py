"""One key as its row of the form shows it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from grokgateway import config
from grokgateway.config import Key, Kind, Reload, Snapshot, Source, Value
from grokgateway.config.changes import locking
from grokgateway.config.models import ConfigOverride
from grokgateway.console.configuration import notes, outline
from grokgateway.console.configuration.wording import (
    control,
    hidden,
    label,
    language,
    told,
)

TIMING = {
    Reload.NEXT_USE: _("applies at once"),
    Reload.NEXT_REQUEST: _("applies to the next request"),
    Reload.NEXT_ROUND: _("applies from the next round"),
}
SOURCES = {
    Source.DEFAULT: _("Default"),
    Source.FILE: _("File"),
    Source.SAVED: _("Saved"),
    Source.ENVIRONMENT: _("Environment"),
}
SHORT_CHARS = 32
OPENS, CLOSES = mark_safe("<code>"), mark_safe("</code>")
WIDGETS = {
    Kind.FLAG: "switch",
    Kind.NUMBER: "number",
    Kind.ITEMS: "lines",
    Kind.TEXT: "text",
}


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    name: str
    chosen: bool

    @property
    def adds(self) -> bool:
        """Say whether the value tells more than its name does."""
        return self.value.casefold() not in {"", self.name.casefold()}


@dataclass(frozen=True, slots=True)
class Answers:
    """What was posted and could not be saved, and why."""

    texts: Mapping[str, str]
    errors: Mapping[str, str | Promise]


@dataclass(frozen=True, slots=True)
class Field:
    """`text` stands in the control, `was` is what is in force, in the same form.

    Of a secret both are empty, `told` says whether it is set.
    """

    key: Key
    text: str
    was: str
    beneath: str
    told: str
    source: Source
    saved: Author | None
    error: str | Promise
    problems: tuple[str, ...]
    typed_secret: bool
    reserved: bool

    @property
    def label(self) -> str:
        return label(self.key)

    @property
    def help(self) -> SafeString:
        """Return the help with what stands between backticks set as code."""
        parts = enumerate(config.help_text(self.key, language()).split("`"))
        return format_html_join(
            "",
            "{}{}{}",
            (
                (OPENS, part, CLOSES) if odd % 2 else ("", part, "")
                for odd, part in parts
            ),
        )

    @property
    def widget(self) -> str:
        if self.key.secret:
            return "secret"
        if self.key.choices:
            return "choice"
        if self.key.name in outline.PROSE:
            return "lines"
        return WIDGETS[self.key.kind]

    @property
    def id(self) -> str:
        return "id_" + self.key.name.replace(".", "_")

    @property
    def default(self) -> str:
        return "" if self.key.secret else told(self.key, self.key.default)

    @property
    def default_in_badge(self) -> bool:
        """A short default stands in the badge that says it is in force."""
        short = 0 < len(self.default) <= SHORT_CHARS
        return self.source is Source.DEFAULT and short

    @property
    def timing(self) -> str | Promise:
        return TIMING[self.key.reload]

    @property
    def source_name(self) -> str | Promise:
        return SOURCES[self.source]

    @property
    def variable(self) -> str:
        """Return the name of the variable that locks the key, or nothing."""
        return locking(self.key) if self.source is Source.ENVIRONMENT else ""

    @property
    def closed(self) -> bool:
        return self.reserved or bool(self.variable)

    @property
    def is_saved(self) -> bool:
        return self.source is Source.SAVED

    @property
    def is_set(self) -> bool:
        return bool(self.told)

    @property
    def changed(self) -> bool:
        return self.text != self.was

    @property
    def options(self) -> list[Option]:
        tongue = language()
        return [
            Option(one, config.choice(one, tongue), one == self.text)
            for one in self.key.choices
        ]

    @property
    def hints(self) -> list[tuple[notes.Hint, bool]]:
        return notes.hints_for(self.key.name, self.text)

    @property
    def rows(self) -> int:
        return min(max(self.text.count("\n") + 2, 3), 12)

    @property
    def generated(self) -> bool:
        return self.key.name in outline.GENERATED

    @property
    def condition(self) -> outline.Condition | None:
        """A secret that is set counts in every mode, so it is never hidden."""
        if self.key.secret and self.is_set:
            return None
        return outline.CONDITIONS.get(self.key.name)

    @property
    def shown_while(self) -> str:
        return " ".join(self.condition.values) if self.condition else ""


def made(
    keys: Iterable[Key],
    snapshot: Snapshot,
    beneath: Mapping[str, Value],
    answers: Answers | None = None,
    reserved: Collection[str] = (),
) -> dict[str, Field]:
    """Return the fields by name: one query, for who saved what."""
    rows = ConfigOverride.objects.values_list("key", "updated_by", "updated_at")
    authors = {name: Author(by, at) for name, by, at in rows}
    problems = notes.problems_by_key(snapshot.problems)
    typed = answers or Answers({}, {})
    found = {}
    for key in keys:
        value = snapshot.stored(key.name)
        was = control(key, value)
        text = typed.texts.get(key.name)
        found[key.name] = Field(
            key=key,
            text=was if text is None else hidden(key, text, was.split("\n")),
            was=was,
            beneath=control(key, beneath[key.name]),
            told=told(key, value) if value or not key.secret else "",
            source=snapshot.source(key.name),
            saved=authors.get(key.name),
            error=typed.errors.get(key.name, ""),
            problems=tuple(problems.get(key.name, ())),
            typed_secret=key.sealed and bool(text) and text != was,
            reserved=key.name in reserved,
        )
    return found
