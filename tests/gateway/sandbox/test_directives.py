"""Which part of a prompt counts, and what is a directive in it."""

from pathlib import Path

import pytest

from gateway.sandbox import directives
from gateway.sandbox.directives import NAMES, last_user_part, parse

GUIDE = Path(__file__).resolve().parents[3] / "docs/sandbox.md"


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("[user]: hi", "hi"),
        ("[user]:", ""),
        ("hi", "hi"),
        ("[system]: s\n\n[user]: one\n\n[assistant]: a\n\n[user]: two", "two"),
        ("[user]: one\n\n[assistant]: [[error=8]]", "one"),
        ("[user]: one\n\n[tool result for c1]:\n[[error=8]]", "one"),
        ("[user]: I wrote [user]: in it", "I wrote [user]: in it"),
        ("[user]: one\n\ntwo\n\n[a list]: three", "one\n\ntwo\n\n[a list]: three"),
    ],
)
def test_the_last_user_part_counts(message, part):
    assert last_user_part(message) == part


def test_names_values_and_what_is_said_besides():
    asked = parse("[user]: Say [[thinking=2]] it [[gzip]] well [[first_ms=a]]")
    assert asked.values == (("thinking", "2"), ("gzip", ""), ("first_ms", "a"))
    assert asked.said == "Say  it  well"
    assert asked.number("thinking") == 2
    assert asked.number("first_ms", 7) == 0
    assert asked.number("gzip", bare=3) == 3
    assert asked.number("agents", 7) == 7


def test_unknown_names_are_text():
    asked = parse("[user]: see [[1]](https://x.example) and [[wiki]]")
    assert asked.values == ()
    assert asked.said == "see [[1]](https://x.example) and [[wiki]]"


def test_what_the_answer_does_not_echo_is_not_kept():
    assert parse("[user]: one [[tokens=3]]") == parse("[user]: two [[tokens=3]]")


def test_values_may_hold_brackets_and_lines():
    assert parse("[user]: [[text=a]b\nc]]").text("text") == "a]b\nc"


def test_the_guide_names_every_directive():
    guide = GUIDE.read_text()
    assert {
        n for n in NAMES if f"`{n}`" not in guide and f"`{n}=" not in guide
    } == set()
    assert directives.WORDING <= NAMES
