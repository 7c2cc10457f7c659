"""The forms accounts are handed over in: text lines, CSV, our JSON, the v3 document.

Parsing never raises: whatever cannot be read is listed with its place and the reason.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from accounts.tokens import Credential, clean_tags, normalise
from grokgateway import crypto

AUTO = "auto"
POOLS = {
    "basic": "basic",
    "ssobasic": "basic",
    "super": "super",
    "heavy": "heavy",
    AUTO: AUTO,
}
V3_PROVIDER = "grok_web"
TOKEN_FIELDS = ("sso_token", "token")
TIER_FIELDS = ("tier", "pool")
COLUMN = re.compile(r"[a-z][a-z0-9_ ]{0,40}")
WHOLE = "document"
TAG_MAX_CHARS = 64
NODE_MAX_CHARS = 64
LONGEST_SHOWN_CHARS = 16


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the caller says of accounts whose document does not say it."""

    pool: str = AUTO
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One account to import; `pool` may be `auto`."""

    place: str
    credential: Credential
    pool: str
    tags: tuple[str, ...] = ()
    node: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """`place` is a line, as in `line 3`, or an item, as in `super[0]`."""

    place: str
    reason: str
    masked: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """One account as found, before anything is checked."""

    place: str
    value: object
    pool: object


class NoTokens(ValueError):
    """A table whose columns hold no token."""


def decode(data: bytes) -> str:
    """Read UTF-8, or UTF-16 where a byte order mark says so; never fail."""
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")


def parse(text: str, defaults: Defaults) -> Parsed:
    parsed = Parsed()
    try:
        items = list(items_of(text, defaults))
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno}, column {exc.colno}"
        parsed.rejected.append(Rejected(WHOLE, f"not valid JSON at {where}"))
        return parsed
    except NoTokens as exc:
        parsed.rejected.append(Rejected(WHOLE, str(exc)))
        return parsed
    except (RecursionError, ValueError, csv.Error):
        parsed.rejected.append(Rejected(WHOLE, "not a document of accounts"))
        return parsed
    for item in items:
        try:
            parsed.entries.append(entry_of(item, defaults))
        except ValueError as exc:
            shown = crypto.mask(secret_of(item.value).strip())
            parsed.rejected.append(Rejected(item.place, str(exc), shown))
    return parsed


def items_of(text: str, defaults: Defaults) -> Iterator[Item]:
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        yield from lines_of(text, defaults)
        return
    document = json.loads(text.lstrip("\ufeff"))
    if isinstance(document, list):
        yield from listed("accounts", document, defaults)
    elif isinstance(document.get("accounts"), list):
        if document.get("provider", V3_PROVIDER) != V3_PROVIDER:
            raise ValueError
        yield from listed("accounts", document["accounts"], defaults)
    else:
        for pool, values in document.items():
            yield from pooled(pool, values)


def lines_of(text: str, defaults: Defaults) -> Iterator[Item]:
    lines = text.split("\n")
    if columns := columns_of(next((line for line in lines if line.strip()), "")):
        yield from table_of(lines, columns, defaults)
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield Item(f"line {number}", line, defaults.pool)


def columns_of(first: str) -> list[str]:
    """The names in the head of a table; empty if the line is an account of its own."""
    names = [
        cell.strip().strip('"').lower() for cell in first.lstrip("\ufeff").split(",")
    ]
    if not set(TOKEN_FIELDS).isdisjoint(names):
        return names
    if len(names) > 1 and all(COLUMN.fullmatch(name) for name in names):
        raise NoTokens("a table without a column named token")
    return []


def table_of(
    lines: Sequence[str], columns: Sequence[str], defaults: Defaults
) -> Iterator[Item]:
    rows = csv.reader(line + "\n" for line in lines)
    head = True
    for row in rows:
        if head or not any(cell.strip() for cell in row):
            head = head and not any(cell.strip() for cell in row)
            continue
        value = dict(zip(columns, row, strict=False))
        named = next((value[name] for name in TIER_FIELDS if value.get(name)), "")
        pool = named.strip().lower() or defaults.pool
        yield Item(f"line {rows.line_num}", value, pool)


def listed(name: str, values: list[object], defaults: Defaults) -> Iterator[Item]:
    """Items that name their own tier, or none."""
    for index, value in enumerate(values):
        tier = value.get("tier") if isinstance(value, dict) else None
        pool = defaults.pool if tier in (None, "") else tier
        yield Item(f"{name}[{index}]", value, pool)


def pooled(pool: str, values: object) -> Iterator[Item]:
    name = shown_name(pool)
    if not isinstance(values, list):
        yield Item(name, None, pool)
        return
    for index, value in enumerate(values):
        yield Item(f"{name}[{index}]", value, pool)


def shown_name(name: str) -> str:
    """Hide a name that is more likely a token in the wrong place."""
    return name if len(name) <= LONGEST_SHOWN_CHARS else crypto.mask(name)


def entry_of(item: Item, defaults: Defaults) -> Entry:
    """Check one item; raise `ValueError` with a reason that quotes no secret."""
    if not isinstance(item.pool, str) or item.pool not in POOLS:
        raise ValueError(f"unknown pool {shown_name(str(item.pool))!r}")
    if not isinstance(item.value, str | dict):
        raise ValueError("neither a token nor an object with one")
    secret = secret_of(item.value)
    if not secret:
        raise ValueError("no token")
    named = item.value if isinstance(item.value, dict) else {}
    return Entry(
        item.place,
        normalise(secret),
        POOLS[item.pool],
        clean_tags((*defaults.tags, *tags_of(named.get("tags")))),
        node_of(named.get("node")),
    )


def secret_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in TOKEN_FIELDS:
            if isinstance(value.get(name), str) and value[name]:
                return str(value[name])
    return ""


def node_of(value: object) -> str:
    """The proxy node that the account was pinned to where it comes from."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > NODE_MAX_CHARS:
        raise ValueError("node is not the name of a proxy node")
    return value.strip()


def tags_of(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    tags = value.split(",") if isinstance(value, str) else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("tags are not a list of texts")
    if any(len(tag) > TAG_MAX_CHARS for tag in tags):
        raise ValueError(f"a tag is longer than {TAG_MAX_CHARS} characters")
    return clean_tags(tags)
