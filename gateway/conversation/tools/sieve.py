"""Finds tool calls in streamed text, whatever its chunking (public-api 7.4)."""

from gateway.conversation.events import ToolCall
from gateway.conversation.requests import Tools


class ToolSieve:
    """A text filter that keeps calls out of the visible text.

    With `may_ask_again`, text that would have to be taken back if the model is asked
    once more is held until `close`. `calls` and `correction` are final after `close`;
    `correction` is the line to ask again with, empty where that is not called for,
    and what `close` gives is then the text to show if nobody asks again.
    """

    def __init__(self, tools: Tools, *, may_ask_again: bool = True) -> None:
        self._tools = tools
        self._may_ask_again = may_ask_again
        self.calls: list[ToolCall] = []
        self.correction = ""
        self.done = False  # calls are complete, nothing more needs to be read

    def feed(self, text: str) -> str:
        """The text that can be shown now."""
        return text

    def close(self) -> str:
        """The rest of the text, right-trimmed before calls."""
        return ""
