"""The output of one response as it grows: items, their indices and ids, and events.

A single state machine for streams and whole replies. It announces every item once and
in the order reasoning, searches, message, calls, closes each before the next begins,
and gives the finished ones out again unchanged at the end (public-api 4.3).
"""

from collections.abc import Iterable, Sequence

from gateway.conversation.events import (
    Citation,
    Finished,
    Searched,
    Source,
    ToolCall,
)
from gateway.errors import GatewayError
from gateway.protocols import sse
from gateway.protocols.base import Json
from gateway.protocols.openai_responses_body import (
    INCOMPLETE,
    Head,
    State,
    annotation,
    error_body,
    response_body,
    source_body,
)
from gateway.protocols.openai_responses_ids import call_id, item_id

OPENING_EVENTS = 2  # created and in_progress, which the encoder's opening sends


class Frames:
    """Makes event frames and numbers them."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = OPENING_EVENTS

    def frame(self, kind: str, members: Json) -> bytes:
        body = sse.dumps({"type": kind, "sequence_number": self.number, **members})
        self.number += 1
        return b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"


class Growing:
    """A text within an item: its delta frames cost one serialised string each."""

    __slots__ = ("_before", "_frames", "_texts", "place")

    def __init__(self, frames: Frames, kind: str, place: Json, more: Json) -> None:
        self._frames = frames
        self._texts: list[str] = []
        self.place = place
        body = sse.dumps({"type": kind, **place, **more})[:-1]
        head = b"event: " + kind.encode() + b"\ndata: " + body
        self._before = head + b',"sequence_number":'

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def grow(self, texts: Sequence[str]) -> bytes:
        """The frames of these pieces; the hot path of every stream."""
        before, dumps, number = self._before, sse.dumps, self._frames.number
        parts: list[bytes] = []
        for text in texts:
            parts += (before, b"%d" % number, b',"delta":', dumps(text), b"}\n\n")
            number += 1
        self._texts += texts
        self._frames.number = number
        return b"".join(parts)


class Output:
    """`done` becomes the final response object."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._frames = Frames()
        self._items: list[Json] = []
        self._thinking: Growing | None = None
        self._message: Growing | None = None
        self._searches: list[Searched] = []
        self._citations: list[Citation] = []
        self._sources: list[Source] = []
        self._calls: list[ToolCall] = []
        self.done: Json | None = None

    def say(self, texts: Sequence[str]) -> bytes:
        if self._message is not None:
            return self._message.grow(texts)
        texts = [text for text in texts if text]
        return self._open_message() + self.say(texts) if texts else b""

    def think(self, text: str) -> bytes:
        """Thoughts after the first text are not shown."""
        if self._message is not None or not text:
            return b""
        if self._thinking is not None:
            return self._thinking.grow((text,))
        return self._open_thinking() + self.think(text)

    def note(self, event: Searched | Citation | Source | ToolCall) -> None:
        """What has its place at the end of the message, or before or behind it."""
        match event:
            case Searched():
                if self._message is None:
                    self._searches.append(event)
            case Citation():
                self._citations.append(event)
            case Source():
                self._sources.append(event)
            case ToolCall():
                self._calls.append(event)

    def end(self, finished: Finished) -> bytes:
        incomplete = INCOMPLETE.get(finished.reason, "")
        status = "incomplete" if incomplete else "completed"
        frames: list[bytes] = []
        if self._message is None and not self._calls:
            frames.append(self._open_message())
        if self._message is None:
            frames.append(self._before_message())
        else:
            frames.append(self._close_message(self._message, status))
        frames += (self._call(call) for call in self._calls)
        completed_at = None if incomplete else int(self._head.clock())
        said = self._message is not None
        state = State(
            status,
            self._items,
            finished.usage,
            incomplete=incomplete,
            completed_at=completed_at,
            sources=() if said else tuple(self._sources),
        )
        self.done = response_body(self._head, state)
        frames.append(self._frames.frame(f"response.{status}", {"response": self.done}))
        return b"".join(frames)

    def fail(self, error: GatewayError) -> bytes:
        """The end of an answer that broke; what was open stays so."""
        state = State("failed", self._items, error=error_body(error))
        body = response_body(self._head, state)
        return self._frames.frame("response.failed", {"response": body})

    def _open_thinking(self) -> bytes:
        item = {"id": self._id("rs"), "type": "reasoning", "summary": []}
        index = len(self._items)
        place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        part = {"type": "summary_text", "text": ""}
        opened = self._added(item) + self._frames.frame(
            "response.reasoning_summary_part.added", {**place, "part": part}
        )
        kind = "response.reasoning_summary_text.delta"
        self._thinking = Growing(self._frames, kind, place, {})
        return opened

    def _close_thinking(self) -> bytes:
        if self._thinking is None:
            return b""
        place, text = self._thinking.place, self._thinking.text
        part = {"type": "summary_text", "text": text}
        item: Json = {
            "id": place["item_id"],
            "type": "reasoning",
            "status": "completed",
            "summary": [part],
        }
        if self._head.seal is not None:
            item["encrypted_content"] = self._head.seal(text)
        frame = self._frames.frame
        return (
            frame("response.reasoning_summary_text.done", {**place, "text": text})
            + frame("response.reasoning_summary_part.done", {**place, "part": part})
            + self._finished(item)
        )

    def _before_message(self) -> bytes:
        """Close the reasoning and tell the searches."""
        closed = self._close_thinking()
        return closed + b"".join(self._search(one) for one in self._searches)

    def _search(self, searched: Searched) -> bytes:
        queries = [searched.query] if searched.query else []
        action = {"type": "search", "query": searched.query, "queries": queries}
        item = {"id": self._id("ws"), "type": "web_search_call", "action": action}
        place = {"item_id": item["id"], "output_index": len(self._items)}
        frames = [self._added(item)]
        for step in ("in_progress", "searching", "completed"):
            kind = f"response.web_search_call.{step}"
            frames.append(self._frames.frame(kind, place))
        frames.append(self._finished({**item, "status": "completed"}))
        return b"".join(frames)

    def _open_message(self) -> bytes:
        before = self._before_message()
        item = {
            "id": self._id("msg"),
            "type": "message",
            "role": "assistant",
            "content": [],
        }
        index = len(self._items)
        place = {"item_id": item["id"], "output_index": index, "content_index": 0}
        opened = self._added(item) + self._frames.frame(
            "response.content_part.added", {**place, "part": text_part("", [])}
        )
        kind = "response.output_text.delta"
        self._message = Growing(self._frames, kind, place, {"logprobs": []})
        return before + opened

    def _close_message(self, message: Growing, status: str) -> bytes:
        place, text = message.place, message.text
        marks = [annotation(mark) for mark in self._citations]
        part = text_part(text, marks)
        item: Json = {
            "id": place["item_id"],
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [part],
        }
        if self._sources:
            item["search_sources"] = [source_body(one) for one in self._sources]
        frame = self._frames.frame
        return (
            b"".join(self._annotations(place, marks))
            + frame(
                "response.output_text.done", {**place, "text": text, "logprobs": []}
            )
            + frame("response.content_part.done", {**place, "part": part})
            + self._finished(item)
        )

    def _annotations(self, place: Json, marks: list[Json]) -> Iterable[bytes]:
        for index, mark in enumerate(marks):
            yield self._frames.frame(
                "response.output_text.annotation.added",
                {**place, "annotation_index": index, "annotation": mark},
            )

    def _call(self, call: ToolCall) -> bytes:
        custom = call.custom
        kind = "custom_tool_call" if custom else "function_call"
        member = "input" if custom else "arguments"
        event = f"response.{kind}_{member}"
        index = len(self._items)
        item: Json = {
            "id": self._id("ctc" if custom else "fc"),
            "type": kind,
            "call_id": call_id(self._head.stamp.id, index),
            "name": call.name,
        }
        if call.namespace:
            item["namespace"] = call.namespace
        given = {member: call.arguments}
        place = {"item_id": item["id"], "output_index": index}
        name = {} if custom else {"name": call.name}
        frame = self._frames.frame
        return (
            self._added({**item, member: ""})
            + frame(f"{event}.delta", {**place, "delta": call.arguments})
            + frame(f"{event}.done", {**place, **name, **given})
            + self._finished({**item, **given, "status": "completed"})
        )

    def _id(self, prefix: str) -> str:
        return item_id(prefix, self._head.stamp.id, len(self._items))

    def _added(self, item: Json) -> bytes:
        """Announce the item that comes after all finished ones."""
        members = {
            "output_index": len(self._items),
            "item": {**item, "status": "in_progress"},
        }
        return self._frames.frame("response.output_item.added", members)

    def _finished(self, item: Json) -> bytes:
        members = {"output_index": len(self._items), "item": item}
        self._items.append(item)
        return self._frames.frame("response.output_item.done", members)


def text_part(text: str, annotations: list[Json]) -> Json:
    return {
        "type": "output_text",
        "text": text,
        "annotations": annotations,
        "logprobs": [],
    }
