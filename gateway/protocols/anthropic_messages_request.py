"""The messages request: its wire model and its neutral form (public-api 5.1).

The model checks the members we act on, strictly; everything else a caller sends is
accepted and ignored. A member that is null was not sent, at every level.
"""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    model_validator,
)

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Conversation,
    Format,
    Message,
    Options,
    PastCall,
    Role,
    Text,
)
from gateway.protocols import fields
from gateway.protocols.anthropic_messages_content import read_content, read_system
from gateway.protocols.anthropic_messages_shapes import REQUESTS
from gateway.protocols.fields import STRICT, RawJson
from gateway.protocols.tool_definitions import anthropic_tools

ROLES = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
}


Speaker = Annotated[
    Literal["user", "assistant", "system", "developer"],
    BeforeValidator(fields.given_text),
]
ThinkingType = Annotated[
    Literal["enabled", "adaptive", "disabled"], BeforeValidator(fields.given_text)
]
# Read by hand; what they shall be is for the document only.
TextOrBlocks = Annotated[
    RawJson,
    Field(json_schema_extra={"type": ["string", "array"], "items": {"type": "object"}}),
]
Choice = Annotated[RawJson, Field(json_schema_extra={"type": ["object", "null"]})]
Objects = Annotated[
    RawJson,
    Field(json_schema_extra={"type": ["array", "null"], "items": {"type": "object"}}),
]
Texts = Annotated[
    RawJson,
    Field(json_schema_extra={"type": ["array", "null"], "items": {"type": "string"}}),
]


class Members(BaseModel):
    model_config = STRICT

    @model_validator(mode="before")
    @classmethod
    def drop_nulls(cls, value: RawJson) -> RawJson:
        if not isinstance(value, dict):
            return value
        return {name: member for name, member in value.items() if member is not None}


class Turn(Members):
    role: Speaker
    content: TextOrBlocks


class Thinking(Members):
    type: ThinkingType
    budget_tokens: int | None = None


class OutputConfig(Members):
    format: dict[str, RawJson] | None = None
    effort: str | None = None


class Request(Members):
    """Body of `POST /v1/messages`; unknown members are ignored."""

    model_config = ConfigDict(**STRICT, json_schema_extra={"examples": REQUESTS})
    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[Turn], Field(min_length=1), FailFast()]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    system: TextOrBlocks = None
    stream: bool | None = None
    thinking: Thinking | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_k: int | None = None
    stop_sequences: Texts = None
    tools: Objects = None
    tool_choice: Choice = None
    output_config: OutputConfig | None = None
    metadata: RawJson = None


def parse(request: Request, *, stream: bool = False) -> Conversation:
    declared = anthropic_tools(request.tools, request.tool_choice)
    messages = (*instructions(request), *turns(request))
    options = Options(
        stream=stream,
        reasoning=None if request.thinking is None else thinks(request.thinking),
        stop=stops(request.stop_sequences),
        max_tokens=request.max_tokens,
        format=wanted_format(request.output_config),
        search=declared.search,
        search_forced=declared.search_forced,
        prefill=begins_answer(messages[-1]),
    )
    if not prompting.answerable(messages):
        raise fields.missing("messages", "hold nothing to answer")
    return Conversation(request.model, messages, options, declared.tools)


def instructions(request: Request) -> tuple[Message, ...]:
    if request.system is None:
        return ()
    return (Message(Role.SYSTEM, read_system(request.system, "system")),)


def turns(request: Request) -> tuple[Message, ...]:
    return tuple(
        Message(
            ROLES[turn.role],
            read_content(turn.content, ROLES[turn.role], f"messages.{index}.content"),
        )
        for index, turn in enumerate(request.messages)
    )


def thinks(thinking: Thinking) -> bool:
    return thinking.type != "disabled"


def stops(value: RawJson) -> tuple[str, ...]:
    """A longer list here, where the other dialects take a string too."""
    path = "stop_sequences"
    listed = None if value is None else fields.items(value, path)
    return fields.stop_texts(listed, path, fields.MOST_STOPS)


def wanted_format(config: OutputConfig | None) -> Format | None:
    """The only form there is, a JSON schema; it is always binding."""
    if config is None or config.format is None:
        return None
    path = "output_config.format"
    if fields.text_member(config.format, "type", path) != "json_schema":
        raise fields.invalid(f"{path}.type", "must be json_schema")
    path = f"{path}.schema"
    if config.format.get("schema") is None:
        raise fields.missing(path, "is required")
    schema = fields.record(config.format["schema"], path)
    return Format(fields.json_text(schema, path), strict=True)


def begins_answer(last: Message) -> bool:
    """A closing assistant text is the beginning of the answer; calls are not."""
    if last.role is not Role.ASSISTANT:
        return False
    if any(isinstance(part, PastCall) for part in last.parts):
        return False
    return any(isinstance(part, Text) and part.text.strip() for part in last.parts)
