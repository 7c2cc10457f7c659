"""What of the closing `modelResponse.message` did not come as tokens (13.4)."""

import hashlib


class Continuation:
    """Knows the text fed so far by length and digest only, so memory stays constant."""

    def __init__(self) -> None:
        self._chars = 0
        self._digest = hashlib.blake2b()

    def add(self, words: str) -> None:
        self._chars += len(words)
        self._digest.update(words.encode())

    def tail(self, message: str) -> str:
        """The rest of `message` if it begins with the text so far, else nothing."""
        head = message[: self._chars]
        if hashlib.blake2b(head.encode()).digest() != self._digest.digest():
            return ""
        return message[self._chars :]
