"""An answer that begins with what the caller wrote already (public-api 5.1)."""


class Beginning:
    """Drops the caller's own beginning where the model repeats it; passes the rest."""

    __slots__ = ("_expected", "_held", "_matched", "_open", "done")

    def __init__(self, expected: str) -> None:
        self._expected = expected.lstrip()
        self._matched = 0  # characters of it that were said so far
        self._held: list[str] = []
        self._open = True
        self.done = False

    def feed(self, text: str) -> str:
        if not self._open:
            return text
        self._held.append(text)
        said = text if self._matched else text.lstrip()
        left = len(self._expected) - self._matched
        if not self._expected.startswith(said[:left], self._matched):
            return self.close()
        self._matched += min(left, len(said))
        if len(said) < left:
            return ""
        self._held.clear()
        self._open = False
        return said[left:]

    def close(self) -> str:
        """What turned out to be no repetition."""
        held = "".join(self._held)
        self._held.clear()
        self._open = False
        return held
