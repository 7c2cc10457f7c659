"""Cut the answer at a number of tokens, at a token's border (public-api 3.7)."""

from gateway.conversation.tokens import Meter, encoding


class LengthLimit:
    """Passes text until the limit is exceeded; `done` says that it was cut."""

    __slots__ = ("_limit", "_meter", "done")

    def __init__(self, max_tokens: int) -> None:
        self._limit = max_tokens
        self._meter = Meter()
        self.done = False

    def feed(self, text: str) -> str:
        if self.done:
            return ""
        before = self._meter.total()
        self._meter.feed(text)
        if self._meter.total() <= self._limit:
            return text
        self.done = True
        return beginning(text, self._limit - before)

    def close(self) -> str:
        return ""


def beginning(text: str, tokens: int) -> str:
    """The first `tokens` tokens of a text, without half a character at the end."""
    if tokens <= 0:
        return ""
    pieces = encoding().encode_ordinary(text)[:tokens]
    return encoding().decode_bytes(pieces).decode("utf-8", "ignore")
