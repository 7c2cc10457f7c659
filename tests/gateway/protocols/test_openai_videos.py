"""What a request for a film may hold, and how its job is told."""

from dataclasses import replace

import pytest
from openai.types import Video, VideoDeleteResponse

from gateway.conversation.filming import Filming
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_videos as videos

URI = "data:image/png;base64,aGk="
FILE = Attachment(URI, "image", "a.png", "input_reference")
JOB = videos.Job(
    id="video_8f1d2c3b4a5968778695a4b3c2d1e0f9",
    created_at=1795300000,
    status="queued",
    model=videos.MODEL,
    progress=0,
    prompt="rain",
    seconds=6,
    size="720x1280",
)


def parse(*files, **members):
    return videos.parse({"prompt": "rain", **members}, files)


def refusal(call, *args, **members):
    with pytest.raises(GatewayError) as caught:
        call(*args, **members)
    return caught.value.kind, caught.value.param


def test_what_is_left_out():
    order = parse()
    assert (order.model, order.prompt) == ("grok-imagine-video", "rain")
    assert order.filming == Filming(6, "720x1280", "9:16", "720p", "custom")


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("720x1280", "9:16"),
        ("1280x720", "16:9"),
        ("1024x1024", "1:1"),
        ("1024x1792", "9:16"),
        ("1792x1024", "16:9"),
    ],
)
def test_sizes(size, ratio):
    assert parse(size=size).filming.ratio == ratio


@pytest.mark.parametrize(
    ("seconds", "segments"),
    [(6, (6,)), ("10", (10,)), (12, (6, 6)), ("16", (10, 6)), (20, (10, 10))],
)
def test_lengths_are_built_from_segments(seconds, segments):
    assert parse(seconds=seconds).filming.segments == segments


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({"prompt": " "}, Kind.MISSING, "prompt"),
        ({"seconds": 7}, Kind.INVALID_VALUE, "seconds"),
        ({"seconds": "long"}, Kind.INVALID_TYPE, "seconds"),
        ({"size": "1x1"}, Kind.INVALID_VALUE, "size"),
        ({"resolution_name": "1080p"}, Kind.INVALID_VALUE, "resolution_name"),
        ({"preset": "wild"}, Kind.INVALID_VALUE, "preset"),
        ({"model": 3}, Kind.INVALID_TYPE, "model"),
        (
            {"input_reference": {"file_id": "f"}},
            Kind.UNSUPPORTED,
            "input_reference.file_id",
        ),
        (
            {"input_reference[file_id]": "f"},
            Kind.UNSUPPORTED,
            "input_reference.file_id",
        ),
    ],
)
def test_what_is_refused(members, kind, param):
    assert refusal(parse, **members) == (kind, param)


def test_references_in_every_form():
    def sources(*files, **members):
        return [one.source for one in parse(*files, **members).filming.references]

    url = "https://pictures.example/a.png"
    assert sources(FILE) == [URI]
    assert sources(input_reference={"image_url": url}) == [url]
    assert sources(input_reference=[{"image_url": url}, URI]) == [url, URI]
    assert sources(**{"input_reference[image_url]": url}) == [url]
    assert len(sources(*[FILE] * 9)) == 7


def test_chat_names_its_own_place():
    assert videos.chat_filming(None) == Filming()
    assert videos.chat_filming({"seconds": 10, "preset": "normal"}).seconds == 10
    refused = refusal(videos.chat_filming, {"seconds": 7})
    assert refused == (Kind.INVALID_VALUE, "video_config.seconds")


def test_jobs_parse_as_the_clients_own_type():
    for job in (
        JOB,
        replace(JOB, status="completed", progress=100, completed_at=1, expires_at=2),
        replace(JOB, status="failed", error_code="interrupted", error_message="x"),
    ):
        body = videos.document(job)
        assert Video.model_validate(body, strict=True)
        assert body["seconds"] == "6"
    assert body["error"] == {"code": "interrupted", "message": "x"}


def test_lists_and_deletions():
    listed = videos.listing([JOB, replace(JOB, id="video_2")], has_more=True)
    assert (listed["first_id"], listed["last_id"]) == (JOB.id, "video_2")
    empty = videos.listing([], has_more=False)
    assert (empty["first_id"], empty["data"]) == (None, [])
    assert VideoDeleteResponse.model_validate(videos.deleted(JOB.id), strict=True)
