"""The content blocks of one answer, in order, each closed before the next begins.

One state machine for streams and whole replies: thinking, searches, text, calls. What
it starts, grows and stops goes into a sink (public-api 5.2, 5.3, 5.5).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from gateway.conversation.events import Searched, Source, ToolCall
from gateway.protocols import anthropic_messages_search as web
from gateway.protocols import sse
from gateway.protocols.anthropic_messages_sinks import Sink
from gateway.protocols.base import Json, Stamp


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer needs to know of its request.

    `sign` makes the signature of thinking from a digest of it; `input_tokens` is asked
    for when the stream opens.
    """

    stamp: Stamp
    sign: Callable[[str], str]
    input_tokens: Callable[[], int]
    search: bool = False
    search_forced: bool = False


class Blocks:
    """`searches` and `sources` are complete after `end`."""

    def __init__(self, sink: Sink, head: Head) -> None:
        self._sink = sink
        self._head = head
        self._thinking = False
        self._digest = hashlib.sha256()
        self._said = False  # text has come, be it held back
        self._text_open = False
        self._held: list[str] = []
        self._found = False
        self._findings: list[Searched | Source] = []
        self._calls: list[ToolCall] = []
        self.sources: list[Source] = []
        self.searches: list[web.Search] = []

    def think(self, text: str) -> bytes:
        """Thoughts after the first text are not shown."""
        if self._said or not text:
            return b""
        opened = b""
        if not self._thinking:
            self._thinking = True
            opened = self._sink.start(
                {"type": "thinking", "thinking": "", "signature": ""}
            )
        self._digest.update(text.encode("utf-8", "replace"))
        return opened + self._sink.grow("thinking_delta", text)

    def say(self, text: str) -> bytes:
        """With searches on, text waits until it is known what they found."""
        if not text:
            return b""
        self._said = True
        if self._head.search and not self._found:
            self._held.append(text)
            return b""
        opened = b"" if self._text_open else self._open_text()
        return opened + self._sink.grow("text_delta", text)

    def note(self, event: Searched | Source | ToolCall) -> None:
        match event:
            case ToolCall():
                self._calls.append(event)
            case Source():
                self.sources.append(event)
                if not self._said:
                    self._found = True
                    self._findings.append(event)
            case Searched():
                if not self._said:
                    self._findings.append(event)

    def end(self) -> bytes:
        frames: list[bytes] = []
        if not self._text_open:
            if self._said or not self._calls:
                frames.append(self._open_text())
            else:
                frames.append(self._before_text())
        if self._held:
            frames.append(self._sink.grow("text_delta", "".join(self._held)))
        if self._text_open:
            frames.append(self._sink.stop())
        frames += (self._call(number, call) for number, call in enumerate(self._calls))
        return b"".join(frames)

    def _open_text(self) -> bytes:
        self._text_open = True
        before = self._before_text()
        return before + self._sink.start({"type": "text", "text": ""})

    def _before_text(self) -> bytes:
        frames = [self._close_thinking()]
        if self._head.search:
            if not self._found:
                self._findings += self.sources
            forced = self._head.search_forced
            self.searches = web.searches_of(self._findings, forced)
            for block in web.blocks(self.searches, self._head.stamp.id):
                frames.append(self._put(block))
        return b"".join(frames)

    def _close_thinking(self) -> bytes:
        if not self._thinking:
            return b""
        signature = self._head.sign(self._digest.hexdigest())
        return self._sink.grow("signature_delta", signature) + self._sink.stop()

    def _call(self, number: int, call: ToolCall) -> bytes:
        name = web.derived_id("toolu_", self._head.stamp.id, f"call/{number}")
        block = {"type": "tool_use", "id": name, "name": call.name, "input": {}}
        return (
            self._sink.start(block)
            + self._sink.grow("input_json_delta", call.arguments)
            + self._sink.stop()
        )

    def _put(self, block: Json) -> bytes:
        """A block that is known as a whole; a tool's input is sent by itself."""
        grown = b""
        if "input" in block:
            started = self._sink.start({**block, "input": {}})
            grown = self._sink.grow(
                "input_json_delta", sse.dumps(block["input"]).decode()
            )
        else:
            started = self._sink.start(block)
        return started + grown + self._sink.stop()
