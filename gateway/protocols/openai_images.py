"""OpenAI pictures: request in, list of pictures or their stream out (public-api 6)."""

from base64 import b64encode
from collections.abc import Iterable
from typing import assert_never

from gateway.conversation import file_types
from gateway.conversation.drawing import Drawing
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
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.protocols import openai_errors, sse
from gateway.protocols.base import Json, Stamp
from gateway.protocols.openai_images_request import Request, parse

__all__ = ["Encoder", "Request", "failure", "parse", "reply"]

failure = openai_errors.failure


def reply(stamp: Stamp, completion: Completion, *, inline: bool) -> Json:
    finished = completion.finished
    if finished is None or not completion.media:
        raise ValueError("an answer without pictures or an end cannot be sent")
    data = [
        {"b64_json": in_base64(picture.data)} if inline else {"url": picture.url}
        for picture in completion.media
    ]
    usage = usage_body(finished.usage)
    return {"created": stamp.created, "data": data, "usage": usage}


class Encoder:
    """One picture on its way: previews, then the finished one; no closing frame."""

    def __init__(self, stamp: Stamp, drawing: Drawing, *, edit: bool) -> None:
        self._name = "image_edit" if edit else "image_generation"
        self._stamp = stamp
        self._drawing = drawing
        self._previews = 0
        self._ready: MediaReady | None = None

    def opening(self) -> bytes:
        return b""

    def keep_alive(self) -> bytes:
        return sse.KEEP_ALIVE

    def failure(self, error: GatewayError) -> bytes:
        return sse.frame(openai_errors.envelope(error))

    def feed(self, events: Iterable[Event]) -> bytes:
        return b"".join([self._one(event) for event in events])

    def _one(self, event: Event) -> bytes:
        match event:
            case MediaPreview():
                return self._preview(event.data)
            case MediaReady():
                self._ready = self._ready or event
            case Finished():
                return self._finish(event.usage)
            case TextDelta() | ReasoningDelta() | ToolCall() | Searched():
                pass
            case Source() | Citation() | MediaProgress() | MediaWithheld():
                pass
            case _:
                assert_never(event)
        return b""

    def _preview(self, data: bytes) -> bytes:
        if self._previews >= self._drawing.previews:
            return b""
        index, self._previews = self._previews, self._previews + 1
        return self._frame("partial_image", data, {"partial_image_index": index})

    def _finish(self, usage: Usage) -> bytes:
        if self._ready is None:
            raise ValueError("an answer without a picture cannot be sent")
        more: Json = {"usage": usage_body(usage)}
        if self._drawing.linked:
            more["url"] = self._ready.url
        return self._frame("completed", self._ready.data, more)

    def _frame(self, what: str, data: bytes, more: Json) -> bytes:
        name = f"{self._name}.{what}"
        payload: Json = {
            "type": name,
            "b64_json": in_base64(data),
            "created_at": self._stamp.created,
            "size": self._drawing.size,
            "quality": "auto",
            "background": "auto",
            "output_format": output_format(data),
            **more,
        }
        return b"event: " + name.encode() + b"\n" + sse.frame(payload)


def in_base64(data: bytes) -> str:
    return b64encode(data).decode()


def output_format(data: bytes) -> str:
    """As the bytes themselves say; upstream draws JPEG where they say nothing."""
    found = file_types.image_type(data[: file_types.SNIFFED_BYTES])
    return found.partition("/")[2] or "jpeg"


def usage_body(usage: Usage) -> Json:
    """Pictures cost no output tokens (public-api 8)."""
    return {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "input_tokens_details": {
            "text_tokens": usage.prompt_tokens - usage.image_tokens,
            "image_tokens": usage.image_tokens,
        },
    }
