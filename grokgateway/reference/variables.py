"""Start-up variables: what `.env.example` says of each."""

from collections.abc import Iterator
from pathlib import Path

from grokgateway.reference.tables import code, document, table

ABOUT = (
    "Read once at the start, from the environment or from `.env` in the working "
    "folder; an empty value means the default. [.env.example](../../.env.example) "
    "is the file to copy. Everything that can change while the gateway runs is a "
    "[runtime key](keys.md)."
)


def page(root: Path) -> str:
    text = (root / ".env.example").read_text(encoding="utf-8")
    blocks = [f"## {title}\n\n{rows_of(block)}" for title, block in sections(text)]
    return document("Start-up variables", ABOUT, *blocks)


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Blocks between empty lines, but for the first, which is about the file."""
    for block in text.strip().split("\n\n")[1:]:
        title, _, rest = block.partition("\n")
        yield title.removeprefix("# ").partition(".")[0].partition(":")[0], rest


def rows_of(block: str) -> str:
    rows = []
    said: list[str] = []
    for line in block.splitlines():
        if line.startswith("#"):
            said.append(line.removeprefix("#").strip())
            continue
        name, _, default = line.partition("=")
        rows.append((code(name), code(default), " ".join(said)))
        said = []
    return table(("Variable", "Default", "Meaning"), rows)
