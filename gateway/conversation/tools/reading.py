"""What calls a block holds, in all the forms models use (public-api 7.3)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.conversation.tools.arguments import Json, Unreadable, compact, value_of
from gateway.conversation.tools.openings import CALLS, WRAPPERS
from gateway.conversation.tools.scanning import MEMBER, NAMES, Tag

CUT_TAG = re.compile(r"<[\s/]*[a-z_]*\s*\Z", re.IGNORECASE)
ARGUMENT_KEYS = ("arguments", "input", "parameters")


@dataclass(slots=True)
class Written:
    """A call as the model wrote it: its arguments are one text, or named members.

    `asked_form`: it stands in `<tool_calls>`, as the model was asked to. `cut`: the
    text ended within a part of it.
    """

    name: str = ""
    arguments: str = ""
    members: dict[str, str] = field(default_factory=dict)
    asked_form: bool = False
    cut: bool = False


class Reading:
    """Goes through the tags of one block; a part ends where the next one begins."""

    def __init__(self, block: str) -> None:
        self._block = block
        self._found: list[Written] = []
        self._call: Written | None = None
        self._slot: Tag | None = None  # the part being read
        self._body: int | None = None  # where JSON in place of parts would begin
        self._asked_form = False

    def calls(self, tags: Sequence[Tag]) -> list[Written]:
        for tag in tags:
            self._meet(tag)
        if self._call is not None:
            self._call.cut = self._slot is not None
        self._end(len(self._block))
        return self._found

    def _meet(self, tag: Tag) -> None:
        if tag.name in WRAPPERS:
            self._end(tag.start)
            self._asked_form = tag.name == WRAPPERS[0] and not tag.closing
            self._body = None if tag.closing else tag.end
        elif tag.name in CALLS:
            self._end(tag.start)
            if not tag.closing:
                self._begin(tag)
        elif self._call is not None and self._counts(tag):
            self._fill(tag.start)
            self._body = None
            self._slot = None if tag.closing or tag.alone else tag

    def _counts(self, tag: Tag) -> bool:
        """Within arguments, the end of arguments is the only tag."""
        slot = self._slot
        if slot is None or slot.name in NAMES:
            return True
        return tag.closing and tag.name == slot.name

    def _begin(self, tag: Tag) -> None:
        self._call = Written(tag.label, asked_form=self._asked_form)
        self._found.append(self._call)
        self._body = tag.end
        if tag.alone:
            self._end(tag.end)

    def _end(self, at: int) -> None:
        """Close what is open: a part, a call, JSON in place of either."""
        self._fill(at)
        if self._body is not None:
            body = self._block[self._body : at].strip()
            if self._call is not None and self._call.name:
                self._call.arguments = body
            elif body:
                self._take(body)
        self._call, self._body = None, None

    def _take(self, body: str) -> None:
        """Entries in JSON stand for the call they are in."""
        entries = [*entries_in(body, asked_form=self._asked_form)]
        if self._call is not None and entries:
            self._found.pop()
        self._found.extend(entries)

    def _fill(self, end: int) -> None:
        slot, self._slot = self._slot, None
        if slot is None or self._call is None:
            return
        text = self._block[slot.end : end]
        if slot.name in NAMES:
            self._call.name = text.strip()
        elif slot.name == MEMBER:
            self._call.members[slot.label] = text
        else:
            self._call.arguments = text


def calls_in(block: str, tags: Sequence[Tag]) -> list[Written]:
    """All calls in order; a tag cut off at the end of the block is left out."""
    cut = CUT_TAG.search(block, max(0, len(block) - 32))
    return Reading(block[: cut.start()] if cut is not None else block).calls(tags)


def entries_in(text: str, *, asked_form: bool = False) -> Iterator[Written]:
    """Calls written as JSON: one, a list of them, or an object that holds the list."""
    try:
        value = value_of(text)
    except Unreadable:
        return
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        value = value["tool_calls"]
    for entry in value if isinstance(value, list) else [value]:
        yield read_entry(entry, asked_form)


def read_entry(entry: Json, asked_form: bool) -> Written:
    if isinstance(entry, dict) and isinstance(entry.get("function"), dict):
        entry = entry["function"]
    if not isinstance(entry, dict):
        return Written(asked_form=asked_form)
    name = first_of(entry, ("name", "tool_name"))
    return Written(
        name.strip() if isinstance(name, str) else "",
        as_text(first_of(entry, ARGUMENT_KEYS)),
        asked_form=asked_form,
    )


def first_of(entry: dict[str, Json], keys: Iterable[str]) -> Json:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def as_text(value: Json) -> str:
    """Arguments may be a JSON value or, as in the protocols, its text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return compact(value)
    except Unreadable:
        return "?"  # read again, it is refused
