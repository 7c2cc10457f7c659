"""Runtime keys: the registry as tables, in the order and words of the console."""

import json
from pathlib import Path

from grokgateway.config import KEYS, Key
from grokgateway.config.template import limits, tables
from grokgateway.reference.tables import code, document, table

ABOUT = (
    "Changed in the console, by `manage.py config set` or `/admin/api/config`, "
    "without a restart. Each can be fixed by the variable named beside it, which "
    "then wins. How the layers work: [configuration](../configuration.md)."
)
HEAD = ("Key", "Default", "Meaning", "Variable")


def page(_root: Path) -> str:
    blocks = [
        f"## {name}\n\n{table(HEAD, map(row, members))}"
        for name, members in tables(KEYS.values()).items()
    ]
    return document("Runtime keys", ABOUT, *blocks)


def row(key: Key) -> tuple[str, ...]:
    default = json.dumps(key.default, ensure_ascii=False)
    secret = " Kept encrypted, shown to nobody." if key.secret else ""
    return (
        code(key.name),
        code(default),
        f"{key.help}{limits(key)}{secret}",
        code(key.variable),
    )
