"""Reading upstream JSON that may hold anything.

Each reader gives an empty value instead of failing on a wrong type.
"""

import json
import re
from typing import Any

import orjson

Json = dict[str, Any]  # one decoded object of upstream, whose shape nobody promises

LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(raw: bytes | str) -> Json | None:
    """The object in `raw`, or None.

    orjson refuses escaped lone surrogates and bytes that are not UTF-8; both become
    U+FFFD instead of costing the frame.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = decode_damaged(raw)
    return value if isinstance(value, dict) else None


def decode_damaged(raw: bytes | str) -> object:
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    try:
        plain = json.dumps(json.loads(text), ensure_ascii=False)
        return json.loads(LONE_SURROGATE.sub("\ufffd", plain))
    except (ValueError, RecursionError):
        return None


def record(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def number(value: object) -> int | None:
    """A whole number, also one that was sent as a decimal or in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def absolute(assets_url: str, url: str) -> str:
    """Upstream names its files by paths on the assets host, or by whole addresses."""
    if not url or url.startswith(("https://", "http://")):
        return url
    return f"{assets_url.rstrip('/')}/{url.lstrip('/')}"
