"""Frames of image edits."""

import pytest

from gateway.upstream.edit_frames import EditDecoder
from gateway.upstream.pictures import Moderated, Picture, Progress, Step

ASSETS = "https://assets.grok.com"


def frame(index, percent, **more):
    fields = {"imageIndex": index, "progress": percent, **more}
    return {"streamingImageGenerationResponse": fields}


def path(name):
    return f"users/u1/generated/{name}/image.jpg"


def summary(urls=(), files=()):
    return {
        "modelResponse": {"generatedImageUrls": [*urls], "fileAttachments": [*files]}
    }


def read(*responses, user_id=""):
    decoder = EditDecoder(ASSETS, user_id)
    events = [event for response in responses for event in decoder.feed(response)]
    return decoder, events + decoder.close()


def urls(events):
    return [(one.slot, one.url) for one in events if isinstance(one, Picture)]


def test_a_finished_frame_is_a_picture():
    _, events = read(
        frame(0, 50, imageUrl=path("e0-part-0")),
        frame(0, 100, imageUrl=path("e0"), assetId="e0"),
        summary([path("e0")], ["e0"]),
    )
    assert urls(events) == [(0, f"{ASSETS}/{path('e0')}")]
    assert [e.percent for e in events if isinstance(e, Progress)] == [25, 50]


def test_each_picture_is_told_of_where_that_is_asked_for():
    decoder = EditDecoder(ASSETS, "", steps=True)
    frames = [frame(1, 50), frame(1, 20), frame(1, 100, imageUrl=path("e1"))]
    events = [event for one in frames for event in decoder.feed(one)]
    told = [one for one in events if isinstance(one, Step)]
    assert told == [Step(1, 50), Step(1, 100)]


def test_with_a_user_id_the_asset_is_named_by_it():
    _, events = read(
        frame(0, 100, imageUrl=path("e0"), assetId="e0"),
        summary([path("e0"), path("e1")], ["e0", "e1"]),
        user_id="u1",
    )
    assert urls(events) == [
        (0, f"{ASSETS}/users/u1/e0/content"),
        (1, f"{ASSETS}/users/u1/e1/content"),
    ]


def test_the_summary_fills_what_the_frames_left_out():
    _, events = read(summary([path("e0"), path("e1")]))
    assert [slot for slot, _ in urls(events)] == [0, 1]


def test_a_withheld_picture_stays_out_though_the_summary_lists_it():
    decoder, events = read(
        frame(0, 100, imageUrl=path("e0"), assetId="e0", moderated=True),
        frame(1, 100, imageUrl=path("e1"), assetId="e1"),
        summary([path("e1"), path("e0"), path("e0")], ["e1", "e0", "e0"]),
        user_id="u1",
    )
    assert urls(events) == [(1, f"{ASSETS}/users/u1/e1/content")]
    assert Moderated(0) in events
    assert decoder.withheld == {0}


def test_nothing_but_withheld():
    decoder, events = read(
        frame(0, 100, imageUrl=path("e0"), moderated=True), summary([path("e0")])
    )
    assert urls(events) == []
    assert not decoder.done


@pytest.mark.parametrize("index", [None, -1, "x", 10_000, {}])
def test_a_frame_without_a_sensible_index_is_ignored(index):
    assert urls(read(frame(index, 100, imageUrl=path("e0")))[1]) == []


def test_an_index_counts_once():
    frames = [frame(0, 100, imageUrl=path("e0")), frame(0, 100, imageUrl=path("e9"))]
    assert len(urls(read(*frames)[1])) == 1


def test_the_later_names():
    response = {
        "streamingImageGenerationResponse": {
            "imageIndex": 0,
            "url": f"{ASSETS}/x/content",
            "isFinal": True,
        }
    }
    assert urls(read(response)[1]) == [(0, f"{ASSETS}/x/content")]


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"streamingImageGenerationResponse": None},
        {"streamingImageGenerationResponse": [1]},
        {"modelResponse": {"generatedImageUrls": "x", "fileAttachments": 3}},
        {"modelResponse": {"generatedImageUrls": [None, 3, ""]}},
        frame(0, 100, imageUrl={"a": 1}),
        frame(0, "late", imageUrl=path("e0")),
    ],
)
def test_odd_frames_bring_nothing(response):
    assert urls(read(response)[1]) == []
