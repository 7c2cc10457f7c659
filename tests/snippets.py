"""Code in the documentation: blocks of each page, commands of a shell's block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house import ROOT, tracked

FENCE = re.compile(r"^(?P<mark>```+|~~~+)(?P<language>\w*)\s*$")
LEFT_OUT = ("docs/reference/", "docs/decisions/", "static/", "tests/")


@dataclass(frozen=True)
class Block:
    """`language` is empty for what is merely indented."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    found = (path for path in tracked() if path.endswith(".md"))
    return [path for path in found if not path.startswith(LEFT_OUT)]


def blocks(page: str) -> Iterator[Block]:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        if fence := FENCE.match(lines[number]):
            end = lines.index(fence["mark"], number + 1)
            text = "\n".join(lines[number + 1 : end])
            yield Block(page, number + 1, fence["language"] or "text", text)
            number = end
        elif lines[number].startswith("    ") and not before(lines, number).strip():
            end = ending(lines, number)
            text = "\n".join(line[4:] for line in lines[number:end])
            if not in_a_list(lines, number):
                yield Block(page, number + 1, "", text.rstrip())
            number = end
        number += 1


def before(lines: list[str], number: int) -> str:
    return lines[number - 1] if number else ""


def ending(lines: list[str], number: int) -> int:
    while number < len(lines) and (
        lines[number].startswith("    ") or not lines[number].strip()
    ):
        number += 1
    return number


def in_a_list(lines: list[str], number: int) -> bool:
    above = [line for line in lines[:number] if line.strip()]
    return bool(above) and re.match(r"\s*([-*]|\d+\.) |  \S", above[-1]) is not None


def commands(text: str) -> Iterator[str]:
    """Lines that belong together are one command; comments are left out."""
    held = ""
    for line in text.splitlines():
        held += ("\n" if held else "") + line
        if line.endswith("\\") or held.count("'") % 2 or held.count('"') % 2:
            continue
        command = re.sub(r"\s+#\s.*$", "", held) if "'" not in held else held
        if command.strip() and not command.startswith("#"):
            yield command.strip()
        held = ""
    if held:
        yield held
