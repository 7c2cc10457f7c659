"""OpenAI chat completions: request in, reply or stream out (public-api 3)."""

from collections.abc import Iterable
from typing import assert_never

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    MediaPreview,
    MediaProgress,
    MediaReady,
    MediaWithheld,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.protocols import openai_errors, sse
from gateway.protocols.base import Json, Stamp
from gateway.protocols.openai_chat_body import (
    annotation,
    call_body,
    call_halves,
    source_body,
    usage_body,
)
from gateway.protocols.openai_chat_request import Request, parse

__all__ = ["Encoder", "Request", "failure", "parse", "reply"]

failure = openai_errors.failure


def reply(stamp: Stamp, completion: Completion) -> Json:
    finished = completion.finished
    if finished is None:
        raise ValueError("an answer without an end cannot be sent")
    text: str | None = completion.text
    if completion.calls and not text:
        text = None
    message: Json = {"role": "assistant", "content": text, "refusal": None}
    if completion.reasoning:
        message["reasoning_content"] = completion.reasoning
    if completion.calls:
        message["tool_calls"] = [
            call_body(call, stamp.id, index)
            for index, call in enumerate(completion.calls)
        ]
    if completion.citations:
        message["annotations"] = [annotation(mark) for mark in completion.citations]
    body: Json = {
        "id": stamp.id,
        "object": "chat.completion",
        "created": stamp.created,
        "model": stamp.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": str(finished.reason),
            }
        ],
        "usage": usage_body(finished.usage),
        "system_fingerprint": None,
    }
    if completion.sources:
        body["search_sources"] = [source_body(source) for source in completion.sources]
    return body


class Encoder:
    """One answer's chunks; only the delta is serialised per token."""

    def __init__(self, stamp: Stamp, *, include_usage: bool) -> None:
        head = sse.dumps(
            {
                "id": stamp.id,
                "object": "chat.completion.chunk",
                "created": stamp.created,
                "model": stamp.model,
            }
        )[:-1]
        self._head = b"data: " + head
        self._include_usage = include_usage
        self._end = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        choice = self._head + b',"choices":[{"index":0,"delta":{'
        self._tail = b'},"finish_reason":null}]' + self._end
        self._choice = choice
        self._content = choice + b'"content":'
        self._reasoning = choice + b'"reasoning_content":'
        self._id = stamp.id
        self._calls = 0
        self._sources: list[Source] = []
        self._citations: list[Citation] = []

    def opening(self) -> bytes:
        return self._choice + b'"role":"assistant","content":""' + self._tail

    def keep_alive(self) -> bytes:
        return sse.KEEP_ALIVE

    def failure(self, error: GatewayError) -> bytes:
        return sse.frame(openai_errors.envelope(error)) + sse.DONE

    def feed(self, events: Iterable[Event]) -> bytes:
        frames: list[bytes] = []
        texts: list[str] = []  # that come one after the other
        for event in events:
            if type(event) is TextDelta:
                if event.text:
                    texts.append(event.text)
                continue
            if texts:
                frames.append(sse.run(self._content, texts, self._tail))
                texts = []
            frames.append(self._other(event))
        if texts:
            frames.append(sse.run(self._content, texts, self._tail))
        return b"".join(frames)

    def _other(self, event: Event) -> bytes:
        match event:
            case ReasoningDelta():
                if event.text and not event.late:
                    return self._reasoning + sse.dumps(event.text) + self._tail
            case Source():
                self._sources.append(event)
            case Citation():
                self._citations.append(event)
            case Finished():
                return self._finish(event)
            case ToolCall():
                return self._call(event)
            case (
                TextDelta()
                | Searched()
                | MediaProgress()
                | MediaPreview()
                | MediaReady()
                | MediaWithheld()
            ):
                pass
            case _:
                assert_never(event)
        return b""

    def _call(self, event: ToolCall) -> bytes:
        opening = self._choice + b'"tool_calls":'
        frames: list[bytes] = []
        for half in call_halves(event, self._id, self._calls):
            frames += (opening, sse.dumps([half]), self._tail)
        self._calls += 1
        return b"".join(frames)

    def _finish(self, event: Finished) -> bytes:
        frames: list[bytes] = []
        if self._citations:
            marks = sse.dumps([annotation(mark) for mark in self._citations])
            frames.append(self._choice + b'"annotations":' + marks + self._tail)
        reason = sse.dumps(str(event.reason))
        frames.append(self._choice + b'},"finish_reason":' + reason + b"}]")
        if self._sources:
            found = sse.dumps([source_body(source) for source in self._sources])
            frames.append(b',"search_sources":' + found)
        usage = sse.dumps(usage_body(event.usage))
        if self._include_usage:
            frames.append(self._end)
            frames.append(self._head + b',"choices":[],"usage":' + usage + b"}\n\n")
        else:
            frames.append(b',"usage":' + usage + b"}\n\n")
        frames.append(sse.DONE)
        return b"".join(frames)
