"""Every runtime key of the gateway, declared once; all else is derived from here."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from grokgateway.config.registry import features, network, system, upstream, work
from grokgateway.config.registry.keys import Key, Kind, Reload, Value

__all__ = [
    "FORMER",
    "GROUPS",
    "KEYS",
    "VARIABLES",
    "Key",
    "Kind",
    "Reload",
    "Value",
    "nearest",
]


def by_name(keys: Iterable[Key]) -> Mapping[str, Key]:
    return MappingProxyType({key.name: key for key in keys})


KEYS = by_name(
    (
        *system.KEYS,
        *features.KEYS,
        *network.KEYS,
        *work.KEYS,
        *upstream.KEYS,
    )
)
FORMER: Mapping[str, Key] = MappingProxyType(
    {name: key for key in KEYS.values() for name in key.former}
)
VARIABLES: Mapping[str, Key] = MappingProxyType(
    {name: key for key in KEYS.values() for name in key.variables}
)
GROUPS = tuple(dict.fromkeys(key.group for key in KEYS.values()))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name most like the given one, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return found[0] if found else ""
