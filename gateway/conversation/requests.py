"""A request in neutral form: what every protocol parses into and the turn works on.

JSON that only travels through (schemas, arguments) is kept as compact JSON text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

NO_PARAMETERS = '{"type":"object","properties":{}}'


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image, file or audio input: a base64 data URI or an http(s) URL.

    `path` is where the request has it, for the error that may name it.
    """

    source: str
    kind: str  # "image" | "file" | "audio"
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call the model made earlier; `arguments` as the caller gave them back."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class PastResult:
    """What came of an earlier call; `name` is empty where the caller left it out."""

    call_id: str
    parts: tuple[Text | Attachment, ...]
    name: str = ""
    failed: bool = False


Part = Text | Attachment | PastCall | PastResult


@dataclass(frozen=True, slots=True)
class Message:
    """A turn; its parts keep the caller's order, results among texts too."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function on offer; `name` is what the model is told and calls.

    A `custom` one takes free text: the model is asked for one string member `input`.
    A member of a `namespace` has it in front of its name, joined by two underscores.
    """

    name: str
    description: str = ""
    schema: str = NO_PARAMETERS
    custom: bool = False
    namespace: str = ""


class ToolChoice(StrEnum):
    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Tools:
    """`only` names the one tool that must be called; `choice` is then REQUIRED."""

    offered: tuple[Tool, ...] = ()
    choice: ToolChoice = ToolChoice.AUTO
    only: str = ""
    parallel: bool = True

    @property
    def active(self) -> bool:
        return bool(self.offered) and self.choice is not ToolChoice.NONE


@dataclass(frozen=True, slots=True)
class Format:
    """The answer shall be JSON; with a `schema` (JSON text) of that shape."""

    schema: str = ""
    name: str = ""
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How the caller wants the answer; None means the operator's setting decides.

    `search`: a web search tool was declared; `search_forced`: and demanded. `prefill`:
    the last message is the beginning of the answer.
    """

    stream: bool = False
    include_usage: bool = False
    reasoning: bool | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    format: Format | None = None
    search: bool = False
    search_forced: bool = False
    prefill: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    model: str
    messages: tuple[Message, ...]
    options: Options = field(default_factory=Options)
    tools: Tools = field(default_factory=Tools)

    def attachments(self, limit: int) -> list[Attachment]:
        """Each source once, oldest first; past `limit` the oldest are dropped."""
        found = {one.source: one for one in self._attached()}
        return list(found.values())[-limit:] if limit > 0 else []

    def _attached(self) -> Iterator[Attachment]:
        for message in self.messages:
            for part in message.parts:
                if isinstance(part, Attachment):
                    yield part
                elif isinstance(part, PastResult):
                    yield from (p for p in part.parts if isinstance(p, Attachment))
