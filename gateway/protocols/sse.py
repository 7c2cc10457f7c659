"""One server-sent-event frame, and JSON as the wire wants it."""

import orjson

KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


def frame(payload: object) -> bytes:
    return b"data: " + dumps(payload) + b"\n\n"


def dumps(payload: object, option: int | None = None) -> bytes:
    """Compact UTF-8 JSON; lone surrogates become U+FFFD."""
    try:
        return orjson.dumps(payload, option=option)
    except TypeError:
        return orjson.dumps(clean(payload), option=option)


def run(before: bytes, texts: list[str], after: bytes) -> bytes:
    """`before`, a text as JSON, `after`: once for each text, serialised in one go.

    Indented, so that texts are parted by line breaks, which JSON has in no string.
    """
    if len(texts) == 1:
        return before + dumps(texts[0]) + after
    parted = dumps(texts, orjson.OPT_INDENT_2)[len(b"[\n  ") : -len(b"\n]")]
    return before + parted.replace(b",\n  ", after + before) + after


def clean(payload: object) -> object:
    """The same value with lone surrogates, which UTF-8 cannot carry, replaced."""
    if isinstance(payload, str):
        return payload.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(payload, dict):
        return {clean(key): clean(value) for key, value in payload.items()}
    if isinstance(payload, list | tuple):
        return [clean(value) for value in payload]
    return payload
