"""Leaf: the runtime keys, where their values come from, and how they change."""

from grokgateway.config.changes import (
    Conflict,
    Rejected,
    Screened,
    apply,
    revert,
    save,
    screen,
    unset,
)
from grokgateway.config.environment import BadEnvironment
from grokgateway.config.home import (
    NotLoaded,
    current,
    forget,
    load,
    override,
    refresh,
    subscribe,
)
from grokgateway.config.layers import Source, find, flatten
from grokgateway.config.registry import GROUPS, KEYS, Key, Kind, Reload, Value
from grokgateway.config.registry.explanations import choice, help_text, label
from grokgateway.config.resealing import reseal
from grokgateway.config.rows import sealed_rows_exist
from grokgateway.config.snapshot import Snapshot, UnknownKey
from grokgateway.config.template import defaults, export
from grokgateway.config.values import MASK, BadValue, plain, shown

__all__ = [
    "GROUPS",
    "KEYS",
    "MASK",
    "BadEnvironment",
    "BadValue",
    "Conflict",
    "Key",
    "Kind",
    "NotLoaded",
    "Rejected",
    "Reload",
    "Screened",
    "Snapshot",
    "Source",
    "UnknownKey",
    "Value",
    "apply",
    "choice",
    "current",
    "defaults",
    "export",
    "find",
    "flatten",
    "forget",
    "help_text",
    "label",
    "load",
    "override",
    "plain",
    "refresh",
    "reseal",
    "revert",
    "save",
    "screen",
    "sealed_rows_exist",
    "shown",
    "subscribe",
    "unset",
]
