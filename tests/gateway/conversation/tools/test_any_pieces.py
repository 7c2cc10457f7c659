"""Whatever a model writes, in whatever pieces: same outcome, nothing lost, no delay."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.conversation.tools.corpus import (
    FORMS,
    ONLY_PING,
    PROSE,
    REQUIRED,
    TOOLS,
    element,
    sieved,
)

FRAGMENTS = [
    *("<tool_calls>", "</tool_calls>", "<tool_call>", "</tool_call>", "<tool_name>"),
    *("</tool_name>", "<parameters>", "</parameters>", "<function_call>", "<name>"),
    *("</function_call>", "<invoke name='ping'>", "</invoke>", "<function_calls>"),
    *('<parameter name="a">', "</parameter>", "<parameters/>", "<arguments>", "<"),
    *("ping", "get_weather", "nope", '{"city":"x"}', "{}", '{"a', '"', "\\", "{", "["),
    *("]", "}", ",", '{"tool_calls":[', '[{"name":"ping"}', "```", "`", "xml", "json"),
    *(
        "\n",
        " ",
        "\r\n",
        "word",
        "&quot;",
        "]]>",
        "<![CDATA[",
        ">",
        "/",
        "=",
        element(),
    ),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join),
    st.lists(st.sampled_from([*FRAGMENTS, *PROSE]), max_size=8).map("".join),
    st.lists(
        st.sampled_from([written for written, *_ in FORMS.values()]), max_size=3
    ).map("".join),
    st.text(alphabet='<tool_calinvkf>/`{["x \n', max_size=60),
)
ASKED = st.sampled_from([TOOLS, REQUIRED, ONLY_PING])


@st.composite
def cut_texts(draw):
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    borders = sorted(draw(st.lists(places, max_size=12)))
    starts = [0, *borders]
    return text, [text[a:b] for a, b in zip(starts, [*borders, len(text)], strict=True)]


@settings(max_examples=400, deadline=None)
@given(cut_texts(), ASKED, st.booleans())
def test_the_pieces_do_not_matter_and_nothing_is_lost(cut, tools, may_ask_again):
    text, pieces = cut
    whole = sieved([text], tools, may_ask_again=may_ask_again)
    assert sieved(pieces, tools, may_ask_again=may_ask_again) == whole
    assert sieved(text, tools, may_ask_again=may_ask_again) == whole
    assert whole.text == text or (whole.calls and text.startswith(whole.text))


HOSTILE = {
    "beginnings of a marker": "<tool_calls",
    "markers": "<tool_calls>",
    "angles": "<",
    "angles and spaces": "<  ",
    "calls": "<tool_call>",
    "calls without end": '<invoke name="a">',
    "bad calls": "<tool_call>x</tool_call>",
    "bad blocks": "<tool_calls><tool_call>x</tool_calls>",
    "good calls": element(),
    "strings without end": '<tool_calls><tool_call><parameters>{"</tool_calls>',
    "members without end": '<invoke name="a"><parameter name="b"></invoke>',
    "spaces": " ",
    "fences": "```xml\n",
    "ticks": "`",
    "brackets": "[",
    "escapes": '\\"',
    "commas": ",\n",
}
HEADS = {
    "nothing": "",
    "text": "x",
    "an object": '{"tool_calls":["',
    "a list": '[{"name":',
    "a call": "<tool_call><tool_name>ping</tool_name><parameters>",
    "a string": '<tool_call><tool_name>ping</tool_name><parameters>{"a":"',
    "space between": "<tool_call>x</tool_call>",
}


def took(text, size):
    began = time.process_time()
    found = sieved([text[at : at + size] for at in range(0, len(text), size)])
    assert found.text == text or found.calls
    return time.process_time() - began


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_more_time_than_its_length(name, head):
    text = HEADS[head] + HOSTILE[name] * (10_000 // len(HOSTILE[name]))
    assert took(text, len(text)) < 0.8


@pytest.mark.load
@pytest.mark.parametrize("size", [16, 1_000_000])
@pytest.mark.parametrize("name", ["beginnings of a marker", "angles", "escapes"])
def test_a_million_hostile_characters_are_done_with_soon(name, size):
    text = HEADS["a string"] if name == "escapes" else ""
    assert took(text + HOSTILE[name] * (1_000_000 // len(HOSTILE[name])), size) < 10
