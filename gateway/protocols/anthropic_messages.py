"""Anthropic messages: request in, reply or stream out (public-api 5).

Which blocks an answer has, and in what order, is the affair of `Blocks`.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaPreview,
    MediaProgress,
    MediaReady,
    MediaWithheld,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.protocols import anthropic_errors, sse
from gateway.protocols import anthropic_messages_search as web
from gateway.protocols.anthropic_messages_blocks import Blocks, Head
from gateway.protocols.anthropic_messages_request import Request, parse
from gateway.protocols.anthropic_messages_sinks import (
    DELTA_END,
    Whole,
    Wire,
    event,
)
from gateway.protocols.base import Json

__all__ = ["Encoder", "Request", "failure", "parse", "reply"]

failure = anthropic_errors.failure

REASONS: Mapping[FinishReason, str] = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
}
PING = event("ping", {})
STOP = event("message_stop", {})


def reply(head: Head, completion: Completion) -> Json:
    """The message that the same answer's stream would have added up to."""
    if completion.finished is None:
        raise ValueError("an answer without an end cannot be sent")
    whole = Whole()
    blocks = Blocks(whole, head)
    blocks.think("".join(completion.first_thoughts))
    for finding in completion.first_findings:
        blocks.note(finding)
    blocks.say(completion.text)
    for source in completion.sources[len(blocks.sources) :]:
        blocks.note(source)
    for call in completion.calls:
        blocks.note(call)
    blocks.end()
    ending = ended(completion.finished, blocks)
    return {
        **message(head),
        "content": whole.content,
        **ending.pop("delta"),
        **ending,
    }


class Encoder:
    """One answer's events; only the delta is serialised per token."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._wire = Wire()
        self._blocks = Blocks(self._wire, head)

    def opening(self) -> bytes:
        usage = usage_body(Usage(self._head.input_tokens(), 0, 0))
        del usage["output_tokens_details"]
        begun = {**message(self._head), **stop_body(None), "usage": usage}
        return event("message_start", {"message": begun}) + PING

    def keep_alive(self) -> bytes:
        return PING

    def failure(self, error: GatewayError) -> bytes:
        body = anthropic_errors.envelope(error)
        return b"event: error\ndata: " + sse.dumps(body) + b"\n\n"

    def feed(self, events: Iterable[Event]) -> bytes:
        frames: list[bytes] = []
        texts: list[str] = []  # that come one after the other into an open block
        for one in events:
            if type(one) is TextDelta and self._wire.text_head:
                if one.text:
                    texts.append(one.text)
                continue
            if texts:
                frames.append(sse.run(self._wire.text_head, texts, DELTA_END))
                texts = []
            frames.append(self._one(one))
        if texts:
            frames.append(sse.run(self._wire.text_head, texts, DELTA_END))
        return b"".join(frames)

    def _one(self, one: Event) -> bytes:
        match one:
            case TextDelta():
                return self._blocks.say(one.text)
            case ReasoningDelta():
                return b"" if one.late else self._blocks.think(one.text)
            case Searched() | Source() | ToolCall():
                self._blocks.note(one)
            case Finished():
                return self._finish(one)
            case Citation():
                pass
            case MediaProgress() | MediaPreview():
                pass
            case MediaReady() | MediaWithheld():
                pass
            case _:
                assert_never(one)
        return b""

    def _finish(self, finished: Finished) -> bytes:
        frames = self._blocks.end()
        return frames + event("message_delta", ended(finished, self._blocks)) + STOP


def message(head: Head) -> Json:
    return {
        "id": head.stamp.id,
        "type": "message",
        "role": "assistant",
        "model": head.stamp.model,
        "content": [],
    }


def ended(finished: Finished, blocks: Blocks) -> Json:
    """What is known at the end only: why, at what cost, and what was looked up."""
    usage = usage_body(finished.usage)
    if blocks.searches:
        usage["server_tool_use"] = web.requests_made(blocks.searches)
    body: Json = {"delta": stop_body(finished), "usage": usage}
    if blocks.sources:
        body["search_sources"] = [source_body(source) for source in blocks.sources]
    return body


def stop_body(finished: Finished | None) -> Json:
    if finished is None:
        return {"stop_reason": None, "stop_sequence": None}
    if finished.reason is FinishReason.STOP and finished.stop is not None:
        return {"stop_reason": "stop_sequence", "stop_sequence": finished.stop}
    return {"stop_reason": REASONS[finished.reason], "stop_sequence": None}


def source_body(source: Source) -> Json:
    return {"url": source.url, "title": source.title, "type": source.type}


def usage_body(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }
