"""OpenAI responses: request in, reply or stream out (public-api 4).

What grows between the first event and the last is the affair of `Output`.
"""

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
from gateway.protocols.base import Json
from gateway.protocols.openai_responses_body import Head, State, response_body
from gateway.protocols.openai_responses_output import Output
from gateway.protocols.openai_responses_request import Request, parse

__all__ = ["Encoder", "Request", "failure", "parse", "reply"]

failure = openai_errors.failure


def reply(head: Head, completion: Completion) -> Json:
    """The final object of the very stream that the same answer would have been."""
    output = Output(head)
    output.think("".join(completion.first_thoughts))
    for noted in (completion.searches, completion.citations, completion.sources):
        for event in noted:
            output.note(event)
    output.say((completion.text,))
    for call in completion.calls:
        output.note(call)
    if completion.finished is not None:
        output.end(completion.finished)
    if output.done is None:
        raise ValueError("an answer without an end cannot be sent")
    head.keep(output.done)
    return output.done


class Encoder:
    """One answer's events; only the delta is serialised per token."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._output = Output(head)

    def opening(self) -> bytes:
        body = sse.dumps(response_body(self._head, State("in_progress")))
        return opened("response.created", 0, body) + opened(
            "response.in_progress", 1, body
        )

    def keep_alive(self) -> bytes:
        return sse.KEEP_ALIVE

    def failure(self, error: GatewayError) -> bytes:
        return self._output.fail(error)

    def feed(self, events: Iterable[Event]) -> bytes:
        batch = tuple(events)
        texts = [event.text for event in batch if type(event) is TextDelta]
        if len(texts) == len(batch):
            return self._output.say(texts)
        return b"".join(self._one(event) for event in batch)

    def _one(self, event: Event) -> bytes:
        match event:
            case TextDelta():
                return self._output.say((event.text,))
            case ReasoningDelta():
                return b"" if event.late else self._output.think(event.text)
            case Searched() | Citation() | Source() | ToolCall():
                self._output.note(event)
            case Finished():
                return self._finish(event)
            case MediaProgress() | MediaPreview():
                pass
            case MediaReady() | MediaWithheld():
                pass
            case _:
                assert_never(event)
        return b""

    def _finish(self, event: Finished) -> bytes:
        ending = self._output.end(event)
        if self._output.done is not None:
            self._head.keep(self._output.done)
        return ending


def opened(kind: str, number: int, body: bytes) -> bytes:
    """An event with a response that is serialised once for both."""
    event = sse.dumps({"type": kind, "sequence_number": number})[:-1]
    return b'event: %b\ndata: %b,"response":%b}\n\n' % (kind.encode(), event, body)
