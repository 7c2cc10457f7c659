"""An answer that begins with what the caller wrote already (public-api 5.1)."""


class Beginning:
    """Drops the caller's own beginning where the model repeats it; passes the rest."""

    __slots__ = ("_expected", "_held", "_open", "done")

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._held = ""
        self._open = True
        self.done = False

    def feed(self, text: str) -> str:
        if not self._open:
            return text
        self._held += text
        said = self._held.lstrip()
        if said.startswith(self._expected):
            return self._release(said[len(self._expected) :])
        if self._expected.startswith(said):
            return ""
        return self._release(self._held)

    def close(self) -> str:
        """What turned out to be no repetition."""
        return self._release(self._held) if self._open else ""

    def _release(self, text: str) -> str:
        self._open = False
        self._held = ""
        return text
