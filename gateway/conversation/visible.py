"""The filters between what the model writes and what the caller reads, in order.

The repeated beginning goes first, then tool calls, words around JSON, what follows a
stop text, and what exceeds the length.
"""

from typing import Protocol

from gateway.conversation.events import FinishReason, ToolCall
from gateway.conversation.formats import JsonSieve
from gateway.conversation.length import LengthLimit
from gateway.conversation.prefill import Beginning
from gateway.conversation.requests import Format, Tools
from gateway.conversation.stops import StopMatcher
from gateway.conversation.tools import ToolSieve


class TextFilter(Protocol):
    """Text in, text out; may hold some back until `close`."""

    @property
    def done(self) -> bool: ...

    def feed(self, text: str) -> str: ...

    def close(self) -> str: ...


class Visible:
    """`feed` gives what can be shown now; after `close` the outcome stands."""

    def __init__(
        self,
        *,
        tools: Tools,
        format: Format | None,
        stop: tuple[str, ...],
        prefill: str,
        max_tokens: int | None,
        stream: bool,
        may_ask_again: bool,
    ) -> None:
        self._sieve: ToolSieve | None = None
        self._json: JsonSieve | None = None
        self._stops: StopMatcher | None = None
        self._length: LengthLimit | None = None
        self._filters: list[TextFilter] = []
        if prefill:
            self._filters.append(Beginning(prefill))
        if tools.active:
            self._sieve = ToolSieve(tools, may_ask_again=may_ask_again)
            self._filters.append(self._sieve)
        if format is not None:
            self._json = JsonSieve(format, hold=may_ask_again and not stream)
            self._filters.append(self._json)
        if stop:
            self._stops = StopMatcher(stop)
            self._filters.append(self._stops)
        if max_tokens is not None:
            self._length = LengthLimit(max_tokens)
            self._filters.append(self._length)

    @property
    def done(self) -> bool:
        """JSON alone ends the answer only if no call can come after it, and win."""
        return any(
            one.done
            for one in self._filters
            if one is not self._json or self._sieve is None
        )

    @property
    def calls(self) -> list[ToolCall]:
        """None of them if the visible text before them was cut short."""
        cut = self.stop is not None or self._too_long
        return [] if cut or self._sieve is None else self._sieve.calls

    @property
    def correction(self) -> str:
        """After `close`: the line to ask again with; a good call needs none."""
        if self.stop is not None or self._too_long or self.calls:
            return ""
        if self._sieve is not None and self._sieve.correction:
            return self._sieve.correction
        return self._json.correction if self._json is not None else ""

    @property
    def stop(self) -> str | None:
        return self._stops.hit if self._stops is not None else None

    @property
    def reason(self) -> FinishReason:
        if self._too_long:
            return FinishReason.LENGTH
        return FinishReason.TOOL_CALLS if self.calls else FinishReason.STOP

    def feed(self, text: str) -> str:
        for one in self._filters:
            if not text:
                break
            text = one.feed(text)
        return text

    def close(self) -> str:
        rest = ""
        for one in self._filters:
            rest = (one.feed(rest) if rest else "") + one.close()
        return rest

    @property
    def _too_long(self) -> bool:
        return self._length is not None and self._length.done
