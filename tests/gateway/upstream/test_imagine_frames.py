"""Frames of the Imagine socket, in every order."""

import json
import random

import pytest

from gateway.upstream.imagine_frames import (
    SLOTS_MOST,
    Drawing,
    Drawn,
    Sketch,
    percentage,
)
from gateway.upstream.inband import StreamError
from gateway.upstream.pictures import Moderated, Progress, Step

A = "0a0a0a0a-0000-4000-8000-000000000001"
B = "0b0b0b0b-0000-4000-8000-000000000002"
HOST = "https://imagine-public.x.ai/imagine-public/images/"


def start(name, **more):
    return json.dumps(
        {"type": "json", "current_status": "start_stage", "image_id": name, **more}
    )


def image(name, percent=None, **more):
    fields = {"type": "image", "url": f"{HOST}{name}.jpg", "blob": f"of-{name}-"}
    if percent is not None:
        fields["percentage_complete"] = percent
        fields["blob"] += str(percent)
    return json.dumps({**fields, **more})


def completed(name, **more):
    return json.dumps(
        {"type": "json", "current_status": "completed", "image_id": name, **more}
    )


def drawn(*frames, wanted=1):
    drawing = Drawing(wanted)
    drawing.begin()
    events = [event for frame in frames for event in drawing.feed(frame)]
    return drawing, events


def pictures(events):
    return [event for event in events if isinstance(event, Drawn)]


ORDERS = {
    "as upstream sends them": [start(A), image(A, 50), image(A, 100), completed(A)],
    "completed before the picture": [start(A), completed(A), image(A, 100)],
    "without a start": [image(A, 50), image(A, 100), completed(A)],
    "only a picture and the end": [image(A), completed(A)],
    "the end first": [completed(A), image(A)],
    "percent as text": [start(A), image(A, "50"), image(A, "100"), completed(A)],
    "percent as a decimal in text": [image(A, "99.5"), image(A, "100.0"), completed(A)],
    "started twice": [start(A), start(A), image(A, 100), completed(A)],
    "completed twice": [start(A), image(A, 100), completed(A), completed(A)],
    "drawn twice": [start(A), image(A, 100), image(A, 100), completed(A), image(A)],
    "in capitals": [start(A.upper()), image(A, 100), completed(A)],
}


@pytest.mark.parametrize("frames", ORDERS.values(), ids=ORDERS)
def test_every_order_gives_the_picture_once(frames):
    drawing, events = drawn(*frames, wanted=2)
    (picture,) = pictures(events)
    assert picture.url == f"{HOST}{A}.jpg"
    assert picture.blob.startswith(f"of-{A}")
    assert drawing.rests
    assert drawing.pictures == 1


@pytest.mark.parametrize("key", ["image_id", "job_id", "id"])
def test_a_slot_is_known_by_any_of_its_keys(key):
    begun = json.dumps({"type": "json", "current_status": "start_stage", key: A})
    ended = json.dumps({"type": "json", "current_status": "completed", key: A})
    _, events = drawn(begun, image(A, 100), ended)
    assert [picture.slot for picture in pictures(events)] == [0]


def test_keys_of_one_frame_are_joined():
    """The job is known by one name, the picture by another, one frame has both."""
    both = image(B, 100, id=A)
    _, events = drawn(start(A), image(B, 50, id=A), both, completed(B))
    assert len(pictures(events)) == 1


def test_frames_without_keys_go_by_their_place():
    def bare(frame, **more):
        kept = {
            key: value
            for key, value in json.loads(frame).items()
            if key not in {"image_id", "url"}
        }
        return json.dumps({**kept, **more})

    _, events = drawn(
        bare(start(A), order=1),
        bare(start(B), order=0),
        bare(image(B, 50), grid_index=0),
        bare(image(B, 100), grid_index=0),
        bare(image(A, 100), side_by_side_index=1),
        bare(completed(A), order=1),
        bare(completed(B), order=0),
        wanted=2,
    )
    assert [(one.slot, one.blob) for one in pictures(events)] == [
        (0, f"of-{A}-100"),
        (1, f"of-{B}-100"),
    ]


def test_a_picture_with_a_name_of_its_own_goes_by_its_place():
    _, events = drawn(start(A, order=2), image(B, 100, order=2), completed(A, order=2))
    assert [picture.slot for picture in pictures(events)] == [0]


def test_each_slot_is_told_of_where_that_is_asked_for():
    drawing = Drawing(2, steps=True)
    drawing.begin()
    frames = (start(A), start(B), image(A, 50), image(A, 40), image(A), completed(A))
    events = [event for frame in frames for event in drawing.feed(frame)]
    told = [(one.slot, one.percent) for one in events if isinstance(one, Step)]
    assert told == [(0, 10), (1, 10), (0, 50), (0, 99), (0, 100)]


def test_the_same_place_for_all_does_not_mix_them_up():
    _, events = drawn(
        start(A, order=0),
        start(B, order=0),
        image(A, 100, order=0),
        image(B, 100, order=0),
        completed(A, order=0),
        completed(B, order=0),
        wanted=2,
    )
    assert [one.blob for one in pictures(events)] == [f"of-{A}-100", f"of-{B}-100"]


def test_a_frame_without_any_name_is_about_the_only_open_slot():
    bare = json.dumps({"type": "image", "blob": "x", "percentage_complete": 100})
    _, events = drawn(start(A), bare, completed(A))
    assert [picture.blob for picture in pictures(events)] == ["x"]
    drawing, events = drawn(start(A), start(B), bare, bare)
    assert pictures(events) == []
    assert drawing.slots_seen == 2


def test_previews_are_told_and_replaced():
    _, events = drawn(start(A), image(A, 30), image(A, 60), image(A, 100), completed(A))
    sketches = [event for event in events if isinstance(event, Sketch)]
    assert sketches == [Sketch(0, f"of-{A}-30"), Sketch(0, f"of-{A}-60")]
    assert pictures(events)[0].blob == f"of-{A}-100"


def test_a_preview_is_not_finished_by_completion():
    drawing, events = drawn(start(A), image(A, 50), completed(A))
    assert pictures(events) == []
    assert drawing.awaits_pictures
    assert not drawing.rests
    assert [one.blob for one in drawing.settle()[:1]] == [f"of-{A}-50"]


def test_progress_only_rises_and_counts_the_best():
    drawing, events = drawn(
        start(A), start(B), image(A, 80), image(A, 40), image(B, 60), wanted=2
    )
    assert events
    assert [e.percent for e in events if isinstance(e, Progress)] == [
        *(5, 10, 45, 70),
    ]
    more = drawing.feed(image(A, 100)) + drawing.feed(completed(A))
    assert [e.percent for e in more if isinstance(e, Progress)] == [79, 80]


def test_no_more_pictures_than_wanted():
    frames = [image(A), image(B), completed(A), completed(B)]
    drawing, events = drawn(*frames, wanted=1)
    assert len(pictures(events)) == 1
    assert drawing.enough


def test_a_withheld_slot_brings_nothing_else():
    drawing, events = drawn(
        start(A), image(A, 100), completed(A, moderated=True), image(A, 100)
    )
    assert [e for e in events if not isinstance(e, Progress)] == [Moderated(0)]
    assert drawing.withheld
    assert drawing.rests
    assert drawing.settle() == []


def test_a_picture_may_itself_say_that_it_is_withheld():
    drawing, events = drawn(start(A), image(A, 100, moderated=True), completed(A))
    assert pictures(events) == []
    assert drawing.withheld


def test_r_rated_is_passed_on():
    _, events = drawn(start(A), image(A), completed(A, r_rated=True))
    assert pictures(events)[0].r_rated


def test_a_cut_round_keeps_what_was_shown():
    drawing, _ = drawn(start(A), image(A, 70), start(B), wanted=2)
    assert [one.blob for one in pictures(drawing.settle())] == [f"of-{A}-70"]
    assert drawing.rests
    assert drawing.feed(image(B, 100)) == []


def test_a_preview_without_bytes_is_no_picture():
    drawing, _ = drawn(start(A), image(A, 70, blob=""))
    assert drawing.settle() == []


def test_a_new_round_does_not_take_frames_of_the_last():
    drawing, _ = drawn(start(A), image(A, 50), wanted=2)
    drawing.begin()
    assert drawing.feed(image(A, 100)) == []
    assert drawing.slots_seen == 0
    drawing.feed(start(B))
    assert [
        one.slot for one in pictures(drawing.feed(image(B)) + drawing.settle())
    ] == [1]


def test_an_error_frame_is_an_error():
    drawing, _ = drawn()
    frame = {"type": "error", "err_code": "rate_limit_exceeded", "err_msg": "Slow down"}
    with pytest.raises(StreamError, match="rate limit exceeded Slow down"):
        drawing.feed(json.dumps(frame))


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "null",
        "[1]",
        '"text"',
        "{",
        "{}",
        b'{"type": "image"}',
        '{"type": "image"}',
        '{"type": "image", "url": 7, "blob": {}}',
        '{"type": "image", "id": "n", "url": "http://[", "percentage_complete": 100}',
        '{"type": "json", "current_status": "thinking", "image_id": "n"}',
        '{"type": ["image"]}',
        '{"type": "json", "current_status": "completed"}',
    ],
)
def test_what_is_not_understood_brings_no_picture(frame):
    drawing, events = drawn(frame)
    assert pictures(events + drawing.settle()) in (
        [],
        [Drawn(0, "http://[", "", False)],
    )


def test_endless_slots_are_not_kept():
    drawing, _ = drawn(*(start(f"name-{n}") for n in range(SLOTS_MOST + 50)))
    assert drawing.slots_seen == SLOTS_MOST


def test_shuffled_frames_never_give_too_much():
    """Whatever order and repetition: each slot once, progress rising."""
    names = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(4)]
    frames = [
        frame
        for name in names
        for frame in (start(name), image(name, 50), image(name, 100), completed(name))
    ]
    for seed in range(300):
        dice = random.Random(seed)
        mixed = dice.choices(frames, k=40)
        drawing, events = drawn(*mixed, wanted=3)
        events += drawing.settle()
        found = pictures(events)
        assert len(found) <= 3
        assert len({one.slot for one in found}) == len(found)
        told = [event.percent for event in events if isinstance(event, Progress)]
        assert told == sorted(set(told))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, 100), (50, 50), ("75", 75), (99.9, 99), ("odd", 50), ([], 50), (True, 50)],
)
def test_percentages(value, wanted):
    assert percentage(value) == wanted
