"""Follows a block of calls from its opening marker to its end, piece by piece."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.conversation.brackets import Brackets
from gateway.conversation.tools.openings import (
    CALLS,
    MARKER,
    WRAPPERS,
    may_become_marker,
)

NAMES = ("tool_name", "name")
ARGUMENTS = ("parameters", "arguments", "input")
MEMBER = "parameter"
KNOWN = "|".join((*WRAPPERS, *CALLS, *NAMES, *ARGUMENTS, MEMBER))
TAG = re.compile(
    rf"<\s*(?P<closing>/?)\s*(?P<name>{KNOWN})(?P<rest>\s[^<>]*?)?\s*(?P<alone>/?)>",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"""\bname\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/]+))""", re.IGNORECASE
)
ANGLE = re.compile("[<>]")
MEMBER_END = re.compile(rf"<\s{{0,4}}/\s{{0,4}}{MEMBER}\s{{0,4}}>", re.IGNORECASE)
MEMBER_END_CHARS = 14 + len(MEMBER)
TAG_LIMIT = 256
NOT_SPACE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Tag:
    """`label` is the value of its `name` attribute; the two ends count in the block."""

    name: str
    closing: bool
    alone: bool
    label: str
    start: int
    end: int


class Scanner:
    """Collects the `tags` of a block until its `end` is known.

    JSON values and members are read over, so that text in them which looks like a tag
    is none. Where their own ends do not come, nobody can tell: a `blind` scanner takes
    every tag for one. Words where a call should stand end a block, for it was prose
    about one; a `patient` scanner reads on to the closing tag.
    """

    def __init__(self, *, patient: bool = False, blind: bool = False) -> None:
        self.tags: list[Tag] = []
        self.end: int | None = None
        self._patient = patient
        self._blind = blind
        self._step: Callable[[], bool] = self._markup
        self._value = Brackets()
        self._wrapped = False
        self._calling = False
        self._called_until = 0
        self._text = ""
        self._at = 0
        self._offset = 0  # of the text in the block

    def feed(self, text: str) -> None:
        self._offset += self._at
        self._text = self._text[self._at :] + text
        self._at = 0
        while self.end is None and self._step():
            pass

    def _markup(self) -> bool:
        """To the next tag, and past it; a block whose first tag is none ends there."""
        start = self._text.find("<", self._at)
        if start < 0:
            return self._wait(len(self._text))
        stop = ANGLE.search(self._text, start + 1)
        reached = stop.start() if stop is not None else len(self._text)
        if reached - start > TAG_LIMIT:
            self._at = start + 1
        elif stop is None:
            return self._wait(start)
        elif stop[0] == "<":
            self._at = reached
        else:
            self._at = stop.end()
            tag = TAG.fullmatch(self._text, start, self._at)
            if tag is not None:
                self._meet(self._made(tag))
        if not self.tags:
            self.end = self._offset + self._at
        return True

    def _made(self, tag: re.Match[str]) -> Tag:
        label = LABEL.search(tag["rest"] or "")
        return Tag(
            name=tag["name"].lower().removeprefix("xai:"),
            closing=bool(tag["closing"]),
            alone=bool(tag["alone"]),
            label=next((one for one in label.groups() if one), "") if label else "",
            start=self._offset + tag.start(),
            end=self._offset + tag.end(),
        )

    def _meet(self, tag: Tag) -> None:
        nested = tag.name in WRAPPERS and not tag.closing and self.tags
        if nested and (self._wrapped or self._calling):
            if not self._patient:
                self.end = tag.start
            return
        self.tags.append(tag)
        if tag.name in WRAPPERS:
            self._wrap(tag)
        elif tag.name in CALLS:
            self._call(tag)
        elif self._calling and not (tag.closing or tag.alone or self._blind):
            self._fill(tag)

    def _wrap(self, tag: Tag) -> None:
        if tag.closing or tag.alone:
            self.end = tag.end
            return
        self._wrapped = True
        self._step = self._beginning

    def _call(self, tag: Tag) -> None:
        self._calling = not (tag.closing or tag.alone)
        if self._calling:
            self._step = self._beginning
        else:
            self._called_until = tag.end
            self._step = self._between

    def _fill(self, tag: Tag) -> None:
        if tag.name in ARGUMENTS:
            self._step = self._argument
        elif tag.name == MEMBER:
            self._step = self._member

    def _beginning(self) -> bool:
        """What follows an opening tag: another one, JSON, or mere words."""
        char = self._next()
        if not char:
            return False
        self._step = self._markup
        if char in "{[" and not self._blind:
            self._open_value()
        elif char not in "<{[" and not self._patient:
            self.end = self._offset + self._at
        return True

    def _argument(self) -> bool:
        char = self._next()
        if not char:
            return False
        self._step = self._markup
        if char in '{["':
            self._open_value()
        return True

    def _open_value(self) -> None:
        self._value = Brackets(tagged=True)
        self._step = self._json

    def _json(self) -> bool:
        end = self._value.feed(self._text, self._at)
        if end < 0:
            return self._wait(len(self._text))
        self._at = end
        self._step = self._markup
        return True

    def _member(self) -> bool:
        """The value of a member is not JSON; it ends at its own closing tag only."""
        found = MEMBER_END.search(self._text, self._at)
        if found is None:
            return self._wait(max(self._at, len(self._text) - MEMBER_END_CHARS))
        self._at = found.start()
        self._step = self._markup
        return True

    def _between(self) -> bool:
        """After a call: another one, the end of the wrapper, or the end of it all."""
        char = self._next()
        if not char:
            return False
        if self._wrapped:
            more = char == "<" or self._patient
        elif char == "<" and may_become_marker(self._text[self._at + 1 :]):
            return False
        else:
            more = MARKER.match(self._text, self._at) is not None
        if more:
            self._step = self._markup
        else:
            self.end = self._called_until
        return True

    def _next(self) -> str:
        """The next character that is no white space, empty if it is not there yet."""
        found = NOT_SPACE.search(self._text, self._at)
        self._at = found.start() if found is not None else len(self._text)
        return found[0] if found is not None else ""

    def _wait(self, at: int) -> bool:
        self._at = at
        return False
