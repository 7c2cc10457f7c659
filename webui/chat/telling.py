"""Neutral events to the frames of the chat socket."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    MediaProgress,
    MediaReady,
    MediaWithheld,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from media import links
from media.models import Kind
from webui.chat.frames import Frame

SEARCH = "web_search"


class Teller:
    """Of one turn; `kind` is what its model makes, `image` or `video`."""

    def __init__(self, turn_id: str, kind: str) -> None:
        self._id = turn_id
        self._kind = kind
        self._places: list[str] = []  # ids of media, by the place they were given

    def tell(self, events: Sequence[Event]) -> Iterator[Frame]:
        for event in events:
            yield from self._one(event)

    def _one(self, event: Event) -> Iterator[Frame]:
        match event:
            case TextDelta():
                yield self._frame("text", text=event.text)
            case ReasoningDelta():
                yield self._frame("reasoning", text=event.text)
            case Searched():
                yield self._frame("tool", name=SEARCH, query=event.query)
            case ToolCall():
                named = {"name": event.name, "arguments": event.arguments}
                yield self._frame("tool", **named)
            case Source() | Citation():
                yield self._frame("citation", **noted(event))
            case Finished():
                yield self._frame("usage", **told(event.usage))
                yield self._frame("finished", reason=str(event.reason))
            case _:
                yield from self._medium(event)

    def _medium(self, event: Event) -> Iterator[Frame]:
        match event:
            case MediaProgress(media_id=""):
                yield self._media(progress=event.percent)
            case MediaProgress():
                place = self._place(event.media_id)
                yield self._media(index=place, progress=event.percent)
            case MediaWithheld():
                yield self._media(index=self._place(event.media_id), withheld=True)
            case MediaReady():
                place = self._place(event.media_id, new=self._kind == "lite")
                yield self._media(index=place, **shown(event))
            case _:
                pass

    def _place(self, media_id: str, *, new: bool = False) -> int:
        """Calls for light pictures each begin to count anew."""
        if new or media_id not in self._places:
            self._places.append(media_id)
            return len(self._places) - 1
        return self._places.index(media_id)

    def _media(self, **more: object) -> Frame:
        made = "video" if self._kind == "video" else "image"
        return self._frame("media", kind=made, **more)

    def _frame(self, what: str, /, **more: object) -> Frame:
        return {"type": what, "id": self._id, **more}


def noted(mark: Source | Citation) -> Frame:
    """A source that the model saw, or a mark in the text: code points [start, end)."""
    if isinstance(mark, Citation):
        return asdict(mark)
    return {"url": mark.url, "title": mark.title}


def shown(ready: MediaReady) -> Frame:
    """An address of this gateway without a host, where the file is kept."""
    if not ready.kept:
        return {"url": ready.url, "progress": 100}
    url = links.link(Kind.IMAGE, ready.kept)
    size = {"width": ready.width, "height": ready.height} if ready.width else {}
    return {"url": url, "progress": 100, **size}


def told(usage: Usage) -> Frame:
    total = usage.prompt_tokens + usage.completion_tokens
    return {**asdict(usage), "total_tokens": total}
