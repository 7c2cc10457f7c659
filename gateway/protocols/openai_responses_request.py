"""The responses request: its wire model and its neutral form (public-api 4.1).

The model checks the members we act on, strictly; everything else a caller sends is
accepted and ignored. Input items are read in a module of their own.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Conversation,
    Message,
    Options,
    Role,
    Text,
)
from gateway.errors import GatewayError
from gateway.protocols import fields
from gateway.protocols.fields import STRICT, Effort, RawJson
from gateway.protocols.openai_formats import read_format
from gateway.protocols.openai_responses_input import NOTHING, Past, Reading, items_of
from gateway.protocols.openai_responses_shapes import REQUESTS
from gateway.protocols.tool_definitions import openai_tools

ENCRYPTED_REASONING = "reasoning.encrypted_content"


class Reasoning(BaseModel):
    model_config = STRICT
    effort: Effort | None = None
    summary: RawJson = None


class Members(BaseModel):
    """What the bodies of create, compact and input_tokens share."""

    model_config = STRICT
    input: RawJson = None
    instructions: str | None = None
    stream: bool | None = None
    reasoning: Reasoning | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    tools: RawJson = None
    tool_choice: RawJson = None
    parallel_tool_calls: bool | None = None
    text: dict[str, RawJson] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    include: list[RawJson] | None = None
    metadata: dict[str, RawJson] | None = None
    truncation: RawJson = None
    user: RawJson = None
    prompt_cache_key: RawJson = None
    conversation: RawJson = None
    prompt: RawJson = None

    @property
    def stored(self) -> bool:
        return self.store is not False

    @property
    def encrypted_reasoning(self) -> bool:
        return ENCRYPTED_REASONING in (self.include or ())


class Request(Members):
    """Body of `POST /v1/responses`; unknown members are ignored."""

    model_config = ConfigDict(**STRICT, json_schema_extra={"examples": REQUESTS})
    model: Annotated[str, Field(min_length=1)]


class Count(Members):
    """Body of `POST /v1/responses/input_tokens`: counts, so needs no model."""

    model: str | None = None


def parse(
    request: Request | Count, past: Past = NOTHING, *, stream: bool = False
) -> Conversation:
    """`past` is what the gateway keeps of the turns and items the request names."""
    refuse_what_is_not_offered(request)
    parallel = request.parallel_tool_calls is not False
    declared = openai_tools(request.tools, request.tool_choice, parallel=parallel)
    options = Options(
        stream=stream,
        reasoning=reasoning_wanted(request),
        max_tokens=request.max_output_tokens,
        format=read_format((request.text or {}).get("format"), "text.format"),
        search=declared.search,
    )
    messages = read_messages(request, past)
    if not prompting.answerable(messages):
        raise fields.missing("input", "holds nothing to answer")
    return Conversation(request.model or "", messages, options, declared.tools)


def refuse_what_is_not_offered(request: Members) -> None:
    if request.conversation is not None:
        raise unsupported_state("conversation")
    if request.prompt is not None:
        raise fields.unsupported("prompt", "stored prompts are not offered")


def unsupported_state(path: str) -> GatewayError:
    return fields.unsupported(
        path, "conversations are not offered; use previous_response_id"
    )


def reasoning_wanted(request: Members) -> bool | None:
    """None if the request does not decide."""
    if request.reasoning is None or request.reasoning.effort is None:
        return None
    return request.reasoning.effort != "none"


def read_messages(request: Members, past: Past) -> tuple[Message, ...]:
    """Instructions, then earlier turns without theirs, then what is said now."""
    reading = Reading(past)
    if request.instructions:
        reading.say(Role.SYSTEM, [Text(request.instructions)])
    for item in past.items:
        reading.item(item, "previous_response_id")
    given = items_of(request.input)
    if isinstance(given, str):
        reading.say(Role.USER, [Text(given)])
    else:
        for index, item in enumerate(given):
            reading.item(item, f"input.{index}")
    return reading.messages()
