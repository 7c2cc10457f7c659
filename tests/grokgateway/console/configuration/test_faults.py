import ast
import inspect
import re

import pytest
from django.utils import translation

from grokgateway.config import changes, crosschecks, sealing, values
from grokgateway.config.registry import rules
from grokgateway.console.configuration import faults

FAULT = re.compile(r"(must|may|is|holds|cannot) .{5,}")
SAMPLE = "60"


def said(module):
    """Every text of a module that reads like a fault, samples in its places."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else SAMPLE
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


TEXTS = sorted(
    {
        text
        for module in (values, rules, crosschecks, changes, sealing)
        for text in said(module)
        if FAULT.fullmatch(text) and not text.endswith((" ", "."))
    }
)


@pytest.mark.parametrize("text", TEXTS)
def test_every_fault_of_the_registry_is_known(text):
    assert len(TEXTS) > 15
    assert faults.translated(text) == text
    assert any(shape.fullmatch(text) for shape, _ in faults.PATTERNS)


@pytest.mark.parametrize("text", TEXTS)
def test_every_fault_is_said_in_chinese(text):
    with translation.override("zh-hans"):
        told = faults.translated(text)
    assert not told.isascii()
    assert told.count(SAMPLE) == text.count(SAMPLE)


def test_a_fault_nobody_knows_is_told_as_it_is():
    assert faults.translated("is blue") == "is blue"
    assert faults.sentence("is blue") == "Is blue."
    assert faults.sentence("is no known key; did you mean x?").endswith("x?")
