"""Answers in neutral events, with everything fixed that would differ between runs."""

import orjson

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.protocols.base import Stamp
from gateway.protocols.openai_responses import Encoder, Request, parse, reply
from gateway.protocols.openai_responses_body import Head, echo

STAMP = Stamp("resp_" + "5b1c7e0f" * 4, 1_795_300_000, "grok-4.20-auto")
FINISHED_AT = 1_795_300_004
USAGE = Usage(9, 8, 5)
STOP = Finished(FinishReason.STOP, USAGE)
CALLED = Finished(FinishReason.TOOL_CALLS, USAGE)
OSLO = ToolCall("get_weather", '{"city":"Oslo"}')
ROME = ToolCall("get_weather", '{"city":"Rome"}')
PATCH = ToolCall("apply_patch", "*** Begin Patch\n", custom=True)
MAIL = ToolCall("send", '{"to":"a"}', namespace="mail")
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}

ANSWERS: dict[str, list[Event]] = {
    "text": [TextDelta("Hi "), TextDelta("there."), STOP],
    "reasoning_text": [
        ReasoningDelta("Look "),
        ReasoningDelta("it up."),
        TextDelta("Hi."),
        ReasoningDelta("Too late.", late=True),
        STOP,
    ],
    "reasoning_only": [ReasoningDelta("Think."), STOP],
    "nothing": [STOP],
    "call_only": [OSLO, CALLED],
    "text_call": [TextDelta("Let me check."), OSLO, CALLED],
    "reasoning_calls": [ReasoningDelta("Two."), OSLO, ROME, CALLED],
    "custom_call": [PATCH, CALLED],
    "namespaced_call": [MAIL, CALLED],
    "search": [
        Searched("weather oslo"),
        ReasoningDelta("Found."),
        Searched(""),
        TextDelta("Rain [[1]](https://a.example)."),
        Source("https://a.example", "A"),
        Source("https://x.com/a/status/1", "a", "x_post"),
        Citation("https://a.example", "A", 4, 30),
        STOP,
    ],
    "sources_call": [Source("https://a.example", "A"), OSLO, CALLED],
    "incomplete": [TextDelta("Cut o"), Finished(FinishReason.LENGTH, USAGE)],
    "filtered": [TextDelta("No"), Finished(FinishReason.CONTENT_FILTER, USAGE)],
}


def request(**members):
    return Request(**{"model": "grok-4.20-auto", "input": "Hi", **members})


def head(seal=None, keep=None, **members):
    """The head of an answer to such a request."""
    asked = request(**members)
    parse(asked)
    more = {} if keep is None else {"keep": keep}
    return Head(STAMP, echo(asked), seal, clock=lambda: FINISHED_AT + 0.9, **more)


def streamed(events, *, chunks=(), made=None):
    """The bytes of a stream; `chunks` says how many events come in each batch."""
    encoder = Encoder(made or head())
    rest, data = list(events), [encoder.opening()]
    for size in chunks:
        data.append(encoder.feed(rest[:size]))
        rest = rest[size:]
    data.append(encoder.feed(rest))
    return b"".join(data)


def events_of(data):
    """The events of a stream, checked to be framed as they should."""
    frames = data.split(b"\n\n")
    assert frames.pop() == b""
    found = []
    for frame in frames:
        name, payload = frame.split(b"\n")
        event = orjson.loads(payload.removeprefix(b"data: "))
        assert name == b"event: " + event["type"].encode()
        found.append(event)
    return found


def whole(events, made=None):
    completion = Completion()
    completion.add(events)
    return reply(made or head(), completion)
