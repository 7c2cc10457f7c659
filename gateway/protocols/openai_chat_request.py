"""The chat completions request: its wire model and its neutral form (public-api 3.1).

The model checks the members we act on, strictly; everything else a caller sends is
accepted and ignored. Messages are read in a module of their own.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field

from gateway.conversation import prompting
from gateway.conversation.requests import Conversation, Options
from gateway.errors import GatewayError
from gateway.protocols import fields
from gateway.protocols.fields import STRICT, Effort, RawJson, stop_texts
from gateway.protocols.openai_chat_history import ChatMessage, read_message
from gateway.protocols.openai_chat_shapes import REQUESTS
from gateway.protocols.openai_formats import read_format
from gateway.protocols.tool_definitions import Declared, openai_tools

# Read by hand; what they shall be is for the document only.
Object = Annotated[RawJson, Field(json_schema_extra={"type": ["object", "null"]})]
Objects = Annotated[
    RawJson,
    Field(json_schema_extra={"type": ["array", "null"], "items": {"type": "object"}}),
]
TextOrObject = Annotated[
    RawJson, Field(json_schema_extra={"type": ["string", "object", "null"]})
]
TextOrTexts = Annotated[
    RawJson,
    Field(
        json_schema_extra={
            "type": ["string", "array", "null"],
            "items": {"type": "string"},
        }
    ),
]


class StreamOptions(BaseModel):
    model_config = STRICT
    include_usage: bool | None = None


class Reasoning(BaseModel):
    model_config = STRICT
    effort: Effort | None = None


class Thinking(BaseModel):
    model_config = STRICT
    type: str | None = None


class Request(BaseModel):
    """Body of `POST /v1/chat/completions`; unknown members are ignored."""

    model_config = ConfigDict(**STRICT, json_schema_extra={"examples": REQUESTS})
    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[ChatMessage], Field(min_length=1), FailFast()]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    thinking: Thinking | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    tools: Objects = None
    tool_choice: TextOrObject = None
    parallel_tool_calls: bool | None = None
    functions: Objects = None
    function_call: TextOrObject = None
    response_format: Object = None
    stop: TextOrTexts = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: int | None = None
    prompt_cache_key: RawJson = None
    image_config: Object = None
    video_config: Object = None


def parse(request: Request, *, stream: bool) -> Conversation:
    """`stream` says whether the answer will be sent as one."""
    if request.n is not None and request.n != 1:
        raise fields.unsupported("n", "only one answer per request is offered")
    declared = declared_tools(request)
    options = Options(
        stream=stream,
        include_usage=bool(
            request.stream_options and request.stream_options.include_usage
        ),
        reasoning=reasoning_wanted(request),
        stop=stop_texts(request.stop, "stop"),
        max_tokens=request.max_completion_tokens or request.max_tokens,
        format=read_format(request.response_format, "response_format"),
    )
    messages = tuple(
        read_message(message, f"messages.{index}")
        for index, message in enumerate(request.messages)
    )
    if not prompting.answerable(messages):
        raise fields.missing("messages", "hold nothing to answer")
    return Conversation(request.model, messages, options, declared.tools)


def declared_tools(request: Request) -> Declared:
    """The tools on offer; functions are their older form, read where there are none."""
    parallel = request.parallel_tool_calls is not False
    if request.tools is not None or request.functions is None:
        return openai_tools(request.tools, request.tool_choice, parallel=parallel)
    functions = [
        {**fields.record(value, f"functions.{index}"), "type": "function"}
        for index, value in enumerate(fields.items(request.functions, "functions"))
    ]
    try:
        return openai_tools(functions, named_choice(request), parallel=parallel)
    except GatewayError as error:
        raise in_older_words(error) from error


def named_choice(request: Request) -> RawJson:
    choice = request.function_call
    if not isinstance(choice, dict):
        return choice
    return {**choice, "type": "function"}


def in_older_words(error: GatewayError) -> GatewayError:
    """The same complaint, naming the members that the caller did send."""
    param = error.param or ""
    head, dot, rest = param.partition(".")
    older = {"tools": "functions", "tool_choice": "function_call"}.get(head, head)
    told = error.message.replace(param, f"{older}{dot}{rest}", 1)
    return GatewayError(error.kind, told, param=f"{older}{dot}{rest}")


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
