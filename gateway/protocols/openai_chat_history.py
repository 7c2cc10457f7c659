"""The messages of the chat completions dialect, one by one, to neutral ones (3.1, 7.5).

Read by hand, so that an error names the exact place.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from gateway.conversation.requests import (
    Message,
    Part,
    PastCall,
    PastResult,
    Role,
    Text,
)
from gateway.conversation.sources import without_tail
from gateway.protocols import fields
from gateway.protocols.fields import STRICT, RawJson
from gateway.protocols.openai_content import read_content

Speaker = Annotated[
    Literal["developer", "system", "user", "assistant", "tool"],
    BeforeValidator(fields.given_text),
]
CONTENT = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "object"}},
        {"type": "null"},
    ]
}


class ChatMessage(BaseModel):
    """Content is text or a list of blocks; null beside `tool_calls`."""

    model_config = STRICT
    role: Speaker
    content: Annotated[RawJson, Field(json_schema_extra=CONTENT)] = None
    refusal: str | None = None
    tool_calls: list[RawJson] | None = None
    function_call: RawJson = None
    tool_call_id: str | None = None


def read_message(message: ChatMessage, path: str) -> Message:
    content = read_content(message.content, f"{path}.content")
    if message.role == "tool":
        result = PastResult(message.tool_call_id or "", content)
        return Message(Role.TOOL, (result,))
    if message.role == "assistant":
        return Message(Role.ASSISTANT, said(message, content, path))
    role = Role.SYSTEM if message.role == "developer" else Role(message.role)
    return Message(role, content)


def said(
    message: ChatMessage, content: tuple[Part, ...], path: str
) -> tuple[Part, ...]:
    """An earlier answer: without what we had added to it, and with its calls."""
    parts = [
        Text(without_tail(part.text)) if isinstance(part, Text) else part
        for part in content
    ]
    if message.refusal and not parts:
        parts.append(Text(message.refusal))
    for index, value in enumerate(message.tool_calls or ()):
        parts.append(past_call(value, f"{path}.tool_calls.{index}"))
    if message.function_call is not None and not message.tool_calls:
        parts.append(called(message.function_call, f"{path}.function_call", ""))
    return tuple(parts)


def past_call(value: RawJson, path: str) -> PastCall:
    call = fields.record(value, path)
    call_id = fields.optional_text(call, "id", path)
    kind = fields.optional_text(call, "type", path)
    if kind == "custom" or (not kind and call.get("custom") is not None):
        return custom_call(call, path, call_id)
    if kind not in {"", "function"}:
        raise fields.invalid(f"{path}.type", "must be function or custom")
    if call.get("function") is None:
        raise fields.missing(f"{path}.function", "is required")
    return called(call["function"], f"{path}.function", call_id)


def custom_call(call: dict[str, RawJson], path: str, call_id: str) -> PastCall:
    """A call with free text, written as the model was asked to write it."""
    path += ".custom"
    if call.get("custom") is None:
        raise fields.missing(path, "is required")
    inner = fields.record(call["custom"], path)
    given = fields.optional_text(inner, "input", path)
    arguments = fields.json_text({"input": given}, f"{path}.input")
    return PastCall(call_id, full_name(inner, path), arguments)


def called(value: RawJson, path: str, call_id: str) -> PastCall:
    """Arguments are JSON text; some clients send back the object itself."""
    inner = fields.record(value, path)
    arguments = inner.get("arguments")
    if isinstance(arguments, dict):
        arguments = fields.json_text(arguments, f"{path}.arguments")
    else:
        arguments = fields.optional_text(inner, "arguments", path)
    return PastCall(call_id, full_name(inner, path), arguments)


def full_name(inner: dict[str, RawJson], path: str) -> str:
    """The name as the model knows it, with its namespace in front."""
    name = fields.text_member(inner, "name", path)
    namespace = fields.optional_text(inner, "namespace", path)
    return f"{namespace}__{name}" if namespace else name
