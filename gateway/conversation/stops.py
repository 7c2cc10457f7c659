"""Stop sequences matched over streamed text, whatever the chunk borders."""


class StopMatcher:
    """Passes text on until a stop text is complete; holds back what may begin one.

    Where stop texts overlap, the one that is complete first counts.
    """

    __slots__ = ("_held", "_stops", "hit")

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.hit: str | None = None

    @property
    def done(self) -> bool:
        return self.hit is not None

    def feed(self, text: str) -> str:
        """The text that is safe to send; after a hit, nothing more."""
        if self.hit is not None:
            return ""
        buffer = self._held + text
        found = [(buffer.find(stop), stop) for stop in self._stops]
        hits = [(at + len(stop), at, stop) for at, stop in found if at >= 0]
        if hits:
            _end, at, self.hit = min(hits)
            self._held = ""
            return buffer[:at]
        keep = max(suffix_length(buffer, stop) for stop in self._stops)
        self._held = buffer[len(buffer) - keep :]
        return buffer[: len(buffer) - keep]

    def close(self) -> str:
        """What was held back and turned out to be ordinary text."""
        held, self._held = self._held, ""
        return held


def suffix_length(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a proper beginning of `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
