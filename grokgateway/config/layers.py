"""The layers of the configuration and how they become one set of values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from grokgateway.config.registry import FORMER, KEYS, Key, Value


class Source(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    SAVED = "saved"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Layer:
    source: Source
    values: Mapping[str, Value] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    values: Mapping[str, Value]
    sources: Mapping[str, Source]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Outside data brought to declared names, and the names nobody knows."""

    data: Mapping[str, object]
    unknown: tuple[str, ...]


DEFAULTS = Layer(Source.DEFAULT, {key.name: key.default for key in KEYS.values()})


def merge(layers: Iterable[Layer]) -> Merged:
    """Let each layer win over those before it."""
    values: dict[str, Value] = {}
    sources: dict[str, Source] = {}
    problems: list[str] = []
    for layer in (DEFAULTS, *layers):
        values.update(layer.values)
        sources.update(dict.fromkeys(layer.values, layer.source))
        problems.extend(layer.problems)
    return Merged(MappingProxyType(values), MappingProxyType(sources), tuple(problems))


def derived(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the values that follow from others where they were left empty."""
    if values["upstream.ws_url"]:
        return {}
    base = urlsplit(str(values["upstream.base_url"]))
    scheme = "ws" if base.scheme == "http" else "wss"
    return {"upstream.ws_url": base._replace(scheme=scheme).geturl()}


def flatten(tree: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return dotted names for nested tables; dotted names pass through."""
    flat: dict[str, object] = {}
    for part, data in tree.items():
        name = f"{prefix}{part}"
        if isinstance(data, Mapping):
            flat.update(flatten(data, f"{name}."))
        else:
            flat[name] = data
    return flat


def named(flat: Mapping[str, object]) -> Named:
    """Translate former names; some win over the new one, as outside tools write them.

    A former name without a value says nothing.
    """
    data = {name: found for name, found in flat.items() if name in KEYS}
    for name in flat.keys() & FORMER.keys():
        key = FORMER[name]
        if not blank(flat[name]) and (key.former_wins or key.name not in data):
            data[key.name] = flat[name]
    unknown = tuple(name for name in flat if name not in KEYS and name not in FORMER)
    return Named(data, unknown)


def blank(data: object) -> bool:
    return data is None or (isinstance(data, str) and not data.strip())


def find(name: str) -> Key | None:
    return KEYS.get(name) or FORMER.get(name)
