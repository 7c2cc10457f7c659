"""From what upstream said to what the caller asked to see: one pass, pure.

Takes the decoder's events, applies the caller's options and the operator's settings,
meters tokens, and ends with `Finished`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from gateway.conversation import sources
from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    Usage,
)
from gateway.conversation.requests import Format, Tools
from gateway.conversation.tokens import Meter, count
from gateway.conversation.visible import Visible


@dataclass(frozen=True, slots=True)
class Shape:
    reasoning: bool = True
    stop: tuple[str, ...] = ()
    show_sources: bool = False
    prompt_tokens: int = 0
    image_tokens: int = 0
    tools: Tools = field(default_factory=Tools)
    format: Format | None = None
    prefill: str = ""
    max_tokens: int | None = None
    search: bool = False
    stream: bool = True


class Shaper:
    """`feed` each batch, then `finish` and `close`; `done` says nothing more is wanted.

    Between the two, `again` takes the answer back to ask once more, where `finish` gave
    a line to ask with.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._visible = visible(shape, may_ask_again=True)
        self._text = Meter()
        self._reasoning = Meter()
        self._calls_text = ""
        self._sources: list[Source] = []
        self._citations: list[Citation] = []
        self._images: list[MediaReady] = []
        self._rest = ""
        self._first_rest = ""
        self._finished = False
        self._begun = False  # upstream has spoken text, shown or not
        self.empty = True  # upstream has produced nothing a reader could see

    @property
    def done(self) -> bool:
        return self._visible is not None and self._visible.done

    def feed(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events to pass on; often the very sequence that came in."""
        if self._visible is None:
            texts = [event.text for event in events if type(event) is TextDelta]
            if texts:
                self._text.feed("".join(texts))
                self.empty = False
            if len(texts) == len(events):
                self._begun = self._begun or bool(texts)
                return events
        passed: list[Event] = []
        for event in events:
            self._one(event, passed)
        return passed

    def finish(self) -> str:
        """Upstream has ended; the line to ask again with, empty if all is well."""
        self._finished = True
        if self._visible is None:
            return ""
        self._rest = self._visible.close()
        return self._visible.correction

    def again(self) -> None:
        """Forget what was held of the answer; another one follows."""
        self._first_rest = self._rest
        self._rest = ""
        self._finished = False
        self._visible = visible(self._shape, may_ask_again=False)
        self._citations.clear()
        self.empty = True
        self._begun = False

    def give_up(self) -> None:
        """The second answer failed: what the first one said stands."""
        self._visible, self._finished = None, True
        self._rest, self._first_rest = self._first_rest, ""

    @property
    def spoken(self) -> bool:
        """Whether the answer holds text."""
        return bool(self._text.length or self._rest)

    @property
    def pictures(self) -> Sequence[MediaReady]:
        """Those the answer is to end with; `close` takes them as they are shown."""
        ended = self._visible
        called = ended is not None and ended.calls
        return () if self.done or self._bare or called else self._images

    def close(self, shown: Sequence[str] = ()) -> list[Event]:
        """The rest of the answer: held text, images, sources, marks, calls, the end."""
        if not self._finished:
            self.finish()
        passed: list[Event] = []
        ended = self._visible
        self._send(self._rest, passed)
        calls = ended.calls if ended is not None else []
        if not calls and not self.done and not self._bare:
            for picture in shown:
                self._send(self._separated(picture), passed)
            if self._shape.show_sources:
                self._send(sources.tail(self._sources), passed)
        length = self._text.length
        if not self._shape.search:
            passed.extend(self._sources)
        if not (self._shape.format or self._shape.prefill):
            passed.extend(mark for mark in self._citations if mark.end <= length)
        passed.extend(calls)
        if calls:
            written = [{"name": c.name, "arguments": c.arguments} for c in calls]
            self._calls_text = orjson.dumps(written).decode()
        reason = ended.reason if ended is not None else FinishReason.STOP
        stop = ended.stop if ended is not None else None
        passed.append(Finished(reason, self.usage(), stop))
        return passed

    def usage(self) -> Usage:
        reasoning_tokens = self._reasoning.total()
        said = self._text.total() + count(self._calls_text)
        return Usage(
            prompt_tokens=self._shape.prompt_tokens,
            completion_tokens=said + reasoning_tokens,
            reasoning_tokens=reasoning_tokens,
            image_tokens=self._shape.image_tokens,
        )

    def _one(self, event: Event, passed: list[Event]) -> None:
        match event:
            case TextDelta():
                self._say(event, passed)
            case ReasoningDelta():
                self.empty = False
                if self._shape.reasoning:
                    self._reasoning.feed(event.text)
                    passed.append(event)
            case Citation():
                self._citations.append(event)
            case Source():
                self._find(event, passed)
            case MediaReady():
                self.empty = False
                self._images.append(event)
            case _ if self._wanted(event):
                passed.append(event)
            case _:
                pass

    def _find(self, source: Source, passed: list[Event]) -> None:
        """Told at the end, or at once to a caller who wants to see the searches."""
        if all(one.url != source.url for one in self._sources):
            self._sources.append(source)
            if self._shape.search:
                passed.append(source)

    @property
    def _bare(self) -> bool:
        """JSON stays JSON, with nothing below it."""
        return self._shape.format is not None and self._text.length > 0

    def _wanted(self, event: Event) -> bool:
        """A search counts if the caller has asked for searches and no text came yet."""
        if isinstance(event, Searched):
            return self._shape.search and not self._begun
        return True

    def _say(self, event: TextDelta, passed: list[Event]) -> None:
        self._begun = True
        if self._visible is None:
            passed.append(event)  # metered with its batch
            return
        self.empty = False
        self._send(self._visible.feed(event.text), passed)

    def _send(self, text: str, passed: list[Event]) -> None:
        if text:
            self._text.feed(text)
            passed.append(TextDelta(text))

    def _separated(self, text: str) -> str:
        return f"\n\n{text}" if self._text.length else text


def visible(shape: Shape, *, may_ask_again: bool) -> Visible | None:
    """What stands between upstream's text and the caller; None if nothing does."""
    wanted = (
        shape.tools.active
        or shape.format is not None
        or shape.stop
        or shape.prefill
        or shape.max_tokens is not None
    )
    if not wanted:
        return None
    return Visible(
        tools=shape.tools,
        format=shape.format,
        stop=shape.stop,
        prefill=shape.prefill,
        max_tokens=shape.max_tokens,
        stream=shape.stream,
        may_ask_again=may_ask_again,
    )
