"""The whole configuration at one moment: immutable, free of I/O, cheap to ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from grokgateway.config.crosschecks import warnings
from grokgateway.config.layers import Layer, Source, derived, merge
from grokgateway.config.registry import Value


class UnknownKey(KeyError):
    """No key of this name and type is declared; a mistake in the calling code."""


@dataclass(frozen=True, slots=True, repr=False)
class Snapshot:
    """Values by kind, so that each getter is one look-up.

    The getters answer derived values; `stored` answers what was set.
    """

    revision: int
    problems: tuple[str, ...]
    _stored: Mapping[str, Value]
    _sources: Mapping[str, Source]
    _flags: Mapping[str, bool]
    _numbers: Mapping[str, int]
    _texts: Mapping[str, str]
    _items: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, layers: Iterable[Layer], revision: int = 0) -> Self:
        merged = merge(layers)
        values = {**merged.values, **derived(merged.values)}
        flags = {k: v for k, v in values.items() if isinstance(v, bool)}
        numbers = {k: v for k, v in values.items() if type(v) is int}
        texts = {k: v for k, v in values.items() if isinstance(v, str)}
        items = {k: v for k, v in values.items() if isinstance(v, tuple)}
        return cls(
            revision,
            (*merged.problems, *warnings(merged.values)),
            merged.values,
            merged.sources,
            MappingProxyType(flags),
            MappingProxyType(numbers),
            MappingProxyType(texts),
            MappingProxyType(items),
        )

    def __repr__(self) -> str:
        return f"Snapshot(revision={self.revision})"

    def flag(self, key: str) -> bool:
        try:
            return self._flags[key]
        except KeyError:
            raise UnknownKey(key) from None

    def number(self, key: str) -> int:
        try:
            return self._numbers[key]
        except KeyError:
            raise UnknownKey(key) from None

    def text(self, key: str) -> str:
        try:
            return self._texts[key]
        except KeyError:
            raise UnknownKey(key) from None

    def items(self, key: str) -> tuple[str, ...]:
        try:
            return self._items[key]
        except KeyError:
            raise UnknownKey(key) from None

    def stored(self, key: str) -> Value:
        try:
            return self._stored[key]
        except KeyError:
            raise UnknownKey(key) from None

    def source(self, key: str) -> Source:
        try:
            return self._sources[key]
        except KeyError:
            raise UnknownKey(key) from None

    def replaced(self, layer: Layer) -> "Snapshot":
        """Return a copy in which the layer wins over everything."""
        below = [self._layer(source) for source in Source]
        return Snapshot.of((*below, layer), self.revision)

    def _layer(self, source: Source) -> Layer:
        names = [name for name, found in self._sources.items() if found is source]
        return Layer(source, {name: self._stored[name] for name in names})
