"""Answers in JSON: what the model is told, and its JSON found in what it says (3.6)."""

from gateway.conversation.requests import Format


def instructions(wanted: Format) -> str:
    """The text after `[system]: `."""
    return f"Answer with JSON only. {wanted.schema}"


class JsonSieve:
    """A text filter that lets through one JSON value without fences or words around it.

    With `hold`, everything is held until `close`, where it is parsed and, for a strict
    schema, checked: `correction` is then the line to ask again with, empty if all is
    well. Without `hold`, text is passed from the first bracket on, and `done` is set
    after the closing one.
    """

    def __init__(self, wanted: Format, *, hold: bool) -> None:
        self._wanted = wanted
        self._hold = hold
        self.correction = ""
        self.done = False

    def feed(self, text: str) -> str:
        return text

    def close(self) -> str:
        return ""
