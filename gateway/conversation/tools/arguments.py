"""The JSON a model wrote, read with the repairs that models need (public-api 7.3)."""

import json
import re
from collections.abc import Iterator
from typing import Any

Json = Any  # what a model wrote may be any JSON value

ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));", re.I)
ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
STRING_OR_COMMA = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*\\?(?:"|\Z)|(,)(?=\s*[}\]])', re.DOTALL
)
CDATA = re.compile(r"<!\[CDATA\[(.*)\]\]>\Z", re.DOTALL)
NOT_JSON = "are not valid JSON"
NOT_AN_OBJECT = "are not a JSON object"


class Unreadable(ValueError):
    """Nothing helped; the text says what is wrong, as in "the parameters ...\"."""


def object_of(text: str) -> dict[str, Json]:
    """The JSON object in a text; nothing at all is an empty one."""
    text = bare(text)
    if not text:
        return {}
    value = value_of(text)
    if isinstance(value, str):
        value = value_of(value.strip()) if value.strip() else {}
    if not isinstance(value, dict):
        raise Unreadable(NOT_AN_OBJECT)
    return value


def value_of(text: str) -> Json:
    """Any JSON value, by the first repair that makes it one."""
    for attempt in repaired(text):
        try:
            return json.loads(attempt, strict=False, parse_constant=refuse)
        except (ValueError, RecursionError):
            continue
    raise Unreadable(NOT_JSON)


def repaired(text: str) -> Iterator[str]:
    """The text as it is, then with ever more done to it.

    Raw line breaks in strings need no repair: the parser is told to take them.
    """
    plain = ENTITY.sub(character, text)
    yield text
    if plain != text:
        yield plain
    yield without_trailing_commas(text)
    if plain != text:
        yield without_trailing_commas(plain)


def compact(value: Json) -> str:
    """Compact JSON, non-ASCII kept; what UTF-8 cannot carry becomes U+FFFD."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
    except (ValueError, RecursionError) as exc:
        raise Unreadable(NOT_JSON) from exc
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def bare(text: str) -> str:
    text = text.strip()
    wrapped = CDATA.match(text)
    return wrapped[1].strip() if wrapped is not None else text


def without_trailing_commas(text: str) -> str:
    return STRING_OR_COMMA.sub(lambda m: "" if m[1] else m[0], text)


def character(found: re.Match[str]) -> str:
    if found[1]:
        return ENTITIES[found[1].lower()]
    code = int(found[2]) if found[2] else int(found[3], 16)
    is_text = code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_text else found[0]


def refuse(constant: str) -> Json:
    raise ValueError(constant)
