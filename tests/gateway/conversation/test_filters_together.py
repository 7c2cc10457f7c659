"""Prefill, tools, JSON, stop texts and length, one behind the other."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.events import FinishReason
from gateway.conversation.length import LengthLimit
from gateway.conversation.prefill import Beginning
from gateway.conversation.requests import Format
from gateway.conversation.tokens import count
from gateway.conversation.visible import Visible
from tests.gateway.conversation.tools.corpus import (
    ENTRY,
    INDENTED,
    OSLO,
    REQUIRED,
    TOOLS,
    block,
    element,
)

STRICT = Format(
    '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}',
    "answer",
    strict=True,
)
UNKNOWN = block(element("nope"))


def ended(pieces, **options):
    nothing = {
        "tools": TOOLS,
        "format": None,
        "stop": (),
        "prefill": "",
        "max_tokens": None,
        "stream": True,
        "may_ask_again": True,
    }
    shown = Visible(**(nothing | options))
    text = "".join(map(shown.feed, pieces))
    return shown, text + shown.close()


def test_calls_are_what_the_answer_ends_for():
    shown, text = ended([f"Let me see.\n{block()} and more"])
    assert (text, shown.calls) == ("Let me see.", [OSLO])
    assert (shown.done, shown.reason) == (True, FinishReason.TOOL_CALLS)
    assert (shown.correction, shown.stop) == ("", None)


def test_a_bad_block_is_asked_for_again():
    shown, text = ended([UNKNOWN])
    assert text == UNKNOWN
    assert "named nope" in shown.correction
    assert shown.reason is FinishReason.STOP
    shown, text = ended([UNKNOWN], may_ask_again=False)
    assert (text, shown.correction) == (UNKNOWN, "")


def test_a_stop_text_before_the_calls_cuts_them_off():
    shown, text = ended(["One END two ", block()], stop=("END",))
    assert (text, shown.stop, shown.calls) == ("One ", "END", [])
    assert shown.reason is FinishReason.STOP


def test_a_stop_text_within_a_block_is_part_of_the_call():
    for stop in ("Oslo", "<tool_name>", "parameters"):
        shown, text = ended(["Well. ", *INDENTED], stop=(stop,))
        assert (text, shown.stop, shown.calls) == ("Well.", None, [OSLO])


def test_a_stop_text_in_what_was_no_block_counts():
    shown, text = ended([UNKNOWN], stop=("nope",))
    assert (text, shown.stop) == (UNKNOWN.partition("nope")[0], "nope")
    assert shown.correction == ""


def test_a_call_is_never_cut_in_length():
    shown, text = ended(["Well. ", *INDENTED], max_tokens=3)
    assert (text, shown.calls) == ("Well.", [OSLO])
    assert shown.reason is FinishReason.TOOL_CALLS
    shown, text = ended(["Well, let me look at the weather. ", block()], max_tokens=3)
    assert shown.calls == []
    assert shown.reason is FinishReason.LENGTH
    assert count(text) == 3


def test_a_call_wins_over_json():
    for stream in (True, False):
        shown, text = ended([block()], format=STRICT, stream=stream)
        assert (text, shown.calls, shown.correction) == ("", [OSLO], "")
        calls_in_json = f'{{"tool_calls":[{ENTRY}]}}'
        shown, text = ended(calls_in_json, format=STRICT, stream=stream)
        assert (text, shown.calls, shown.correction) == ("", [OSLO], "")


@pytest.mark.parametrize("stream", [True, False])
def test_json_is_found_beside_tools(stream):
    said = 'Here:\n```json\n{"a": 1}\n```\nBye'
    shown, text = ended(said, format=STRICT, stream=stream)
    assert (text, shown.calls, shown.correction) == ('{"a": 1}', [], "")
    assert not shown.done  # a call may come yet


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("pieces", [list, lambda said: [said]])
def test_a_call_after_json_is_found_whatever_the_pieces(stream, pieces):
    said = '{"a": 1} ' + block()
    shown, text = ended(pieces(said), format=STRICT, stream=stream)
    assert (text, shown.calls, shown.done) == ('{"a": 1}', [OSLO], True)


def test_json_that_does_not_fit_is_asked_for_again_unless_it_was_shown():
    for may_ask_again in (True, False):
        options = {"format": STRICT, "may_ask_again": may_ask_again}
        shown, text = ended(['{"a": "x"}'], **options, stream=False)
        assert text == '{"a": "x"}'
        assert ("at a: 'x' is not" in shown.correction) is may_ask_again
        shown, text = ended(['{"a": "x"}'], **options, stream=True)
        assert (text, shown.correction) == ('{"a": "x"}', "")


def test_a_demand_for_a_call_comes_before_one_for_json():
    shown, text = ended(["no"], tools=REQUIRED, format=STRICT, stream=False)
    assert text == "no"
    assert "called no tool" in shown.correction


def test_a_beginning_is_dropped_before_all_else():
    shown, text = ended(["Sure: ", block()], prefill="Sure:")
    assert (text, shown.calls) == ("", [OSLO])
    shown, text = ended(["Sure: END"], prefill="Sure", stop=("Sure", "END"))
    assert (text, shown.stop) == (": ", "END")


@pytest.mark.parametrize("expected", ["Once upon", "  Once upon", "\n\nOnce upon"])
@pytest.mark.parametrize("said", ["Once upon a", "\n Once upon a", "  Once upon a"])
def test_space_before_a_beginning_does_not_matter(expected, said):
    for pieces in ([said], said):
        beginning = Beginning(expected)
        shown = "".join(map(beginning.feed, pieces))
        assert shown + beginning.close() == " a"


def test_a_long_beginning_is_compared_once():
    expected = "word " * 40_000
    beginning = Beginning(expected.rstrip())
    said = " " * 200_000 + expected + "end"
    assert "".join(map(beginning.feed, said)) == " end"


WORDS = st.lists(
    st.sampled_from(["one", " two", "\n", " \u00e9\U0001f600", " 1234", "  "])
)


@given(WORDS, st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_no_more_tokens_pass_than_are_allowed(words, limit):
    text = "".join(words)
    for pieces in (words, [text], text):
        length = LengthLimit(limit)
        shown = "".join(map(length.feed, pieces)) + length.close()
        assert text.startswith(shown)
        assert count(shown) <= limit + 1  # a border within a word may add one
        assert length.done is (count(text) > limit) or len(pieces) > 1
        assert length.done or shown == text


def test_a_long_answer_is_not_counted_at_every_word():
    length = LengthLimit(50_000)
    began = time.process_time()
    shown = [length.feed("word ") for _ in range(60_000)]
    assert count("".join(shown)) == 50_000
    assert time.process_time() - began < 8


FRAGMENTS = [
    *("<tool_call>", "</tool_call>", element("ping", "{}"), UNKNOWN, ENTRY, "{", "}"),
    *('{"a":1}', "[", "]", "END", "EN", "Sure", ": ", "\n", "word ", "```json\n", "<"),
]
OPTIONS = st.fixed_dictionaries(
    {
        "tools": st.sampled_from([TOOLS, REQUIRED]),
        "format": st.sampled_from([None, STRICT]),
        "stop": st.sampled_from([(), ("END",), ("<tool", "}")]),
        "prefill": st.sampled_from(["", "Sure", "Sure: word"]),
        "stream": st.booleans(),
        "may_ask_again": st.booleans(),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=10), OPTIONS)
def test_the_pieces_do_not_matter(pieces, options):
    def outcome(pieces):
        shown, text = ended(pieces, **options)
        return text, shown.calls, shown.correction, shown.stop, shown.reason

    whole = outcome(["".join(pieces)])
    assert outcome(pieces) == whole
    assert outcome("".join(pieces)) == whole
