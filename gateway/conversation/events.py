"""The closed set of neutral events that upstream bytes become and encoders render."""

from dataclasses import dataclass
from enum import StrEnum


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(slots=True)
class TextDelta:
    text: str


@dataclass(slots=True)
class ReasoningDelta:
    """A piece of thinking; `late` if visible text had already begun before it."""

    text: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`arguments` is compact JSON of an object; of a `custom` tool its free text.

    `name` is the tool's own, without its `namespace`.
    """

    name: str
    arguments: str
    custom: bool = False
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """Upstream searched the web before it spoke; an empty query is unknown."""

    query: str


@dataclass(frozen=True, slots=True)
class Source:
    """A search result the model saw; `type` is `web` or `x_post`."""

    url: str
    title: str
    type: str = "web"


@dataclass(frozen=True, slots=True)
class Citation:
    """A mark in the text: code points [start, end) of all text sent so far."""

    url: str
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MediaProgress:
    """Of one picture or film; without an id of all that was asked for."""

    media_id: str
    percent: int


@dataclass(frozen=True, slots=True)
class MediaPreview:
    """An unfinished picture of a drawing that goes on."""

    media_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class MediaReady:
    """A finished image or video; `url` is absolute.

    `data` is set where the bytes are wanted themselves, `kept` is the id of the file
    here where someone watches, whose size is then known, too. `r_rated`: for adults.
    """

    url: str
    media_id: str
    kind: str = "image"
    data: bytes = b""
    kept: str = ""
    width: int = 0
    height: int = 0
    r_rated: bool = False


@dataclass(frozen=True, slots=True)
class MediaWithheld:
    """A picture that was made and is not given, for its content."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; `reasoning_tokens` is part of `completion_tokens`."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    image_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every answer; nothing follows it.

    `stop` is the stop text that ended the answer, if one did.
    """

    reason: FinishReason
    usage: Usage
    stop: str | None = None


# The two deltas are not frozen: they are made once per token, and a frozen one costs
# half as much again to build.
Event = (
    TextDelta
    | ReasoningDelta
    | ToolCall
    | Searched
    | Source
    | Citation
    | MediaProgress
    | MediaPreview
    | MediaReady
    | MediaWithheld
    | Finished
)
