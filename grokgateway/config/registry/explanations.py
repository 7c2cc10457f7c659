"""Help texts of keys by language; only English stands in the declarations."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from grokgateway.config.registry.keys import Key

CHINESE = Path(__file__).with_name("help_zh_hans.toml")


def help_text(key: Key, language: str) -> str:
    """Return the help in simplified Chinese for zh-hans and zh-cn, else in English."""
    if language.lower() in {"zh", "zh-hans", "zh-cn"}:
        return chinese().get(key.name, key.help)
    return key.help


@functools.cache
def chinese() -> Mapping[str, str]:
    return tomllib.loads(CHINESE.read_text(encoding="utf-8"))
