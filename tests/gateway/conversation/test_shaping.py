import pytest

from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
)
from gateway.conversation.requests import Format
from gateway.conversation.shaping import Shape, Shaper


def shaped(events, **options):
    shaper = Shaper(Shape(**options))
    passed = list(shaper.feed(events))
    shaper.finish()
    passed += shaper.close([picture.url for picture in shaper.pictures])
    return shaper, passed


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_plain_text_passes_as_the_very_same_batch():
    shaper = Shaper(Shape())
    batch = [TextDelta("a"), TextDelta("b")]
    assert shaper.feed(batch) is batch
    assert not shaper.empty


def test_usage_counts_what_was_shown():
    _, passed = shaped(
        [ReasoningDelta("Think."), TextDelta("Hi there.")], prompt_tokens=9
    )
    finished = passed[-1]
    assert isinstance(finished, Finished)
    assert finished.reason is FinishReason.STOP
    assert finished.usage.prompt_tokens == 9
    assert finished.usage.reasoning_tokens == 2
    assert finished.usage.completion_tokens == 5


def test_hidden_reasoning_is_neither_shown_nor_counted_but_is_an_answer():
    shaper, passed = shaped([ReasoningDelta("Think.")], reasoning=False)
    assert len(passed) == 1
    assert passed[0].usage.completion_tokens == 0
    assert not shaper.empty


def test_an_answer_without_anything_is_empty():
    shaper, _ = shaped([Source("https://a.example", "A")])
    assert shaper.empty


def test_a_stop_text_ends_the_answer_and_says_so():
    shaper, passed = shaped([TextDelta("one STOP two")], stop=("STOP",))
    assert shaper.done
    assert text_of(passed) == "one "
    assert passed[-1].usage.completion_tokens == 2


def test_held_text_is_released_at_the_end():
    _, passed = shaped([TextDelta("one ST")], stop=("STOP",))
    assert text_of(passed) == "one ST"


def test_marks_in_text_that_was_cut_are_dropped():
    marks = [Citation("u", "t", 0, 3), Citation("v", "t", 4, 9)]
    _, passed = shaped([TextDelta("abc STOP"), *marks], stop=("STOP",))
    assert [event for event in passed if isinstance(event, Citation)] == marks[:1]


def test_images_follow_the_text_after_a_blank_line():
    image = MediaReady("https://assets.example/a.jpg", "a")
    shaper = Shaper(Shape())
    shaper.feed([TextDelta("Look:"), image])
    shaper.finish()
    assert list(shaper.pictures) == [image]
    ending = shaper.close(["one", "two"])
    assert text_of(ending) == "\n\none\n\ntwo"
    assert text_of(Shaper(Shape()).close(["alone"])) == "alone"


def test_sources_close_the_text_when_the_operator_wants_them():
    source = Source("https://a.example", "A [b]")
    _, hidden = shaped([TextDelta("x"), source])
    assert text_of(hidden) == "x"
    _, shown = shaped([TextDelta("x"), source], show_sources=True)
    assert text_of(shown).endswith(
        "\n\n## Sources\n[grok2api-sources]: #\n- [A \\[b\\]](https://a.example)"
    )


@pytest.mark.parametrize("stream", [True, False])
def test_nothing_is_appended_to_json(stream):
    events = [
        TextDelta('{"a":1}'),
        MediaReady("https://a.example/1.jpg", "1"),
        Source("https://b.example", "B"),
    ]
    options = {"format": Format(), "show_sources": True, "stream": stream}
    _, passed = shaped(events, **options)
    assert text_of(passed) == '{"a":1}'


def test_an_image_alone_is_shown_although_json_was_wished():
    _, passed = shaped([MediaReady("https://a.example/1.jpg", "1")], format=Format())
    assert text_of(passed) == "https://a.example/1.jpg"


def test_nothing_is_appended_after_a_stop():
    image = MediaReady("https://assets.example/a.jpg", "a")
    _, passed = shaped([TextDelta("a STOP"), image], stop=("STOP",))
    assert text_of(passed) == "a "


@pytest.mark.parametrize("size", [1, 2, 5])
def test_searches_before_the_text_are_passed_on_however_they_arrive(size):
    events: list[Event] = [
        Searched("a"),
        ReasoningDelta("b"),
        TextDelta("c"),
        Searched("too late"),
        TextDelta("d"),
    ]
    shaper = Shaper(Shape(search=True))
    batches = [events[at : at + size] for at in range(0, len(events), size)]
    passed = [one for batch in batches for one in shaper.feed(batch)]
    assert [one for one in passed if isinstance(one, Searched)] == [Searched("a")]
