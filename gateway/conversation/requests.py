"""A request in neutral form: what every protocol parses into and the turn works on."""

from dataclasses import dataclass, field
from enum import StrEnum


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
    """An image, file or audio input: a data URI or an http(s) URL."""

    source: str
    kind: str  # "image" | "file" | "audio"
    name: str | None = None


Part = Text | Attachment


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How the caller wants the answer; None means the operator's setting decides."""

    stream: bool = False
    include_usage: bool = False
    reasoning: bool | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    model: str
    messages: tuple[Message, ...]
    options: Options = field(default_factory=Options)

    def prompt(self) -> str:
        """Flatten to the one text upstream takes (public-api 3.2)."""
        parts = (flatten(message) for message in self.messages)
        return "\n\n".join(part for part in parts if part)


def flatten(message: Message) -> str:
    """`[role]: text`, the message's texts joined by newlines; empty if it has none."""
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    text = "\n".join(text for text in texts if text).strip()
    return f"[{message.role}]: {text}" if text else ""
