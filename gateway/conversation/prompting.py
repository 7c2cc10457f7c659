"""A conversation flattened to the one text upstream takes (public-api 3.2, 7.5)."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.conversation import formats, tools
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    Part,
    PastCall,
    PastResult,
    Role,
    Text,
)

LOOK = "[user]: Please look at what is attached."
CONTINUE = (
    "[system]: The last assistant text is the beginning of your answer. Go on from "
    "exactly where it ends and do not repeat it."
)


def prompt(conversation: Conversation) -> str:
    """Empty if there is nothing to answer: neither a text nor an attachment."""
    said = "\n\n".join(spoken(conversation.messages))
    if not said:
        if not conversation.attachments(1):
            return ""
        said = LOOK
    parts = [*instructions(conversation), said]
    if conversation.options.prefill:
        parts.append(CONTINUE)
    return "\n\n".join(parts)


def answerable(messages: Iterable[Message]) -> bool:
    """Whether the model would see anything at all of these; cheaper than the prompt."""
    return any(
        bool(part.text.strip()) if isinstance(part, Text) else True
        for message in messages
        for part in message.parts
    )


def instructions(conversation: Conversation) -> Iterator[str]:
    if conversation.tools.active:
        yield f"[system]: {tools.instructions(conversation.tools)}"
    if conversation.options.format is not None:
        yield f"[system]: {formats.instructions(conversation.options.format)}"


def spoken(messages: tuple[Message, ...]) -> Iterator[str]:
    """One text per message, and one per tool result in it; empty ones vanish."""
    names: dict[str, str] = {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, PastCall):
                names[part.id] = part.name
        yield from flatten(message, names)


def flatten(message: Message, names: Mapping[str, str]) -> Iterator[str]:
    run: list[Part] = []
    for part in message.parts:
        if isinstance(part, PastResult):
            yield from labelled(message.role, run)
            run = []
            yield result(part, names)
        elif not isinstance(part, Attachment):
            run.append(part)
    yield from labelled(message.role, run)


def labelled(role: Role, parts: list[Part]) -> Iterator[str]:
    """`[role]: text`, texts joined by newlines, calls after them."""
    texts = [part.text for part in parts if isinstance(part, Text) and part.text]
    text = "\n".join(texts).strip()
    calls = [part for part in parts if isinstance(part, PastCall)]
    if calls:
        written = tools.written_back(calls)
        text = f"{text}\n{written}" if text else f"\n{written}"
    if text:
        yield f"[{role}]: {text}" if not text.startswith("\n") else f"[{role}]:{text}"


def result(part: PastResult, names: Mapping[str, str]) -> str:
    name = part.name or names.get(part.call_id, "")
    texts = [piece.text for piece in part.parts if isinstance(piece, Text)]
    text = "\n".join(text for text in texts if text).strip() or "(no output)"
    if part.failed:
        text = f"The call failed: {text}"
    label = f"tool result for {part.call_id}" if part.call_id else "tool result"
    return f"[{label} ({name})]:\n{text}" if name else f"[{label}]:\n{text}"


def prefilled(conversation: Conversation) -> str:
    """The beginning of the answer that the caller wrote, if there is one."""
    if not conversation.options.prefill or not conversation.messages:
        return ""
    parts = conversation.messages[-1].parts
    return "\n".join(part.text for part in parts if isinstance(part, Text)).rstrip()
