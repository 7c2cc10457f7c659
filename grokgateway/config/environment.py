"""The GROK_ variables as a layer; settings hand them over, nothing here reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from grokgateway.config.layers import Layer, Source
from grokgateway.config.registry import KEYS, VARIABLES, Key, Value, nearest
from grokgateway.config.values import BadValue, parse, short

PREFIX = "GROK_"


class BadEnvironment(ImproperlyConfigured):
    """At least one variable has a value that cannot be used; stops the start."""


@dataclass(frozen=True, slots=True)
class Findings:
    values: Mapping[str, Value]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def layer() -> Layer:
    """Return the layer of the settings' variables, or raise `BadEnvironment`."""
    found = examine(variables())
    if found.faults:
        raise BadEnvironment("\n".join(found.faults))
    return Layer(Source.ENVIRONMENT, found.values, found.warnings)


def variables() -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(settings, "GROK_ENVIRON", {})
    return found


def examine(environ: Mapping[str, str]) -> Findings:
    values: dict[str, Value] = {}
    faults: list[str] = []
    warnings = [unknown(name) for name in sorted(environ) if is_unknown(name)]
    for key in KEYS.values():
        warnings.extend(empty_secrets(key, environ))
        name = chosen(key, environ)
        if not name:
            continue
        try:
            values[key.name] = parse(key, environ[name])
        except BadValue as exc:
            faults.append(f"{name} ({key.name}) {exc}.")
            continue
        if length := short(key, values[key.name]):
            warnings.append(f"{name} {length} to be safe.")
    return Findings(values, tuple(faults), tuple(warnings))


def chosen(key: Key, environ: Mapping[str, str]) -> str:
    """Return the variable that decides the key, or nothing; an empty one is not set."""
    filled = (name for name in key.variables if environ.get(name, "").strip())
    return next(filled, "")


def empty_secrets(key: Key, environ: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is empty and counts as not set."
        for name in key.variables
        if key.secret and name in environ and not environ[name].strip()
    ]


def is_unknown(name: str) -> bool:
    return name.startswith(PREFIX) and name not in VARIABLES


def unknown(name: str) -> str:
    likely = nearest(name, VARIABLES)
    hint = f"; did you mean {likely}?" if likely else "."
    return f"{name} is no known variable{hint}"
