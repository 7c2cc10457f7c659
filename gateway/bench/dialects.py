"""Each dialect the load generator speaks: how it asks, and how its replies are read."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MODEL = "grok-4.20-fast"
Json = dict[str, Any]  # raw JSON, not ours
TOOL = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "Where to look, from the root"},
        "pattern": {"type": "string", "description": "What to look for"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
        "kinds": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
    },
    "required": ["path"],
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """`marker` finds a frame that carries text; an empty first delta does not count."""

    path: str
    marker: re.Pattern[bytes]
    body: Callable[[str, bool, int], Json]  # prompt, stream, number of tools
    reply_text: Callable[[Json], str]
    stream_text: Callable[[bytes], str]


def upstream_body(prompt: str, _stream: bool, _tools: int) -> Json:
    return {
        "message": f"[user]: {prompt}",
        "modeId": "fast",
        "temporary": True,
        "disableMemory": True,
        "fileAttachments": [],
        "imageAttachments": [],
        "toolOverrides": {},
        "responseMetadata": {},
    }


def chat_body(prompt: str, stream: bool, tools: int) -> Json:
    messages = [{"role": "user", "content": prompt}]
    body: Json = {"model": MODEL, "stream": stream, "messages": messages}
    if tools:
        body["tools"] = [
            {"type": "function", "function": {**named(n), "parameters": TOOL}}
            for n in range(tools)
        ]
    return body


def responses_body(prompt: str, stream: bool, tools: int) -> Json:
    body: Json = {"model": MODEL, "stream": stream, "input": prompt}
    if tools:
        body["tools"] = [
            {"type": "function", **named(n), "parameters": TOOL} for n in range(tools)
        ]
    return body


def messages_body(prompt: str, stream: bool, tools: int) -> Json:
    body = chat_body(prompt, stream, 0) | {"max_tokens": 4096}
    if tools:
        body["tools"] = [{**named(n), "input_schema": TOOL} for n in range(tools)]
    return body


def named(number: int) -> Json:
    told = f"Looks for things of kind {number} in the files below a path."
    return {"name": f"look_up_{number}", "description": told}


def upstream_text(body: bytes) -> str:
    lines = [json.loads(line) for line in body.splitlines() if line.strip()]
    return "".join(upstream_token(frame) for frame in lines)


def upstream_token(frame: Json) -> str:
    if "error" in frame:
        raise ValueError(f"error in the stream: {frame['error']}")
    response = frame.get("result", {}).get("response", {})
    if response.get("isThinking") or response.get("messageTag") != "final":
        return ""
    return str(response.get("token") or "")


def chat_reply(reply: Json) -> str:
    return str(reply["choices"][0]["message"]["content"])


def chat_stream(body: bytes) -> str:
    frames = body.decode().split("\n\n")
    if frames[-2:] != ["data: [DONE]", ""]:
        raise ValueError("the stream does not end with [DONE]")
    parts = []
    finished = False
    for frame in frames[:-2]:
        chunk = json.loads(frame.removeprefix("data: "))
        if "error" in chunk:
            raise ValueError(f"error in the stream: {chunk['error']}")
        for choice in chunk["choices"]:
            parts.append(choice["delta"].get("content") or "")
            finished = finished or choice.get("finish_reason") == "stop"
    if not finished:
        raise ValueError("no finish_reason")
    return "".join(parts)


def responses_reply(reply: Json) -> str:
    messages = [item for item in reply["output"] if item["type"] == "message"]
    return "".join(part["text"] for item in messages for part in item["content"])


def responses_stream(body: bytes) -> str:
    events = named_events(body)
    if events[-1]["type"] != "response.completed":
        raise ValueError(f"the stream ends with {events[-1]['type']}")
    deltas = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    text = "".join(deltas)
    if responses_reply(events[-1]["response"]) != text:
        raise ValueError("the last event holds another text than the deltas")
    return text


def messages_reply(reply: Json) -> str:
    return "".join(b["text"] for b in reply["content"] if b["type"] == "text")


def messages_stream(body: bytes) -> str:
    events = named_events(body)
    if events[-1]["type"] != "message_stop":
        raise ValueError(f"the stream ends with {events[-1]['type']}")
    deltas = [e["delta"] for e in events if e["type"] == "content_block_delta"]
    return "".join(delta.get("text", "") for delta in deltas)


def named_events(body: bytes) -> list[Json]:
    """The data of all frames; comments are passed over."""
    frames = [frame for frame in body.decode().split("\n\n") if frame]
    datas = [frame.partition("data: ")[2] for frame in frames if frame[0] != ":"]
    return [json.loads(data) for data in datas]


ALL: Mapping[str, Spoken] = {
    "upstream": Spoken(
        "/rest/app-chat/conversations/new",
        re.compile(rb'"token":\s*"[^"]'),
        upstream_body,
        lambda reply: upstream_token(reply),
        upstream_text,
    ),
    "chat": Spoken(
        "/v1/chat/completions",
        re.compile(rb'"content":\s*"[^"]'),
        chat_body,
        chat_reply,
        chat_stream,
    ),
    "responses": Spoken(
        "/v1/responses",
        re.compile(rb'output_text\.delta".*?"delta":\s*"[^"]'),
        responses_body,
        responses_reply,
        responses_stream,
    ),
    "messages": Spoken(
        "/v1/messages",
        re.compile(rb'text_delta","text":\s*"[^"]'),
        messages_body,
        messages_reply,
        messages_stream,
    ),
}
