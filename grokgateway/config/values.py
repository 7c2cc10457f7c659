"""From outside data to a key's value and back: conversion, rules, masks."""

import json
import re
from collections.abc import Sequence

from grokgateway.config.registry.keys import Key, Kind, Value

MASK = "********"
TRUE_TEXTS = frozenset({"1", "true", "yes", "on"})
FALSE_TEXTS = frozenset({"0", "false", "no", "off"})
PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
IPV6_HOST = re.compile(r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]")
Plain = bool | int | str | list[str]


class BadValue(ValueError):
    """The value breaks a rule; the message fits after the key's name."""


def parse(key: Key, data: object) -> Value:
    """Return the value of data from JSON, TOML or the environment, else `BadValue`."""
    match key.kind:
        case Kind.FLAG:
            return flag(data)
        case Kind.NUMBER:
            return number(key, data)
        case Kind.ITEMS:
            return items(key, data)
        case Kind.TEXT:
            return text(key, data)


def flag(data: object) -> bool:
    if isinstance(data, bool):
        return data
    word = str(data).strip().lower() if isinstance(data, str | int) else ""
    if word not in TRUE_TEXTS | FALSE_TEXTS:
        raise BadValue("must be true or false (1/0, yes/no, on/off)")
    return word in TRUE_TEXTS


def number(key: Key, data: object) -> int:
    try:
        found = whole(data)
    except ValueError:
        raise BadValue("must be a whole number") from None
    if not key.minimum <= found <= key.maximum:
        raise BadValue(f"must be from {key.minimum} to {key.maximum}")
    return found


def whole(data: object) -> int:
    if isinstance(data, str):
        return int(data.strip())
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    raise ValueError(data)


def text(key: Key, data: object) -> str:
    if isinstance(data, bool) or not isinstance(data, str | int):
        raise BadValue("must be a text")
    found = key.clean(str(data).strip())
    if key.choices and found not in key.choices:
        raise BadValue(f"must be one of {', '.join(filter(None, key.choices))}")
    if key.required and not found:
        raise BadValue("must not be empty")
    judge(key, found)
    return found


def items(key: Key, data: object) -> tuple[str, ...]:
    """Return the items in order, each once; empty ones are dropped."""
    cleaned = [key.clean(str(item).strip()) for item in listed(data)]
    found = tuple(dict.fromkeys(item for item in cleaned if item))
    for item in found:
        judge(key, item)
    return found


def listed(data: object) -> Sequence[str | int]:
    if isinstance(data, str):
        return listed_text(data.strip())
    if isinstance(data, int) and not isinstance(data, bool):
        return [data]
    if isinstance(data, list | tuple):
        kept = [
            item
            for item in data
            if isinstance(item, str | int) and not isinstance(item, bool)
        ]
        if len(kept) == len(data):
            return kept
    raise BadValue("must be a list of texts")


def listed_text(line: str) -> Sequence[str | int]:
    if not line.startswith("[") or IPV6_HOST.match(line):
        return re.split(r"[,\n]", line)
    try:
        found: object = json.loads(line)
    except ValueError:
        raise BadValue("must be comma-separated or a JSON array") from None
    return listed(found)


def judge(key: Key, found: str) -> None:
    """Raise `BadValue` if the key's own rule or storage cannot take the text."""
    wrong = key.fault(found) if key.fault and found else None
    if wrong is None and "\0" in found:
        wrong = "must not hold a null character"
    if wrong:
        raise BadValue(wrong)


def short(key: Key, value: Value) -> str:
    """Return what is wrong with the length of a new password, or nothing."""
    if isinstance(value, str) and 0 < len(value) < key.new_minimum_chars:
        return f"must have at least {key.new_minimum_chars} characters"
    return ""


def plain(value: Value) -> Plain:
    """Return the value in the form JSON and TOML know."""
    return list(value) if isinstance(value, tuple) else value


def shown(key: Key, value: Value) -> Plain:
    """Return the value for people and answers, with secrets masked."""
    if key.secret:
        return MASK if value else plain(value)
    if key.credentials:
        return plain(masked_address(value))
    return plain(value)


def masked_address(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(PASSWORD.sub(rf"\1:{MASK}@", item) for item in value)
    return PASSWORD.sub(rf"\1:{MASK}@", value) if isinstance(value, str) else value


def unmask(key: Key, data: object, old: Value) -> object:
    """Return data with what `shown` masked put back from the old value."""
    if not key.sealed or not isinstance(data, str | list | tuple):
        return data
    if data == MASK or data in ([MASK], (MASK,)):
        return plain(old)
    if isinstance(data, str) and isinstance(old, str):
        return old if data.strip() == masked_address(old) else data
    known = dict(zip(as_items(masked_address(old)), as_items(old), strict=True))
    return [known.get(str(item).strip(), item) for item in listed(data)]


def as_items(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def is_masked(data: object) -> bool:
    return MASK in str(data)
