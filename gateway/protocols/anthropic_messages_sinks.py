"""Where the blocks of a message go: as frames on the wire, or into a whole reply."""

from typing import Protocol

import orjson

from gateway.protocols import sse
from gateway.protocols.base import Json

GROWS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
DELTA_END = b"}}\n\n"


class Sink(Protocol):
    """Takes one block after the other: started, grown, stopped."""

    def start(self, block: Json) -> bytes: ...

    def grow(self, kind: str, text: str) -> bytes: ...

    def stop(self) -> bytes: ...


def event(kind: str, members: Json) -> bytes:
    body = sse.dumps({"type": kind, **members})
    return b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"


def delta_head(index: int, kind: str) -> bytes:
    """All of a delta's frame but its text and `DELTA_END`."""
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
        b'"delta":{"type":"%s","%s":' % (index, kind.encode(), GROWS[kind].encode())
    )


class Wire:
    """Frames; of a delta only its text is serialised.

    `text_head` begins every delta frame of a text block, and is empty outside of one.
    """

    def __init__(self) -> None:
        self._index = -1
        self._kind = ""
        self._head = b""
        self.text_head = b""

    def start(self, block: Json) -> bytes:
        self._index += 1
        self._kind = ""
        if block["type"] == "text":
            self.text_head = delta_head(self._index, "text_delta")
        place = {"index": self._index, "content_block": block}
        return event("content_block_start", place)

    def grow(self, kind: str, text: str) -> bytes:
        if kind != self._kind:
            self._kind, self._head = kind, delta_head(self._index, kind)
        return self._head + sse.dumps(text) + DELTA_END

    def stop(self) -> bytes:
        self.text_head = b""
        return event("content_block_stop", {"index": self._index})


class Whole:
    """The finished blocks, in `content`; nothing goes over the wire."""

    def __init__(self) -> None:
        self.content: list[Json] = []
        self._grown: dict[str, list[str]] = {}

    def start(self, block: Json) -> bytes:
        self.content.append(dict(block))
        self._grown.clear()
        return b""

    def grow(self, kind: str, text: str) -> bytes:
        self._grown.setdefault(kind, []).append(text)
        return b""

    def stop(self) -> bytes:
        block = self.content[-1]
        for kind, texts in self._grown.items():
            text = "".join(texts)
            if kind == "input_json_delta":
                block["input"] = orjson.loads(text)
            else:
                block[GROWS[kind]] = text
        return b""
