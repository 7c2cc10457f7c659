import random
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.events import (
    Citation,
    Event,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    Source,
    TextDelta,
)
from gateway.upstream.decoder import ChatDecoder, StreamError
from gateway.upstream.frames import OBJECT_MAX_BYTES

FOLDER = Path(__file__).parents[2] / "upstream"
TRANSCRIPTS = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.sse"))}
ASSETS = "https://assets.example/"
A = "https://a.example/x"


def coalesced(events):
    """Neighbouring deltas of one kind joined, as cuts may divide them differently."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            joined[-1] = TextDelta(last.text + event.text)
        elif (
            isinstance(event, ReasoningDelta)
            and isinstance(last, ReasoningDelta)
            and event.late == last.late
        ):
            joined[-1] = ReasoningDelta(last.text + event.text, last.late)
        else:
            joined.append(event)
    return joined


def decode(pieces, summary=False):
    """The events, joined, and the error that ended them, if any."""
    decoder = ChatDecoder(ASSETS, summary)
    events = []
    error = None
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.close()
    except StreamError as failure:
        events += failure.events
        error = (failure.code, failure.text)
    assert decoder.ended
    return coalesced(events), error


def cut(data, edges):
    return [data[a:b] for a, b in pairwise([0, *sorted(edges), len(data)])]


def frame(**response):
    return orjson.dumps({"result": {"response": response}}) + b"\n"


def text(events):
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def reasoning(events):
    return "".join(e.text for e in events if isinstance(e, ReasoningDelta))


def of(kind, events):
    return [e for e in events if isinstance(e, kind)]


@pytest.mark.parametrize("summary", [False, True])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_cuts_do_not_matter(name, summary):
    data = TRANSCRIPTS[name]
    whole = decode([data], summary)
    assert decode([data[i : i + 1] for i in range(len(data))], summary) == whole
    dice = random.Random(name)
    for count in (1, 2, 5, 20, 100):
        edges = [dice.randrange(len(data)) for _ in range(count)]
        assert decode(cut(data, edges), summary) == whole


@settings(max_examples=60)
@given(st.sampled_from(sorted(TRANSCRIPTS)), st.lists(st.floats(0, 1), max_size=30))
def test_any_cuts_do_not_matter(name, places):
    data = TRANSCRIPTS[name]
    edges = [int(place * len(data)) for place in places]
    assert decode(cut(data, edges)) == decode([data])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("whole_turn", "High water at nine [[1]](https://t.example/a)"),
        ("thinking_tokens", "Yes."),
        ("agents", "Fine."),
        ("late_thinking", "Answer done."),
        (
            "citations",
            f"日本 [[1]]({A}) and 𝕏 [[2]](https://b.example/y). Again [[1]]({A}).\n"
            "a <b> <grok:remark> <gr",
        ),
        (
            "render_tags",
            "See [![Cat](https://i.example/t.png)](https://i.example/)"
            " and ![image](https://i.example/o.png) end.\n",
        ),
        ("images", "Here it is."),
        ("images_moderated", ""),
        ("sources", "Found."),
        ("framing", 'a\ufffdb {"}é日😀pre untagged spaced two'),
        ("concatenated", 'one { "two" \\} three'),
        ("soft_stop_hidden", "All said."),
        ("model_response_only", f"The answer [[1]]({A})"),
        ("missing_tail", "The first half and the second."),
        ("v3_cards", f"Text [[1]]({A})"),
    ],
)
def test_text(name, expected):
    events, error = decode([TRANSCRIPTS[name]])
    assert text(events) == expected
    assert error is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "whole_turn",
            "Thinking about your request\nThe user wants tide times.\n"
            "[Grok] 🔍 web_search: tides\n",
        ),
        ("thinking_tokens", "Let me think.\nYes."),
        (
            "agents",
            "The lead plans.\n[Agent 1] 🔍 web_search: tide tables\n"
            "\n[Agent 1]\nLooking at tables.\n\n[Agent 2]\nLooking at charts.\n"
            "[Agent 2] 🔍 x_keyword_search: tide watch\n"
            "[Agent 2] 🌐 browse_page: https://t.example/\n"
            "🖼️ search_images: a beach\n[Agent 2] 📋 chatroom_send: Done here.\n"
            "[Grok] 💻 code_execution\n[Grok] 🔧 paint_wall\n"
            "[Agent 1] 🔍 web_search\n\n[Grok]\nAll agree.\n",
        ),
        ("concatenated", "Hm. "),
        ("v3_cards", "🔍 web_search: v3\n"),
    ],
)
def test_raw_reasoning(name, expected):
    assert reasoning(decode([TRANSCRIPTS[name]])[0]) == expected


def test_summarised_reasoning():
    assert reasoning(decode([TRANSCRIPTS["thinking_sentences"]], summary=True)[0]) == (
        "Understanding\n- Reading the question.\n"
        "- The user asks about the price of tea.\n"
        "\nResearch Scope\n- Searching for tea shops.\n"
        "- Searching the web for tea price.\n"
        "- Several agents work on this in parallel.\n"
        "\nVerification\n- Reading tea.example/list.\n"
        "\nKey Findings\n- Official list confirmed: tea costs 3 euro.\n"
    )


def test_late_thinking_is_marked_and_late_tools_are_dropped():
    events, _ = decode([TRANSCRIPTS["late_thinking"]])
    assert events == [
        ReasoningDelta("First.\n"),
        TextDelta("Answer"),
        ReasoningDelta("Afterthought.\n", late=True),
        TextDelta(" done."),
    ]


def test_summary_that_waited_is_late():
    data = (
        frame(token="- 1", isThinking=True)
        + frame(token="one")
        + frame(isSoftStop=True)
    )
    assert decode([data], summary=True)[0] == [
        TextDelta("one"),
        ReasoningDelta("Understanding\n- 1.\n", late=True),
    ]


def test_citations_match_the_text():
    events, _ = decode([TRANSCRIPTS["citations"]])
    marks = of(Citation, events)
    assert [(m.start, m.end) for m in marks] == [(2, 29), (35, 62), (69, 96)]
    assert [m.title for m in marks] == [A, "Bee", A]
    words = text(events)
    assert all(words[m.start : m.end].endswith(f"({m.url})") for m in marks)


def test_citation_takes_the_title_of_a_web_source():
    assert of(Citation, decode([TRANSCRIPTS["v3_cards"]])[0]) == [
        Citation(A, "Ex", 4, 31)
    ]


def test_images():
    picture = ASSETS + "users/u1/generated/9d0c/image.jpg"
    events, _ = decode([TRANSCRIPTS["images"]])
    assert of(MediaProgress, events) == [
        MediaProgress("9d0c", 0),
        MediaProgress("9d0c", 50),
        MediaProgress("9d0c", 100),
    ]
    listed = MediaReady(ASSETS + "users/u1/generated/77aa/image.jpg", "77aa")
    assert of(MediaReady, events) == [MediaReady(picture, "9d0c"), listed]
    events, _ = decode([TRANSCRIPTS["model_response_only"]])
    assert of(MediaReady, events) == [MediaReady(picture, "9d0c")]
    events, _ = decode([TRANSCRIPTS["v3_cards"]])
    assert of(MediaReady, events) == [MediaReady("https://m.example/p.jpg", "9d0c")]


def test_images_that_only_the_model_response_lists():
    model = {"generatedImageUrls": ["u/generated/7/image.jpg", "", 5, "bare.jpg"]}
    events, _ = decode([frame(modelResponse=model)])
    assert events == [
        MediaReady(ASSETS + "u/generated/7/image.jpg", "7"),
        MediaReady(ASSETS + "bare.jpg", "bare.jpg"),
    ]


def test_moderated_images_stay_hidden():
    events, error = decode([TRANSCRIPTS["images_moderated"]])
    assert events == [
        MediaProgress("9d0c", 50),
        MediaProgress("9d0c", 100),
        MediaProgress("77aa", 100),
    ]
    assert error is None


def test_sources():
    events, _ = decode([TRANSCRIPTS["sources"]])
    words = "word " * 10
    assert of(Source, events) == [
        Source("https://a.example/", "A"),
        Source("https://b.example/", "https://b.example/"),
        Source("https://x.com/ann/status/1", f"𝕏/@ann: {words}...", "x_post"),
        Source("https://x.com/bob/status/2", "𝕏/@bob", "x_post"),
        Source("https://c.example/", "C"),
        Source("https://x.com/cy/status/4", "𝕏/@cy: short one", "x_post"),
    ]


@pytest.mark.parametrize(
    ("name", "events", "error"),
    [
        ("error_rate_limit", [TextDelta("Half an ans")], (8, "Too many requests")),
        ("error_nested", [], (7, "anti-bot")),
        ("error_in_model", [TextDelta("So far")], (None, "usage limit reached")),
        ("error_text", [], (None, "broken")),
        (
            "image_quota",
            [TextDelta("Drawing.")],
            (8, "image generation is rate limited"),
        ),
    ],
)
def test_errors(name, events, error):
    assert decode([TRANSCRIPTS[name]]) == (events, error)


@pytest.mark.parametrize("value", ["text", None, {}, [], 5])
def test_top_level_error_that_is_none(value):
    data = orjson.dumps({"error": value}) + b"\n" + frame(token="on")
    assert decode([data]) == ([TextDelta("on")], None)


def test_error_without_words():
    data = orjson.dumps({"error": {"details": []}})
    assert decode([data]) == ([], (None, "upstream error"))


def test_frame_too_large():
    decoder = ChatDecoder(ASSETS, False)
    with pytest.raises(StreamError, match="frame too large") as raised:
        decoder.feed(frame(token="a") + b'{"x":"' + b"y" * OBJECT_MAX_BYTES)
    assert raised.value.events == [TextDelta("a")]
    assert decoder.feed(frame(token="b")) == []
    assert decoder.close() == []


def ended_after(*frames):
    decoder = ChatDecoder(ASSETS, False)
    for data in frames[:-1]:
        decoder.feed(data)
        assert not decoder.ended
    decoder.feed(frames[-1])
    return decoder.ended


def test_end_signals():
    token = frame(token="a", messageTag="final")
    stop = frame(isSoftStop=True)
    assert ended_after(token, stop)
    assert ended_after(frame(token="a", isSoftStop=True))
    assert ended_after(frame(token="a", isThinking=True), stop)
    assert ended_after(frame(finalMetadata={"a": 1}))
    assert not ended_after(frame(finalMetadata={}))
    assert ended_after(token, b"data: [DONE]\n")
    assert not ended_after(stop)
    assert ended_after(
        stop, frame(modelResponse={}), frame(modelResponse={"message": "a"})
    )
    assert ended_after(stop, frame(modelResponse={"generatedImageUrls": ["a/b.jpg"]}))


def test_nothing_follows_the_end():
    decoder = ChatDecoder(ASSETS, False)
    assert decoder.feed(TRANSCRIPTS["whole_turn"])
    assert decoder.feed(frame(token="more")) == []
    assert decoder.close() == []


def test_held_text_comes_before_the_end():
    data = frame(token="a <gro") + frame(token="", isSoftStop=True)
    assert decode([data])[0] == [TextDelta("a <gro")]
    assert decode([frame(token="a <gro")])[0] == [TextDelta("a <gro")]


def test_tail_is_only_added_to_its_own_beginning():
    other = frame(modelResponse={"message": "another answer, longer"})
    shorter = frame(modelResponse={"message": "th"})
    same = frame(modelResponse={"message": "this <b>"})
    longer = frame(modelResponse={"message": "this <b> too"})
    data = frame(token="this ") + frame(token="<b>") + other + shorter + same + longer
    assert text(decode([data])[0]) == "this <b> too"


def test_empty_final_token_begins_the_text():
    data = frame(token="", messageTag="final") + frame(token="hm", isThinking=True)
    assert decode([data])[0] == [ReasoningDelta("hm", late=True)]


@pytest.mark.parametrize("results", ["webSearchResults", "codeExecutionResult"])
def test_tool_results_may_come_with_a_token(results):
    shown = frame(token="a", toolUsageCardId="t", **{results: {}})
    hidden = frame(token="b", toolUsageCardId="t", xSearchResults={})
    assert decode([shown + hidden])[0] == [TextDelta("a")]


def test_one_event_per_plain_token():
    decoder = ChatDecoder(ASSETS, False)
    data = b"".join(frame(token=t, messageTag="final", isThinking=False) for t in "abc")
    assert decoder.feed(data) == [TextDelta("a"), TextDelta("b"), TextDelta("c")]
