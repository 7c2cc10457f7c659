"""The configuration as TOML text with its help: the template and exports."""

import json
import textwrap
from collections.abc import Iterable, Mapping

from grokgateway.config.layers import Source
from grokgateway.config.registry import KEYS, Key, Kind, Value
from grokgateway.config.snapshot import Snapshot
from grokgateway.config.values import is_masked, shown

WIDTH = 88
TEMPLATE_HEAD = (
    "Every runtime key with its default. Generated from the registry by "
    "`manage.py config export --defaults`; do not edit. Copy only the lines you "
    "change into the file CONFIG_LOCAL_PATH names, by default config.toml in the data "
    "folder: a copied line keeps its value when a later release improves the default."
)
EXPORT_HEAD = "Runtime keys of this gateway that differ from their defaults."
Tables = dict[str, list[Key]]


def defaults() -> str:
    keys = [key for key in KEYS.values() if key.in_template]
    return document(TEMPLATE_HEAD, keys, {key.name: key.default for key in keys})


def export(snapshot: Snapshot, *, reveal: bool) -> str:
    """Return what differs from the defaults; masked values become comments."""
    keys = [
        key
        for key in KEYS.values()
        if snapshot.source(key.name) is not Source.DEFAULT
        and snapshot.stored(key.name) != key.default
    ]
    values: dict[str, object] = {
        key.name: snapshot.stored(key.name)
        if reveal
        else shown(key, snapshot.stored(key.name))
        for key in keys
    }
    return document(EXPORT_HEAD, keys, values)


def document(head: str, keys: Iterable[Key], values: Mapping[str, object]) -> str:
    blocks = ["\n".join(comment(head))]
    for table, members in tables(keys).items():
        entries = [entry(key, values[key.name]) for key in members]
        blocks.append(f"[{table}]\n" + "\n\n".join(entries))
    return "\n\n".join(blocks) + "\n"


def tables(keys: Iterable[Key]) -> Tables:
    found: Tables = {}
    for key in keys:
        found.setdefault(key.name.rpartition(".")[0], []).append(key)
    return found


def entry(key: Key, value: object) -> str:
    name = key.name.rpartition(".")[2]
    line = f"{name} = {literal(value)}"
    if key.sealed and is_masked(value):
        line = f"# {line}"
    return "\n".join([*comment(f"{key.help}{limits(key)}"), line])


def limits(key: Key) -> str:
    if key.choices:
        return f" One of: {', '.join(filter(None, key.choices))}."
    if key.kind is Kind.NUMBER:
        unit = f" {key.unit}" if key.unit else ""
        return f" From {key.minimum} to {key.maximum}{unit}."
    return ""


def comment(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def literal(value: Value | object) -> str:
    """Return a TOML value; JSON's strings are TOML's but for one character."""
    form = list(value) if isinstance(value, tuple) else value
    return json.dumps(form, ensure_ascii=False).replace("\x7f", "\\u007f")
