"""A TOML file between upload and import: kept sealed, as it may hold secrets."""

import base64
import binascii
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext

from grokgateway import config, crypto
from grokgateway.config import KEYS, Snapshot, Value
from grokgateway.console.configuration import faults
from grokgateway.console.configuration.wording import label, told

SLOT = "configuration_import"
CONTEXT = "configuration import"


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    label: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do; `refused` are names with the reason."""

    edits: Mapping[str, Value | None]
    steps: tuple[Step, ...]
    same: int
    refused: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, str], ...]


def keep(session: SessionBase, toml: str) -> None:
    sealed = crypto.ring().encrypt(toml, context=CONTEXT)
    session[SLOT] = base64.b64encode(sealed).decode()


def kept(session: SessionBase) -> str | None:
    try:
        sealed = base64.b64decode(str(session[SLOT]), validate=True)
        return crypto.ring().decrypt(sealed, context=CONTEXT)
    except (KeyError, binascii.Error, crypto.Undecipherable):
        return None


def forget(session: SessionBase) -> None:
    session.pop(SLOT, None)


def plan(toml: str, now: Snapshot, reserved: Collection[str] = ()) -> Plan:
    """Sort a valid document by what each of its lines would do."""
    screened = config.screen(config.flatten(tomllib.loads(toml)))
    new = {n: v for n, v in screened.edits.items() if v != now.stored(n)}
    edits = {n: v for n, v in new.items() if n not in reserved}
    errors = dict(screened.errors)
    errors |= {
        n: gettext("only a superuser can change this") for n in new.keys() - edits
    }
    return Plan(
        edits=edits,
        steps=tuple(step(name, edits[name], now) for name in KEYS if name in edits),
        same=len(screened.edits) - len(new),
        refused=tuple(
            (name, faults.translated(told))
            for name, told in errors.items()
            if name not in screened.unknown
        ),
        unknown=tuple((n, faults.translated(errors[n])) for n in screened.unknown),
    )


def step(name: str, value: Value | None, now: Snapshot) -> Step:
    key = KEYS[name]
    then = "" if value is None else told(key, value)
    return Step(name, label(key), told(key, now.stored(name)), then)
