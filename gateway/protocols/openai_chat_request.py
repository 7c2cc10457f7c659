"""The chat completions request: its wire model and its neutral form (public-api 3.1).

The model checks the members we act on, strictly; everything else a caller sends is
accepted and ignored. Message contents are read by hand, so that an error names the
exact place.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Conversation,
    Message,
    Options,
    Part,
    Role,
    Text,
)
from gateway.conversation.sources import without_tail
from gateway.errors import GatewayError, Kind
from gateway.protocols.fields import (
    STRICT,
    Effort,
    RawJson,
    stop_texts,
    text_member,
    unsupported,
)

TEXT_BLOCKS = {"text": "text", "input_text": "text", "output_text": "text"}
ATTACHMENT_BLOCKS = {
    "image_url",
    "input_image",
    "file",
    "input_file",
    "input_audio",
}


class StreamOptions(BaseModel):
    model_config = STRICT
    include_usage: bool | None = None


class Reasoning(BaseModel):
    model_config = STRICT
    effort: Effort | None = None


class Thinking(BaseModel):
    model_config = STRICT
    type: str | None = None


class ChatMessage(BaseModel):
    model_config = STRICT
    role: Literal["developer", "system", "user", "assistant", "tool"]
    content: RawJson = None
    tool_call_id: str | None = None
    tool_calls: list[RawJson] | None = None


class Request(BaseModel):
    """Body of `POST /v1/chat/completions`; unknown members are ignored."""

    model_config = STRICT
    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    thinking: Thinking | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stop: RawJson = None
    n: int | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: list[RawJson] | None = None
    functions: list[RawJson] | None = None
    response_format: dict[str, RawJson] | None = None
    prompt_cache_key: RawJson = None


def parse(request: Request, *, stream: bool) -> Conversation:
    """`stream` says whether the answer will be sent as one."""
    refuse_what_is_not_offered(request)
    options = Options(
        stream=stream,
        include_usage=bool(
            request.stream_options and request.stream_options.include_usage
        ),
        reasoning=reasoning_wanted(request),
        stop=stop_texts(request.stop, "stop"),
        max_tokens=request.max_completion_tokens or request.max_tokens,
    )
    messages = tuple(
        read_message(message, f"messages.{index}")
        for index, message in enumerate(request.messages)
    )
    conversation = Conversation(request.model, messages, options)
    if not prompting.prompt(conversation):
        raise GatewayError(
            Kind.MISSING, "messages hold no text to answer", param="messages"
        )
    return conversation


def refuse_what_is_not_offered(request: Request) -> None:
    if request.n is not None and request.n != 1:
        raise unsupported("n", "only one answer per request is offered")
    if request.tools:
        raise unsupported("tools", "function tools are not offered")
    if request.functions:
        raise unsupported("functions", "function tools are not offered")
    kind = (request.response_format or {}).get("type", "text")
    if kind != "text":
        raise unsupported("response_format", "only plain text answers are offered")


def reasoning_wanted(request: Request) -> bool | None:
    """None if the request does not decide."""
    effort = request.reasoning_effort
    if effort is None and request.reasoning is not None:
        effort = request.reasoning.effort
    if effort is not None:
        return effort != "none"
    if request.thinking is not None and request.thinking.type is not None:
        return request.thinking.type != "disabled"
    return None


def read_message(message: ChatMessage, path: str) -> Message:
    if message.tool_calls:
        raise unsupported(f"{path}.tool_calls", "function tools are not offered")
    if message.role == "tool":
        raise unsupported(f"{path}.role", "function tools are not offered")
    role = Role.SYSTEM if message.role == "developer" else Role(message.role)
    parts = read_content(message.content, f"{path}.content")
    if role is Role.ASSISTANT:
        parts = tuple(
            Text(without_tail(part.text)) if isinstance(part, Text) else part
            for part in parts
        )
    return Message(role, parts)


def read_content(content: RawJson, path: str) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list):
        raise GatewayError(
            Kind.INVALID_TYPE, "content must be text or a list of blocks", param=path
        )
    return tuple(
        read_block(block, f"{path}.{index}") for index, block in enumerate(content)
    )


def read_block(block: RawJson, path: str) -> Part:
    if not isinstance(block, dict):
        raise GatewayError(
            Kind.INVALID_TYPE, "a content block must be an object", param=path
        )
    kind = block.get("type")
    if kind == "refusal":
        return Text(text_member(block, "refusal", path))
    if isinstance(kind, str) and kind in TEXT_BLOCKS:
        return Text(text_member(block, TEXT_BLOCKS[kind], path))
    if isinstance(kind, str) and kind in ATTACHMENT_BLOCKS:
        raise unsupported(f"{path}.type", "attachments are not offered")
    raise GatewayError(
        Kind.INVALID_VALUE, "unknown type of content block", param=f"{path}.type"
    )
