"""What the wall's socket is told, and what it answers."""

import json

import pytest

from gateway.errors import GatewayError, Kind
from webui.imagine import frames
from webui.imagine.frames import Place, Start, Stop


def started(**members):
    said = frames.parse(json.dumps({"type": "start", "prompt": " a kite ", **members}))
    assert isinstance(said, Start)
    return said


def test_an_old_page_gets_what_it_always_did():
    assert started() == Start("a kite", "2:3", "speed", 6, True, False, False, 1)
    old = {"aspect_ratio": "16:9", "quality": "quality", "count": 3, "nsfw": False}
    start = started(**old)
    assert (start.ratio, start.quality, start.count) == ("16:9", "quality", 3)
    assert not start.adult
    assert frames.parse('{"type": "stop"}') == Stop()


def test_a_run_without_an_end_cannot_be_asked_for():
    start = started(mode="continuous")
    assert (start.continuous, start.rounds, start.minutes) == (True, 10, 30)
    assert started(mode="once", rounds=50).rounds == 1
    assert started(mode="continuous", rounds=3, minutes=1).rounds == 3


def test_a_reference_makes_pairs():
    assert started(reference="u1").count == 2
    assert started(picture="p1", count=1).refers


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt": " "}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"aspect_ratio": "7:5"}, "aspect_ratio"),
        ({"aspect_ratio": ["2:3"]}, "aspect_ratio"),
        ({"quality": "best"}, "quality"),
        ({"mode": "for ever"}, "mode"),
        ({"count": 0}, "count"),
        ({"count": 7}, "count"),
        ({"count": True}, "count"),
        ({"count": "3"}, "count"),
        ({"mode": "continuous", "rounds": 101}, "rounds"),
        ({"mode": "continuous", "minutes": 0}, "minutes"),
        ({"nsfw": "no"}, "nsfw"),
        ({"blob": 1}, "blob"),
        ({"reference": 5}, "reference"),
        ({"reference": "x" * 65}, "reference"),
        ({"reference": "a", "picture": "b"}, "picture"),
        ({"reference": "a", "count": 3}, "count"),
        ({"type": "begin"}, "type"),
        ({"type": None}, "type"),
    ],
)
def test_what_cannot_be_done_is_said_of_its_field(members, param):
    with pytest.raises(GatewayError) as caught:
        started(**members)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.INVALID_JSON),
        ("{", Kind.INVALID_JSON),
        ("[]", Kind.INVALID_VALUE),
        ("x" * (frames.MESSAGE_CHARS + 1), Kind.TOO_LARGE),
    ],
)
def test_what_is_no_frame_at_all(text, kind):
    with pytest.raises(GatewayError) as caught:
        frames.parse(text)
    assert caught.value.kind is kind


def test_errors_have_one_shape_and_the_old_names():
    error = GatewayError(Kind.RATE_LIMITED, "Wait.", param="x", retry_after_s=5)
    assert Place("r1", 2, "b1").failure(error) == {
        "type": "error",
        "run_id": "r1",
        "round": 2,
        "round_id": "b1",
        "code": "rate_limit_exceeded",
        "message": "Wait.",
        "error": "Wait.",
        "error_code": "rate_limit_exceeded",
        "param": "x",
        "retry_after": 5,
    }
    assert "round" not in Place("").failure(error)
