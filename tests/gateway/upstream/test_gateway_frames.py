"""What the events of the chat gateway become; cuts are tried in test_decoder."""

import pytest

from gateway.conversation.events import (
    Citation,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
)
from tests.gateway.upstream.test_decoder import ASSETS, TRANSCRIPTS, decode, text

PAGE = Source("https://t.example/a", "Tides")


def test_a_whole_turn():
    events, error = decode([TRANSCRIPTS["gateway_turn"]])
    assert error is None
    said = (
        "High water at nine [[1]](https://t.example/a)"
        " [[2]](https://x.com/sailor/status/77).\n"
    )
    assert text(events) == said
    assert [e for e in events if not isinstance(e, TextDelta)] == [
        ReasoningDelta("Let me look. "),
        Searched("tides"),
        ReasoningDelta("\n\N{LEFT-POINTING MAGNIFYING GLASS} web_search: tides\n"),
        PAGE,
        ReasoningDelta("\N{LEFT-POINTING MAGNIFYING GLASS} x_search: tide watch\n"),
        Source(
            "https://x.com/sailor/status/77",
            "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL X}/@sailor: High at nine",
            "x_post",
        ),
        Citation("https://t.example/a", "Tides", 18, 45),
        Citation(
            "https://x.com/sailor/status/77", "https://x.com/sailor/status/77", 45, 83
        ),
    ]


def test_deltas_and_cards():
    events, error = decode([TRANSCRIPTS["gateway_deltas"]])
    assert error is None
    assert events == [
        PAGE,
        TextDelta("one two"),
        MediaProgress("9d0c", 100),
        MediaReady(f"{ASSETS}users/u1/generated/9d0c/image.jpg", "9d0c"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gateway_whole_text", "All at once."),
        ("gateway_concatenated", 'one { "two" \\}'),
        ("gateway_odd", "Still."),
        ("gateway_mixed", "one two"),
    ],
)
def test_words(name, said):
    events, error = decode([TRANSCRIPTS[name]])
    assert events == [TextDelta(said)]
    assert error is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gateway_error", (None, "rate limit exceeded: slow down")),
        ("gateway_stream_error", (8, "Too many requests")),
        ("gateway_incomplete", (None, "the response is failed")),
        ("gateway_session_over", (None, "the session ended before the answer")),
    ],
)
def test_errors_come_after_the_words_before_them(name, told):
    assert decode([TRANSCRIPTS[name]]) == ([TextDelta("Hi")], told)
