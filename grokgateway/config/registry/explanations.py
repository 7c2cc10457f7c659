"""Words for keys by language: help, labels, and the names of choices.

English help stands in the declarations; the rest is in the TOML files beside this one.
"""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from grokgateway.config.registry.keys import Key

CHINESE = Path(__file__).with_name("help_zh_hans.toml")
LABELS = Path(__file__).with_name("labels.toml")
Words = Mapping[str, Mapping[str, list[str]]]


def help_text(key: Key, language: str) -> str:
    """Return the help in simplified Chinese for zh-hans and zh-cn, else in English."""
    return chinese().get(key.name, key.help) if is_chinese(language) else key.help


def label(key: Key, language: str) -> str:
    """Return what to call the key; one without a label is called by its name."""
    last = key.name.rpartition(".")[2].replace("_", " ").capitalize()
    found = words()["keys"].get(key.name, [last, last])
    return found[is_chinese(language)]


def choice(value: str, language: str) -> str:
    found = words()["choices"].get(value, [value, value])
    return found[is_chinese(language)]


def is_chinese(language: str) -> bool:
    return language.lower() in {"zh", "zh-hans", "zh-cn"}


@functools.cache
def chinese() -> Mapping[str, str]:
    return tomllib.loads(CHINESE.read_text(encoding="utf-8"))


@functools.cache
def words() -> Words:
    return tomllib.loads(LABELS.read_text(encoding="utf-8"))
