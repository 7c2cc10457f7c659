"""From what upstream said to what the caller asked to see: one pass, pure.

Takes the decoder's events, applies the caller's options and the operator's settings,
meters tokens, and ends with `Finished`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.conversation import sources
from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaReady,
    ReasoningDelta,
    Source,
    TextDelta,
    Usage,
)
from gateway.conversation.stops import StopMatcher
from gateway.conversation.tokens import Meter


@dataclass(frozen=True, slots=True)
class Shape:
    reasoning: bool = True
    stop: tuple[str, ...] = ()
    show_sources: bool = False
    image_format: str = "grok_url"
    prompt_tokens: int = 0


class Shaper:
    """`feed` each batch, then `close` once; `done` says nothing more is wanted."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._stops = StopMatcher(shape.stop) if shape.stop else None
        self._text = Meter()
        self._reasoning = Meter()
        self._sources: list[Source] = []
        self._citations: list[Citation] = []
        self._images: list[MediaReady] = []
        self.empty = True  # upstream has produced nothing a reader could see

    @property
    def done(self) -> bool:
        return self._stops is not None and self._stops.hit is not None

    def feed(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events to pass on; often the very sequence that came in."""
        if self._stops is None:
            texts = [event.text for event in events if type(event) is TextDelta]
            if texts:
                self._text.feed("".join(texts))
                self.empty = False
            if len(texts) == len(events):
                return events
        passed: list[Event] = []
        for event in events:
            self._one(event, passed)
        return passed

    def close(self) -> list[Event]:
        """The rest of the answer: held text, images, sources, marks, the end."""
        passed: list[Event] = []
        if self._stops is not None:
            self._send(self._stops.close(), passed)
        if not self.done:
            for image in self._images:
                self._send(self._separated(rendered(image, self._shape)), passed)
            if self._shape.show_sources:
                self._send(sources.tail(self._sources), passed)
        length = self._text.length
        passed.extend(self._sources)
        passed.extend(mark for mark in self._citations if mark.end <= length)
        passed.append(Finished(FinishReason.STOP, self.usage()))
        return passed

    def usage(self) -> Usage:
        reasoning_tokens = self._reasoning.total()
        return Usage(
            prompt_tokens=self._shape.prompt_tokens,
            completion_tokens=self._text.total() + reasoning_tokens,
            reasoning_tokens=reasoning_tokens,
        )

    def _one(self, event: Event, passed: list[Event]) -> None:
        match event:
            case TextDelta():
                self._visible(event, passed)
            case ReasoningDelta():
                self.empty = False
                if self._shape.reasoning:
                    self._reasoning.feed(event.text)
                    passed.append(event)
            case Citation():
                self._citations.append(event)
            case Source():
                self._sources.append(event)
            case MediaReady():
                self.empty = False
                self._images.append(event)
            case _:
                passed.append(event)

    def _visible(self, event: TextDelta, passed: list[Event]) -> None:
        if self._stops is None:
            passed.append(event)  # metered with its batch
            return
        self.empty = False
        self._send(self._stops.feed(event.text), passed)

    def _send(self, text: str, passed: list[Event]) -> None:
        if text:
            self._text.feed(text)
            passed.append(TextDelta(text))

    def _separated(self, text: str) -> str:
        return f"\n\n{text}" if self._text.length else text


def rendered(image: MediaReady, shape: Shape) -> str:
    """A generated image as text, in the form of `features.image_format`."""
    if shape.image_format in {"grok_url", "local_url"}:
        return image.url
    return f"![image]({image.url})"
