"""The same event stream, folded into one answer for callers that do not stream."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    MediaPreview,
    MediaProgress,
    MediaReady,
    MediaWithheld,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
)


@dataclass(slots=True)
class Completion:
    """An answer so far; `finished` is set by the last event.

    `first_thoughts` are those before any visible text, which a stream can show too; for
    the same reason only the searches before it count. `first_findings` are the searches
    before it with what was found meanwhile, in order.
    """

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    first_thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    searches: list[Searched] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    first_findings: list[Searched | Source] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    media: list[MediaReady] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def reasoning(self) -> str:
        return "".join(self.thoughts)

    def add(self, events: Iterable[Event]) -> None:  # noqa: C901, PLR0912 - one arm per event
        for event in events:
            match event:
                case TextDelta():
                    self.texts.append(event.text)
                case ReasoningDelta():
                    self.thoughts.append(event.text)
                    if not (event.late or any(self.texts)):
                        self.first_thoughts.append(event.text)
                case ToolCall():
                    self.calls.append(event)
                case Searched():
                    if not any(self.texts):
                        self.searches.append(event)
                        self.first_findings.append(event)
                case Source():
                    self.sources.append(event)
                    if not any(self.texts):
                        self.first_findings.append(event)
                case Citation():
                    self.citations.append(event)
                case MediaReady():
                    self.media.append(event)
                case MediaProgress() | MediaPreview() | MediaWithheld():
                    pass
                case Finished():
                    self.finished = event
                case _:
                    assert_never(event)
