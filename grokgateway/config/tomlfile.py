"""The operator's TOML file as a layer: read when it moved, never written."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grokgateway.config.layers import Layer, Source, flatten, named
from grokgateway.config.registry import KEYS, Value, nearest
from grokgateway.config.values import BadValue, is_masked, parse

Stamp = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class FileState:
    """What was read, and the modification time and size it was read at."""

    stamp: Stamp
    layer: Layer


ABSENT = FileState(None, Layer(Source.FILE))


def stamp_of(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size)


def read(path: Path, before: FileState) -> FileState:
    """Return the file as it is now; what cannot be read leaves the old values."""
    stamp = stamp_of(path)
    if stamp is None or stamp == before.stamp:
        return ABSENT if stamp is None else before
    try:
        body = path.read_text(encoding="utf-8")
        tree = tomllib.loads(body)
    except (OSError, ValueError) as exc:
        return FileState(stamp, kept(before, f"cannot be read: {exc}"))
    if not body.strip() and before.layer.values:
        return FileState(stamp, kept(before, "is empty, perhaps half written"))
    return FileState(stamp, layer_of(tree))


def kept(before: FileState, trouble: str) -> Layer:
    text = f"The configuration file {trouble}. Its values before that are in use."
    return Layer(Source.FILE, before.layer.values, (text,))


def layer_of(tree: Mapping[str, object]) -> Layer:
    """Return the valid part of the file; the rest is reported and ignored."""
    found = named(flatten(tree))
    values: dict[str, Value] = {}
    problems = [unknown(name) for name in found.unknown]
    for name, data in found.data.items():
        key = KEYS[name]
        try:
            if key.sealed and is_masked(data):
                raise BadValue("holds a mask instead of a value")
            values[name] = parse(key, data)
        except BadValue as exc:
            problems.append(f"{name} in the configuration file {exc}; it is ignored.")
    return Layer(Source.FILE, values, tuple(problems))


def unknown(name: str) -> str:
    likely = nearest(name, KEYS)
    hint = f"; did you mean {likely}?" if likely else "."
    return f"{name} in the configuration file is no known key{hint}"
