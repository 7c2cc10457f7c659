"""Answers in neutral events, with everything fixed that would differ between runs."""

import orjson

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaProgress,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.protocols.anthropic_messages import Encoder, reply
from gateway.protocols.anthropic_messages_blocks import Head
from gateway.protocols.base import Json, Stamp

STAMP = Stamp("msg_" + "5b1c7e0f" * 3, 1_795_300_000, "grok-4.20-auto")
USAGE = Usage(9, 8, 5)
STOP = Finished(FinishReason.STOP, USAGE)
CALLED = Finished(FinishReason.TOOL_CALLS, USAGE)
OSLO = ToolCall("get_weather", '{"city":"Oslo"}')
ROME = ToolCall("get_weather", '{"city":"Rome"}')
A = Source("https://a.example", "A")
B = Source("https://b.example", "B")
POST = Source("https://x.com/a/status/1", "a", "x_post")

ANSWERS: dict[str, list[Event]] = {
    "text": [TextDelta("Hi "), TextDelta("th\u00e9re."), STOP],
    "thinking_text": [
        ReasoningDelta("Look "),
        ReasoningDelta("it up."),
        TextDelta("Hi."),
        STOP,
    ],
    "late_thinking": [
        ReasoningDelta("Early."),
        TextDelta("Hi"),
        ReasoningDelta("Too late.", late=True),
        TextDelta("."),
        STOP,
    ],
    "thinking_only": [ReasoningDelta("Think."), STOP],
    "nothing": [STOP],
    "call": [OSLO, CALLED],
    "text_call": [TextDelta("Let me check."), OSLO, CALLED],
    "thinking_two_calls": [ReasoningDelta("Two."), OSLO, ROME, CALLED],
    "sources": [
        MediaProgress("m", 50),
        TextDelta("Rain [[1]](https://a.example)."),
        A,
        POST,
        Citation("https://a.example", "A", 4, 30),
        STOP,
    ],
    "sources_call": [A, OSLO, CALLED],
    "stop_sequence": [
        TextDelta("one "),
        Finished(FinishReason.STOP, USAGE, "STOP"),
    ],
    "max_tokens": [TextDelta("Cut o"), Finished(FinishReason.LENGTH, USAGE)],
    "refusal": [TextDelta("No"), Finished(FinishReason.CONTENT_FILTER, USAGE)],
}
# With a web search tool among the request's.
SEARCHING: dict[str, list[Event]] = {
    "search": [
        ReasoningDelta("Look."),
        Searched("weather oslo"),
        A,
        B,
        ReasoningDelta("More."),
        Searched("rain"),
        POST,
        TextDelta("Rain"),
        TextDelta("."),
        STOP,
    ],
    "search_found_late": [
        Searched("weather oslo"),
        TextDelta("Rain"),
        A,
        TextDelta("."),
        B,
        STOP,
    ],
    "search_found_more": [Searched("a"), A, TextDelta("Rain"), B, STOP],
    "search_unnamed": [A, TextDelta("Rain."), STOP],
    "search_unused": [ReasoningDelta("No."), TextDelta("Rain"), TextDelta("."), STOP],
    "search_call": [Searched("a"), A, OSLO, CALLED],
    "search_empty": [Searched("a"), STOP],
}
FORCED: dict[str, list[Event]] = {
    "forced": [Searched("weather"), A, TextDelta("Rain."), STOP],
    "forced_unused": [ReasoningDelta("No."), TextDelta("Dry."), STOP],
}


def head(*, search: bool = False, forced: bool = False) -> Head:
    return Head(
        STAMP,
        sign=lambda digest: f"signed:{digest[:8]}",
        input_tokens=lambda: 9,
        search=search or forced,
        search_forced=forced,
    )


CASES = {
    **{name: (events, head()) for name, events in ANSWERS.items()},
    **{name: (events, head(search=True)) for name, events in SEARCHING.items()},
    **{name: (events, head(forced=True)) for name, events in FORCED.items()},
}


def streamed(events, made, chunks=()):
    """The bytes of a stream; `chunks` says how many events come in each batch."""
    encoder = Encoder(made)
    rest, data = list(events), [encoder.opening()]
    for size in chunks:
        data.append(encoder.feed(rest[:size]))
        rest = rest[size:]
    data.append(encoder.feed(rest))
    return b"".join(data)


def whole(events, made):
    completion = Completion()
    completion.add(events)
    return reply(made, completion)


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


def folded(events):
    """The message that a client puts together from a stream's events."""
    message: Json = {}
    texts: list[str] = []
    opened = False
    for event in events:
        match event["type"]:
            case "message_start":
                assert not message
                message = event["message"]
            case "content_block_start":
                assert not opened
                assert event["index"] == len(message["content"])
                opened, texts = True, []
                message["content"].append(event["content_block"])
            case "content_block_delta":
                assert opened
                assert event["index"] == len(message["content"]) - 1
                grow(message["content"][-1], event["delta"], texts)
            case "content_block_stop":
                assert opened
                opened = False
            case "message_delta":
                assert not opened
                del event["type"]
                message |= {**event.pop("delta"), **event}
    assert events[-1]["type"] == "message_stop"
    return message


def grow(block, delta, texts):
    kind = delta["type"]
    if kind == "input_json_delta":
        texts.append(delta["partial_json"])
        block["input"] = orjson.loads("".join(texts))
        return
    member = kind.removesuffix("_delta")
    block[member] += delta[member]
