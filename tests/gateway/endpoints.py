"""Every endpoint of the public API, with a good request that uses all it takes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel

from gateway.catalog import Catalog, Route
from gateway.protocols import (
    anthropic_messages,
    openai_chat,
    openai_images,
    openai_responses,
)
from gateway.protocols.openai_responses_request import Count
from tests.gateway.asgi import Exchange, envelope, refused
from tests.gateway.ground import MODEL, ROUTES

Json = dict[str, Any]  # bodies as they are sent

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TEXT = {"type": "text", "text": "Hi"}
VERSION = {"anthropic-version": "2023-06-01"}

CHAT: Json = {
    "model": MODEL,
    "stream": False,
    "stream_options": {"include_usage": True},
    "messages": [
        {"role": "developer", "content": [TEXT]},
        {"role": "user", "content": [TEXT]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": [TEXT]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "user", "content": "Go on."},
    ],
    "reasoning_effort": "high",
    "reasoning": {"effort": "low"},
    "thinking": {"type": "enabled"},
    "temperature": 1,
    "top_p": 0.5,
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": SCHEMA},
        },
        {"type": "custom", "custom": {"name": "g", "description": "d"}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "functions": [{"name": "h", "parameters": SCHEMA}],
    "function_call": {"name": "h"},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": SCHEMA, "strict": False},
    },
    "stop": ["STOP"],
    "max_tokens": 9,
    "max_completion_tokens": 9,
    "n": 1,
    "prompt_cache_key": "k",
    "image_config": {"n": 1},
    "video_config": {"seconds": 6},
}
RESPONSES: Json = {
    "model": MODEL,
    "input": [
        {"type": "message", "role": "user", "content": [TEXT | {"type": "input_text"}]},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "f",
            "arguments": "{}",
        },
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": "x"}],
        },
        {"type": "reasoning", "summary": []},
        {"role": "user", "content": "Go on."},
    ],
    "instructions": "Be brief.",
    "stream": False,
    "reasoning": {"effort": "low", "summary": "auto"},
    "temperature": 1,
    "top_p": 0.5,
    "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
    "max_output_tokens": 9,
    "store": False,
    "previous_response_id": None,
    "include": ["reasoning.encrypted_content"],
    "metadata": {"a": "b"},
    "truncation": "disabled",
    "user": "u",
    "prompt_cache_key": "k",
    "conversation": None,
    "prompt": None,
}
MESSAGES: Json = {
    "model": MODEL,
    "stream": False,
    "max_tokens": 9,
    "system": [TEXT],
    "messages": [
        {
            "role": "user",
            "content": [
                TEXT,
                {
                    "type": "document",
                    "title": "T",
                    "source": {"type": "text", "data": "Body"},
                },
                {
                    "type": "document",
                    "source": {"type": "content", "content": [TEXT]},
                },
                {
                    "type": "search_result",
                    "title": "T",
                    "source": "S",
                    "content": [TEXT],
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                TEXT,
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": "b"}},
            ],
        },
        {"role": "system", "content": "Note."},
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "is_error": True,
                    "content": [TEXT, {"type": "tool_reference", "tool_name": "t"}],
                },
                {"type": "of_the_future", "text": 3},
            ],
        },
        {"role": "user", "content": "Go on."},
    ],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "temperature": 1,
    "top_p": 0.5,
    "top_k": 5,
    "stop_sequences": ["STOP"],
    "tools": [
        {"name": "f", "description": "d", "input_schema": SCHEMA},
        {"type": "web_search_20250305", "name": "web_search"},
    ],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "output_config": {
        "effort": "high",
        "format": {"type": "json_schema", "schema": SCHEMA},
    },
    "metadata": {"user_id": "u"},
}
DRAW: Json = {
    "model": "grok-imagine-image",
    "prompt": "a lighthouse",
    "n": 1,
    "size": "1024x1024",
    "response_format": "url",
    "stream": False,
    "partial_images": 0,
}
CHANGE: Json = {
    "model": "grok-imagine-image-edit",
    "prompt": "sharper",
    "image": ["data:image/png;base64,aGk="],
}
FILM: Json = {
    "model": "grok-imagine-video",
    "prompt": "rain",
    "seconds": "6",
    "size": "720x1280",
    "resolution_name": "720p",
    "preset": "custom",
    "input_reference": ["data:image/png;base64,aGk="],
}
PICTURES = (
    Route("grok-imagine-image", "Image", "auto", "image", ("super",)),
    Route("grok-imagine-image-edit", "Edit", "auto", "image_edit", ("super",)),
)
CATALOG = Catalog([*ROUTES, *PICTURES])
UNKNOWN_RESPONSE = "/v1/responses/resp_" + "0" * 32
UNKNOWN_VIDEO = "/v1/videos/video_" + "0" * 32


@dataclass(frozen=True)
class Endpoint:
    """`asks`: a good request goes to upstream. `stored`: the database is looked at.

    `draws`: it goes where the ground has nothing. `forms`: bodies may be forms, too.
    """

    method: str
    path: str
    anthropic: bool = False
    document: Json | None = None
    model: type[BaseModel] | None = None
    asks: bool = False
    stored: bool = False
    keyless: bool = False
    draws: bool = False
    forms: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}{' (Anthropic)' if self.headers else ''}"

    def request(self, document: object = None, **more: Any) -> Exchange:
        """The good request, or another body; `more` as `Exchange` takes it."""
        body = self.document if document is None else document
        data = b"" if body is None else orjson.dumps(body)
        more["headers"] = {**self.headers, **more.get("headers", {})}
        method = more.pop("method", self.method)
        path = more.pop("path", self.path)
        return Exchange(method, path, more.pop("body", data), **more)

    def error(self, exchange: Exchange) -> tuple[int, str]:
        """Status and kind of an error, which must have the shape of this dialect."""
        found: tuple[int, str] = (refused if self.anthropic else envelope)(exchange)
        return found


ENDPOINTS = (
    Endpoint("POST", "/v1/chat/completions", False, CHAT, openai_chat.Request, True),
    Endpoint("POST", "/v1/responses", False, RESPONSES, openai_responses.Request, True),
    Endpoint(
        "POST",
        "/v1/responses/compact",
        False,
        RESPONSES,
        openai_responses.Request,
        True,
    ),
    Endpoint("POST", "/v1/responses/input_tokens", False, RESPONSES, Count),
    Endpoint("POST", "/v1/messages", True, MESSAGES, anthropic_messages.Request, True),
    Endpoint(
        "POST",
        "/v1/messages/count_tokens",
        True,
        MESSAGES,
        anthropic_messages.Request,
    ),
    Endpoint(
        "POST",
        "/v1/images/generations",
        document=DRAW,
        model=openai_images.Request,
        draws=True,
    ),
    Endpoint("POST", "/v1/images/edits", document=CHANGE, draws=True, forms=True),
    Endpoint("POST", "/v1/videos", document=FILM, draws=True, forms=True),
    Endpoint("GET", "/v1/videos"),
    Endpoint("GET", UNKNOWN_VIDEO, stored=True),
    Endpoint("DELETE", UNKNOWN_VIDEO, stored=True),
    Endpoint("GET", f"{UNKNOWN_VIDEO}/content", stored=True),
    Endpoint("GET", "/v1/models"),
    Endpoint("GET", f"/v1/models/{MODEL}"),
    Endpoint("GET", "/v1/models", True, headers=VERSION),
    Endpoint("GET", f"/v1/models/{MODEL}", True, headers=VERSION),
    Endpoint("GET", UNKNOWN_RESPONSE, stored=True),
    Endpoint("DELETE", UNKNOWN_RESPONSE, stored=True),
    Endpoint("GET", f"{UNKNOWN_RESPONSE}/input_items", stored=True),
    Endpoint("POST", f"{UNKNOWN_RESPONSE}/cancel", stored=True),
    Endpoint("GET", "/v1/files/image", keyless=True),
    Endpoint("GET", "/v1/files/video", keyless=True),
)
TAKING_JSON = [one for one in ENDPOINTS if one.document is not None]
READ = [one for one in TAKING_JSON if one.model is not None]  # by a model
ANSWERED = [one for one in TAKING_JSON if not one.draws]  # on the ground
ASKING = [one for one in ENDPOINTS if one.asks]


def label(endpoint: Endpoint) -> str:
    return endpoint.label


def places(
    value: object, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(document: Json, path: tuple[Any, ...], value: object) -> Json:
    """A copy with another value at one place."""
    copy: Json = orjson.loads(orjson.dumps(document))
    holder: Any = copy
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return copy
