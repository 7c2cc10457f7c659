"""Markdown of the reference pages."""

from collections.abc import Iterable, Sequence

NOTE = "Written by `make snapshot`; do not edit."


def document(title: str, *blocks: str) -> str:
    return "\n\n".join([f"# {title}", *blocks, f"<!-- {NOTE} -->"]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def code(text: str) -> str:
    return f"`{text}`" if text else ""
