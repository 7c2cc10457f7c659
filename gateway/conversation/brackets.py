"""The end of a JSON value in text that comes in pieces."""

import re

OUTSIDE = re.compile(r'["{}\[\]<]')
INSIDE = re.compile(r'["\\]')


class Brackets:
    """Counts brackets outside strings, from a value's first character on.

    With `tagged`, a `<` outside strings ends the value too: JSON has none there, so it
    belongs to the markup around.
    """

    __slots__ = ("_depth", "_escaped", "_quoted", "_tagged")

    def __init__(self, *, tagged: bool = False) -> None:
        self._tagged = tagged
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, text: str, at: int = 0) -> int:
        """The index after the value, or -1 if it goes on beyond the text."""
        while at < len(text):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = (INSIDE if self._quoted else OUTSIDE).search(text, at)
            if found is None:
                return -1
            at = found.end()
            ended = self._quote(found[0]) if self._quoted else self._count(found[0])
            if ended:
                return at - 1 if found[0] == "<" else at
        return -1

    def _quote(self, char: str) -> bool:
        if char == "\\":
            self._escaped = True
            return False
        self._quoted = False
        return self._depth == 0

    def _count(self, char: str) -> bool:
        if char == "<":
            return self._tagged
        if char == '"':
            self._quoted = True
            return False
        self._depth += 1 if char in "{[" else -1
        return self._depth <= 0
