"""The response object of the responses dialect, and what of it repeats the request."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.conversation.events import Citation, FinishReason, Source, Usage
from gateway.errors import GatewayError, Kind
from gateway.protocols import fields
from gateway.protocols.base import STATUS, Json, Stamp
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_responses_request import Members

TRUNCATIONS = ("auto", "disabled")
SUMMARIES = ("auto", "concise", "detailed")
VERBOSITIES = ("low", "medium", "high")
INCOMPLETE: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
}


def keep_nothing(_body: Json) -> None:
    """For answers that nobody will ask for again."""


@dataclass(frozen=True, slots=True)
class Head:
    """What all objects of one answer have in common.

    `seal` makes the opaque content of a reasoning item, where that was asked for;
    `keep` is given the final object before its last byte is sent.
    """

    stamp: Stamp
    echo: Json = field(default_factory=dict)
    seal: Callable[[str], str] | None = None
    keep: Callable[[Json], None] = keep_nothing
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class State:
    """How far an answer has come; `output` holds its finished items."""

    status: str
    output: list[Json] = field(default_factory=list)
    usage: Usage | None = None
    error: Json | None = None
    incomplete: str = ""
    completed_at: int | None = None
    sources: tuple[Source, ...] = ()


def response_body(head: Head, state: State) -> Json:
    usage = None if state.usage is None else usage_body(state.usage)
    reason = {"reason": state.incomplete} if state.incomplete else None
    body: Json = {
        "id": head.stamp.id,
        "object": "response",
        "created_at": head.stamp.created,
        "completed_at": state.completed_at,
        "status": state.status,
        "background": False,
        "error": state.error,
        "incomplete_details": reason,
        "model": head.stamp.model,
        "output": state.output,
        "usage": usage,
        **head.echo,
    }
    if state.sources:
        body["search_sources"] = [source_body(source) for source in state.sources]
    return body


def echo(request: Members) -> Json:
    """The members that say the request again, in their flat and complete form."""
    body: Json = {
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "metadata": metadata_echo(request.metadata or {}),
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id or None,
        "reasoning": reasoning_echo(request),
        "store": request.stored,
        "temperature": 0.8 if request.temperature is None else request.temperature,
        "text": text_echo(request.text or {}),
        "tool_choice": choice_echo(request.tool_choice),
        "tools": [tool for given in request.tools or () for tool in tool_echo(given)],
        "top_p": 0.95 if request.top_p is None else request.top_p,
        "truncation": one_of(TRUNCATIONS, request.truncation) or "disabled",
        "user": request.user if isinstance(request.user, str) else None,
    }
    for name in ("text", "tool_choice", "tools"):
        fields.json_text(body[name], name)  # what cannot be said again is refused now
    return body


def metadata_echo(metadata: Mapping[str, RawJson]) -> Json:
    """Values are strings in this protocol; others are told as JSON, null is unsent."""
    return {
        key: value
        if isinstance(value, str)
        else fields.json_text(value, f"metadata.{key}")
        for key, value in metadata.items()
        if value is not None
    }


def reasoning_echo(request: Members) -> Json:
    given = request.reasoning
    if given is None:
        return {"effort": None, "summary": None}
    return {"effort": given.effort, "summary": one_of(SUMMARIES, given.summary)}


def text_echo(text: Mapping[str, RawJson]) -> Json:
    body: Json = {"format": {"type": "text"}}
    if text.get("format") is not None:
        wanted = dict(text["format"])
        nested = wanted.pop("json_schema", None)
        body["format"] = wanted | nested if isinstance(nested, dict) else wanted
    if verbosity := one_of(VERBOSITIES, text.get("verbosity")):
        body["verbosity"] = verbosity
    return body


def one_of(words: Iterable[str], given: RawJson) -> str | None:
    return given if isinstance(given, str) and given in words else None


def choice_echo(choice: RawJson) -> str | Json:
    """Flat; what this protocol's types do not know is told as `auto`."""
    if isinstance(choice, str):
        return "required" if choice == "any" else choice
    if not isinstance(choice, dict):
        return "auto"
    inner = flat(choice)
    kind = inner["type"]
    if kind == "allowed_tools":
        tools = [flat(tool) for tool in inner["tools"]]
        return {"type": kind, "mode": inner.get("mode") or "auto", "tools": tools}
    if kind in {"function", "custom", "tool"}:
        known = "custom" if kind == "custom" else "function"
        return {"type": known, "name": inner["name"]}
    words = {"any": "required", "none": "none"}
    return words.get(kind, "auto")


def flat(tool: Json) -> Json:
    """A tool or its mention, out of the member that chat nests it in."""
    kind = "function" if tool.get("type") is None else tool["type"]
    nested = tool.get(kind) if isinstance(kind, str) else None
    if not isinstance(nested, dict):
        return {**tool, "type": kind}
    rest = {name: value for name, value in tool.items() if name != kind}
    return {**rest, **nested, "type": kind}


def tool_echo(given: RawJson) -> Iterable[Json]:
    """A declared tool as this protocol has it; nothing for one that is not offered."""
    tool = flat(given)
    kind = tool["type"]
    if kind == "function":
        yield function_echo(tool)
    elif kind == "custom":
        yield custom_echo(tool)
    elif kind == "namespace":
        members = [one for inner in tool["tools"] for one in tool_echo(inner)]
        told = tool.get("description") or ""
        yield {**named(tool), "description": told, "tools": members}
    elif kind.startswith("web_search"):
        yield tool


def function_echo(tool: Json) -> Json:
    schema = tool.get("parameters")
    return {
        **named(tool),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema") if schema is None else schema,
        "strict": tool["strict"] if isinstance(tool.get("strict"), bool) else None,
    }


def custom_echo(tool: Json) -> Json:
    body = {**named(tool), "description": tool.get("description")}
    if isinstance(tool.get("format"), dict):
        body["format"] = flat(tool["format"])
    return body


def named(tool: Json) -> Json:
    return {"type": tool["type"], "name": tool["name"].strip()}


def usage_body(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def annotation(mark: Citation) -> Json:
    return {
        "type": "url_citation",
        "url": mark.url,
        "title": mark.title,
        "start_index": mark.start,
        "end_index": mark.end,
    }


def source_body(source: Source) -> Json:
    return {"url": source.url, "title": source.title, "type": source.type}


def error_body(error: GatewayError) -> Json:
    """One of the few codes this protocol knows within a stream."""
    code = "server_error"
    if error.kind is Kind.RATE_LIMITED:
        code = "rate_limit_exceeded"
    elif STATUS[error.kind] == 400:
        code = "invalid_prompt"
    return {"code": code, "message": error.message}
