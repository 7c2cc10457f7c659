"""Parts of an answer that its whole form and its chunks have in common (3.3 to 3.5)."""

import hashlib

from gateway.conversation.events import Citation, Source, ToolCall, Usage
from gateway.protocols.base import Json


def call_id(answer_id: str, index: int) -> str:
    """Told by the answer and the place in it, so that the same answer has the same."""
    digest = hashlib.blake2b(f"{answer_id}/{index}".encode(), digest_size=12)
    return "call_" + digest.hexdigest()


def call_body(call: ToolCall, answer_id: str, index: int) -> Json:
    """A call as a whole; of a custom tool, its text."""
    named_id = call_id(answer_id, index)
    if call.custom:
        inner = {**named(call), "input": call.arguments}
        return {"id": named_id, "type": "custom", "custom": inner}
    inner = {**named(call), "arguments": call.arguments}
    return {"id": named_id, "type": "function", "function": inner}


def call_halves(call: ToolCall, answer_id: str, index: int) -> tuple[Json, Json]:
    """The two deltas of a streamed call: its name, then what it is given."""
    whole = call_body(call, answer_id, index)
    kind, member = ("custom", "input") if call.custom else ("function", "arguments")
    opening = {"index": index, **whole, kind: {**whole[kind], member: ""}}
    return opening, {"index": index, kind: {member: call.arguments}}


def named(call: ToolCall) -> Json:
    if call.namespace:
        return {"name": call.name, "namespace": call.namespace}
    return {"name": call.name}


def annotation(mark: Citation) -> Json:
    return {
        "type": "url_citation",
        "url_citation": {
            "url": mark.url,
            "title": mark.title,
            "start_index": mark.start,
            "end_index": mark.end,
        },
    }


def source_body(source: Source) -> Json:
    return {"url": source.url, "title": source.title, "type": source.type}


def usage_body(usage: Usage) -> Json:
    text_tokens = usage.completion_tokens - usage.reasoning_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "text_tokens": usage.prompt_tokens - usage.image_tokens,
            "audio_tokens": 0,
            "image_tokens": usage.image_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "text_tokens": text_tokens,
            "audio_tokens": 0,
        },
    }
