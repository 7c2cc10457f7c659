"""The threat model keeps its word: what it names as proof is there."""

import ast
import re

import pytest

from tests.house import ROOT

TEXT = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)))
HEAD = "| Threat | Defence | Proved by |"


def rows():
    """Cells of every line of a table of threats."""
    for part in TEXT.split(HEAD)[1:]:
        lines = part.partition("\n\n")[0].splitlines()[2:]
        yield from ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)


def defined(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_proof_exists(path, name):
    assert (ROOT / path).is_file()
    assert name in defined(path)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row[0][:40])
def test_every_threat_has_a_defence_and_a_proof(row):
    threat, defence, proof = row
    assert threat
    assert defence
    named = proof.split(", ")
    assert all(re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`", one) for one in named)
