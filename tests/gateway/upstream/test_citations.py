from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conversation.events import Citation, TextDelta
from gateway.upstream.citations import TAG_MAX_CHARS, CitedText
from gateway.upstream.fields import Json

A = "https://a.example/x"
B = "https://b.example/y"


def tag(card_id: str, kind: str = "render_inline_citation") -> str:
    inner = '<argument name="citation_id">0</argument>'
    return (
        f'<grok:render card_id="{card_id}" card_type="x" type="{kind}">'
        f"{inner}</grok:render>"
    )


def cited(*pieces: str, cards=True) -> tuple[str, list[Citation]]:
    text = CitedText({B: "From the search"})
    if cards:
        text.learn({"id": "a", "url": A, "title": "Title A"})
        text.learn({"id": "b", "url": B})
        text.learn({"id": "i", "image": {"thumbnail": "t.png", "link": "l"}})
    events = [event for piece in pieces for event in text.feed(piece)]
    events += text.flush()
    words = "".join(e.text for e in events if isinstance(e, TextDelta))
    assert text.length == len(words)
    assert all(e.text for e in events if isinstance(e, TextDelta))
    return words, [e for e in events if isinstance(e, Citation)]


def test_offsets_are_code_points_and_cover_the_space():
    words, marks = cited("日本", tag("a"), "😀", tag("b"))
    assert words == f"日本 [[1]]({A})😀 [[2]]({B})"
    assert marks == [
        Citation(A, "Title A", 2, 2 + len(f" [[1]]({A})")),
        Citation(B, "From the search", 30, 30 + len(f" [[2]]({B})")),
    ]
    assert all(words[m.start : m.end].startswith(" [[") for m in marks)


def test_url_is_the_last_resort_for_a_title():
    text = CitedText({})
    text.learn({"id": "b", "url": B})
    assert text.feed(tag("b"))[1] == Citation(B, B, 0, 27)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("x", tag("a"), tag("a")), f"x [[1]]({A})"),
        (("x", tag("a"), " \n", tag("a"), "y"), f"x [[1]]({A}) \ny"),
        (("x", tag("a"), "y", tag("a")), f"x [[1]]({A})y [[1]]({A})"),
        (("x", tag("a"), tag("b"), tag("a")), f"x [[1]]({A}) [[2]]({B}) [[1]]({A})"),
        (("x\n\n", tag("a"), "\ny\n"), f"x [[1]]({A})\ny\n"),
        (("x", "\r\n", tag("a")), f"x [[1]]({A})"),
        (("x\n", tag("nobody"), "y"), "x\ny"),
        (("x\n", tag("i", "render_searched_image")), "x\n[![image](t.png)](l)"),
        (("x", tag("a", "render_file"), tag("a", "new_kind"), "y"), "xy"),
        (("x", '<grok:render card_id="a" type="z"/>', "y"), "xy"),
        (("x", "<grok:render></grok:render>y"), "xy"),
        (("a < b <c> ", "<", "grok:rend", "ering"), "a < b <c> <grok:rendering"),
        (("x <grok:render card",), "x <grok:render card"),
        (("x\n\n", "<gr"), "x\n\n<gr"),
    ],
)
def test_replacement(pieces, expected):
    assert cited(*pieces)[0] == expected
    assert cited("".join(pieces))[0] == expected
    assert cited(*"".join(pieces))[0] == expected


@given(st.data())
def test_cuts_do_not_matter(data):
    alphabet = ["x", " ", "\n", "<", "é😀", "<grok:", "</grok:render>"]
    alphabet += ["<grok:render ", ">", tag("a"), tag("b"), tag("i"), tag("none")]
    whole = "".join(data.draw(st.lists(st.sampled_from(alphabet), max_size=12)))
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=10).map(sorted))
    edges = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert cited(*pieces) == cited(whole)


@pytest.mark.parametrize("size", [1, 1000, 10**6])
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_tag_that_never_ends_is_text(size, extra):
    start = '<grok:render card_id="a" type="render_inline_citation">'
    end = "</grok:render>"
    filling = "y" * (TAG_MAX_CHARS - len(start) - len(end) + extra)
    whole = "x" + start + filling + end + "z"
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]
    words = cited(*pieces)[0]
    assert words == (whole if extra > 0 else f"x [[1]]({A})z")


def test_idle_until_something_is_special():
    text = CitedText({})
    idle = [text.idle]
    for piece in ("a<", "b"):
        text.feed(piece)
        idle.append(text.idle)
    cards: list[Json] = [
        {"id": "i", "image": {"original": "o.png"}},
        {"id": "", "url": A},
        {"url": A},
        {"id": "a", "url": A},
    ]
    for card in cards:
        text.learn(card)
        idle.append(text.idle)
    assert idle == [True, False, True, True, True, True, False]


def test_line_breaks_pass_at_once_without_citation_cards():
    assert CitedText({}).feed("x\n<") == [TextDelta("x\n")]
