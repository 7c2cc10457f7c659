"""What is said about a key beside its help, and what is asked before it is saved."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grokgateway.config import KEYS, Value

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Hint:
    """Said while the text of the key matches, by the server and while typing."""

    pattern: str
    text: Text


@dataclass(frozen=True, slots=True)
class Question:
    """To be answered with yes before a save; `name` is what the answer is called."""

    name: str
    key: str
    text: Text
    label: Text


HINTS: Mapping[str, tuple[Hint, ...]] = {
    "app.app_url": (
        Hint(
            r"/v1/?$",
            _("This ends in /v1. Links to media would not open: leave it out."),
        ),
        Hint(
            r"^(?!https?://).",
            _("This has no scheme. Write https:// or http:// in front of it."),
        ),
    ),
}
OPEN_WEBUI = Question(
    "open_webui",
    "app.webui_enabled",
    _(
        "The Web UI would be open without a password. Whoever reaches this address "
        "could use the accounts."
    ),
    _("Serve the Web UI without a password"),
)
OPEN_API = Question(
    "open_api",
    "app.allow_anonymous",
    _(
        "While no key exists, /v1 would be open to everyone who reaches this address, "
        "not only to private networks."
    ),
    _("Allow anonymous use"),
)


def hints_for(name: str, text: str) -> list[tuple[Hint, bool]]:
    """Return the hints of a key, each with whether it applies to the text."""
    found = HINTS.get(name, ())
    return [(hint, bool(re.search(hint.pattern, text))) for hint in found]


def questions(values: Mapping[str, Value], edited: Iterable[str]) -> list[Question]:
    """Return what has to be asked before the edits lead to these values."""
    touched = set(edited)
    found = []
    webui = {"app.webui_enabled", "app.webui_key"} & touched
    if webui and values["app.webui_enabled"] and not values["app.webui_key"]:
        found.append(OPEN_WEBUI)
    if "app.allow_anonymous" in touched and values["app.allow_anonymous"]:
        found.append(OPEN_API)
    return found


def problems_by_key(problems: Iterable[str]) -> Mapping[str, list[str]]:
    """Sort what the configuration complains about; what names no key is under ""."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        named = sorted((name for name in KEYS if name in problem), key=problem.index)
        name = named[0] if named else ""
        if name not in HINTS:
            found.setdefault(name, []).append(problem)
    return found
