"""Every endpoint of the three OpenAPI documents as committed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grokgateway.reference.tables import code, document, table

ABOUT = (
    "The whole documents, with every field: `/v1/docs` on a running gateway, and "
    "[docs/openapi](../openapi/v1.json). Statuses of errors: [error "
    "codes](errors.md)."
)
DOCUMENTS = (
    ("OpenAI dialect", "v1.json"),
    ("Anthropic dialect", "v1-anthropic.json"),
    ("For operators", "admin.json"),
)
METHODS = ("get", "head", "post", "put", "patch", "delete")
Json = dict[str, Any]  # an OpenAPI document, whose shape is its standard's affair


def page(root: Path) -> str:
    blocks = []
    for title, name in DOCUMENTS:
        text = (root / "docs" / "openapi" / name).read_text(encoding="utf-8")
        rows = table(("Method", "Path", "What it does"), rows_of(json.loads(text)))
        blocks.append(f"## {title}\n\n{rows}")
    return document("API", ABOUT, *blocks)


def rows_of(read: Json) -> Iterator[tuple[str, str, str]]:
    for path, operations in read["paths"].items():
        for method in METHODS:
            if operation := operations.get(method):
                said = filter(
                    None, (operation.get("summary"), operation.get("description"))
                )
                yield method.upper(), code(path), ". ".join(said)
