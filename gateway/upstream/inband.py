"""Errors that upstream reports inside a 200 stream (upstream-protocol 3.11, 13.4)."""

from gateway.conversation.events import Event
from gateway.upstream.fields import Json, items, number, record, text

RATE_LIMIT_CODE = 8


class StreamError(Exception):
    """`events` were decoded from the same bytes before the error came."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.events: list[Event] = []


def refuse_object(value: object) -> None:
    """Raise for an error object; a plain string is none (v2)."""
    error = record(value)
    if error:
        message = text(error.get("message")) or text(error.get("error"))
        raise StreamError(number(error.get("code")), message or "upstream error")


def refuse(value: object) -> None:
    refuse_object(value)
    message = text(value)
    if message:
        raise StreamError(None, message)


def refuse_errors(model: Json) -> None:
    for error in items(model.get("streamErrors")):
        refuse(error)
