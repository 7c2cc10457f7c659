"""Cut the answer at a number of tokens, at a token's border (public-api 3.7)."""

from gateway.conversation.tokens import Meter, encoding

# Text that follows may divide the last words into somewhat more tokens than before.
SLACK_TOKENS = 16


class LengthLimit:
    """Passes text until the limit is exceeded; `done` says that it was cut.

    A token has at least one byte, so nothing need be counted while there is room for
    every byte that came since the last count.
    """

    __slots__ = ("_counted", "_limit", "_meter", "_since_bytes", "done")

    def __init__(self, max_tokens: int) -> None:
        self._limit = max_tokens - SLACK_TOKENS
        self._meter = Meter()
        self._counted = 0
        self._since_bytes = 0
        self.done = False

    def feed(self, text: str) -> str:
        if self.done:
            return ""
        self._since_bytes += len(text.encode("utf-8", "replace"))
        if self._counted + self._since_bytes <= self._limit:
            self._meter.feed(text)
            return text
        return self._weighed(text)

    def close(self) -> str:
        return ""

    def _weighed(self, text: str) -> str:
        limit = self._limit + SLACK_TOKENS
        before = self._meter.total()
        self._meter.feed(text)
        self._counted, self._since_bytes = self._meter.total(), 0
        if self._counted <= limit:
            return text
        self.done = True
        return beginning(text, limit - before)


def beginning(text: str, tokens: int) -> str:
    """The first `tokens` tokens of a text, without half a character at the end."""
    if tokens <= 0:
        return ""
    pieces = encoding().encode_ordinary(text)[:tokens]
    return encoding().decode_bytes(pieces).decode("utf-8", "ignore")
