import pytest

from gateway.conversation.events import FinishReason
from gateway.conversation.length import LengthLimit
from gateway.conversation.prefill import Beginning
from gateway.conversation.requests import Tools
from gateway.conversation.tokens import count
from gateway.conversation.visible import Visible


def passed(text_filter, *pieces):
    return "".join(map(text_filter.feed, pieces)) + text_filter.close()


def visible(**options):
    nothing = {
        "tools": Tools(),
        "format": None,
        "stop": (),
        "prefill": "",
        "max_tokens": None,
        "stream": True,
        "may_ask_again": True,
    }
    return Visible(**(nothing | options))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Once upon a time", " a time"),
        ("  Once upon a time", " a time"),
        ("Once more", "Once more"),
        ("and so on", "and so on"),
        ("Once", "Once"),
        ("", ""),
    ],
)
def test_a_repeated_beginning_is_dropped(said, shown):
    assert passed(Beginning("Once upon"), said) == shown
    assert passed(Beginning("Once upon"), *said) == shown


TEXT = "one two three four five six seven eight nine ten"


@pytest.mark.parametrize("limit", [1, 3, 9])
def test_text_is_cut_at_a_token(limit):
    cut = LengthLimit(limit)
    shown = passed(cut, *TEXT.partition(" five"))
    assert cut.done
    assert TEXT.startswith(shown)
    assert count(shown) == limit


def test_a_text_that_fits_is_left_alone():
    cut = LengthLimit(10)
    assert passed(cut, TEXT) == TEXT
    assert not cut.done


def test_a_cut_never_leaves_half_a_character():
    cut = LengthLimit(1)
    assert passed(cut, "\U0001f9ff\U0001f9ff") in {"", "\U0001f9ff"}


def test_a_cut_answer_says_so():
    shown = visible(max_tokens=2)
    shown.feed(TEXT)
    assert shown.done
    assert shown.close() == ""
    assert shown.reason is FinishReason.LENGTH


def test_a_stop_text_counts_before_the_length():
    shown = visible(max_tokens=3, stop=("two",))
    assert shown.feed(TEXT) == "one "
    assert (shown.reason, shown.stop) == (FinishReason.STOP, "two")
    assert shown.correction == ""


def test_held_text_of_each_filter_comes_out_at_the_end():
    shown = visible(prefill="one two", stop=("tell",))
    assert shown.feed("one t") == ""
    assert shown.close() == "one t"
