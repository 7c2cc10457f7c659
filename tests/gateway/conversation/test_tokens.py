import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("Hello, world!", 4),
        ("<|endoftext|>", 7),
        ("tok " * 200, 201),
        ("日本語のテキスト", 6),
        ("don't DON'T", 2),
    ],
)
def test_it_counts_as_o200k_base_does(text, expected):
    assert tokens.count(text) == expected


def test_a_prompt_costs_four_more_and_an_empty_one_nothing():
    assert tokens.prompt_count("  Hello, world!\n") == 8
    assert tokens.prompt_count(" \n") == 0


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_count_does_not_depend_on_how_the_text_arrived(data):
    text = data.draw(st.text(max_size=40)) * 700
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    meter = tokens.Meter()
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        meter.feed(text[start:end])
    assert meter.total() == tokens.count(text)


def test_segments_change_the_sum_by_less_than_a_percent():
    text = "The quick brown fox jumps over the lazy dog; 12345 times. " * 2000
    exact = len(tokens.encoding().encode_ordinary(text))
    assert abs(tokens.count(text) - exact) <= exact / 100


def test_a_meter_holds_at_most_one_segment():
    meter = tokens.Meter()
    for _ in range(100):
        meter.feed("x" * 1000)
    assert sum(len(piece) for piece in meter._held) <= tokens.SEGMENT_LIMIT_CHARS
    assert meter.length == 100_000


def test_texts_beyond_two_megabytes_are_estimated():
    text = "abcd" * 600_000
    assert tokens.count(text) == 600_000


def test_the_estimate_weighs_scripts():
    assert tokens.estimate("abcde") == 2
    assert tokens.estimate("日本") == 2
    assert tokens.estimate("éé") == 1
