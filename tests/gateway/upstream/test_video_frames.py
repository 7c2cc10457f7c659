"""Frames of videos."""

import pytest

from gateway.upstream.pictures import Progress
from gateway.upstream.video_frames import Segment, VideoDecoder

ASSETS = "https://assets.grok.com"
FILM = "users/u1/generated/v1/generated_video.mp4"
STILL = "users/u1/generated/v1/preview_image.jpg"


def frame(**fields):
    return {"streamingVideoGenerationResponse": fields}


def done(**more):
    fields = {"videoId": "v1", "videoPostId": "vp1", "assetId": "v1", "progress": 100}
    return frame(**{**fields, **more})


def read(*responses, user_id=""):
    decoder = VideoDecoder(ASSETS, user_id, "p-1")
    events = [event for response in responses for event in decoder.feed(response)]
    return decoder, events, decoder.close()


def test_progress_and_a_segment():
    _, events, segment = read(
        frame(videoId="v1", videoPostId="vp1", progress=5),
        frame(videoId="v1", videoPostId="vp1", progress=3),
        frame(videoId="v1", videoPostId="vp1", progress=42),
        done(videoUrl=FILM, thumbnailImageUrl=STILL, moderated=False),
    )
    assert events == [Progress(5), Progress(42), Progress(100)]
    assert segment == Segment(
        "vp1", "p-1", "v1", f"{ASSETS}/{FILM}", f"{ASSETS}/{STILL}"
    )


def test_without_a_post_id_the_video_id_counts():
    _, _, segment = read(frame(videoId="v1", progress=100, videoUrl=FILM))
    assert segment is not None
    assert (segment.post_id, segment.asset_id) == ("v1", "v1")


@pytest.mark.parametrize(
    "more",
    [
        {"contentUrl": FILM},
        {"assetUrl": f"{ASSETS}/{FILM}"},
        {"fileUri": "users/u1/v1/content"},
        {"variants": [{"url": "x.m3u8"}, {"url": FILM}]},
    ],
)
def test_later_names_of_the_film(more):
    _, _, segment = read(done(**more))
    assert segment is not None
    assert segment.video_url.startswith(ASSETS)


def test_the_summary_names_the_film():
    summary = {"modelResponse": {"fileAttachments": ["x", FILM]}}
    _, _, segment = read(done(), summary)
    assert segment is not None
    assert segment.video_url == f"{ASSETS}/{FILM}"


def test_an_asset_id_alone_needs_the_user_id():
    assert read(done())[2] is None
    segment = read(done(), user_id="u1")[2]
    assert segment is not None
    assert segment.video_url == f"{ASSETS}/users/u1/v1/content"


def test_a_withheld_film_stays_out():
    summary = {"modelResponse": {"fileAttachments": [FILM, "v1"]}}
    decoder, _, segment = read(
        done(videoUrl=FILM, moderated=True), summary, user_id="u"
    )
    assert segment is None
    assert decoder.withheld


@pytest.mark.parametrize(
    "response",
    [
        {},
        frame(),
        {"streamingVideoGenerationResponse": "x"},
        frame(progress="much", videoUrl=FILM),
        frame(progress=100, videoUrl=["x"]),
        done(contentUrl="x.m3u8", variants="all"),
        {"modelResponse": {"fileAttachments": {"a": 1}}},
    ],
)
def test_odd_frames_bring_no_film(response):
    assert read(response)[2] is None
