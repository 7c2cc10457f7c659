"""What edits and films send, and what is refused before anything is sent."""

import asyncio
import base64
from contextlib import aclosing

import httpx
import orjson
import pytest

from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.upstream import image_edit, media_posts, pool, video
from gateway.upstream.assets import File, Uploaded
from gateway.upstream.headers import Login
from gateway.upstream.video import Segment
from gateway.upstream.video_bodies import FLAGS
from tests.gateway.upstream.stand_in import Chosen

LOGIN = Login("tok", "u1")
FILE = File("a.png", "image/png", base64.b64encode(b"x"))
SEGMENT = Segment("vp1", "p-1", "v1", "https://assets.grok.com/v", "")
DONE = {"videoPostId": "vp1", "progress": 100, "videoUrl": "users/u1/v.mp4"}


def settings(form="v2"):
    return Chosen(
        upstream__video_protocol=form,
        upstream__image_edit_protocol=form,
        upstream__upload_protocol="v2",
        asset__upload_timeout=5,
        batch__asset_upload_concurrency=4,
        video__timeout=60,
    )


class Upstream:
    """Posts and uploads get ids in turn; a film is finished at once."""

    def __init__(self, post=None):
        self.asked = []
        self.post = post

    def __call__(self, request):
        self.asked.append(request)
        number = len(self.asked)
        if request.url.path == media_posts.PATH:
            post = {"post": {"id": f"p-{number}"}}
            return self.post or httpx.Response(200, json=post)
        if request.url.path.endswith("upload-file"):
            return httpx.Response(200, json={"fileMetadataId": f"f-{number}"})
        frame = {"result": {"response": {"streamingVideoGenerationResponse": DONE}}}
        return httpx.Response(200, content=orjson.dumps(frame))

    @property
    def bodies(self):
        return [orjson.loads(request.content) for request in self.asked]


async def filmed(upstream, form="v2", **changed):
    wanted = {
        "ratio": "9:16",
        "seconds": 6,
        "resolution": "720p",
        "preset": "custom",
        **changed,
    }
    with pool.carried_by(httpx.MockTransport(upstream)):
        made = video.first_segment(LOGIN, "waves", **wanted, settings=settings(form))
        async with aclosing(made) as events:
            return [event async for event in events]


async def extended(upstream, form="v2"):
    with pool.carried_by(httpx.MockTransport(upstream)):
        made = video.extend(
            LOGIN,
            "waves",
            previous=SEGMENT,
            elapsed_s=6,
            seconds=10,
            ratio="16:9",
            resolution="480p",
            preset="fun",
            settings=settings(form),
        )
        async with aclosing(made) as events:
            return [event async for event in events]


@pytest.mark.parametrize("preset", FLAGS)
async def test_a_film_of_text(preset):
    upstream = Upstream()
    segment = (await filmed(upstream, preset=preset))[-1]
    assert segment.parent_post_id == "p-1"
    post, film = upstream.bodies
    assert post == {"mediaType": "MEDIA_POST_TYPE_VIDEO", "prompt": "waves"}
    assert film == {
        "temporary": True,
        "modelName": "imagine-video-gen",
        "message": f"waves {FLAGS[preset]}",
        "enableSideBySide": True,
        "responseMetadata": {
            "experiments": [],
            "modelConfigOverride": {
                "modelMap": {
                    "videoGenModelConfig": {
                        "parentPostId": "p-1",
                        "aspectRatio": "9:16",
                        "videoLength": 6,
                        "resolutionName": "720p",
                    }
                }
            },
        },
    }
    assert upstream.asked[1].headers["referer"] == "https://grok.com/imagine"


async def test_an_extension():
    upstream = Upstream()
    assert isinstance((await extended(upstream))[-1], Segment)
    (film,) = upstream.bodies
    models = film["responseMetadata"]["modelConfigOverride"]["modelMap"]
    assert models["videoGenModelConfig"] == {
        "isVideoExtension": True,
        "videoExtensionStartTime": 6.041667,
        "extendPostId": "vp1",
        "stitchWithExtendPostId": True,
        "originalPrompt": "waves",
        "originalPostId": "p-1",
        "originalRefType": "ORIGINAL_REF_TYPE_VIDEO_EXTENSION",
        "mode": "fun",
        "parentPostId": "p-1",
        "aspectRatio": "16:9",
        "videoLength": 10,
        "resolutionName": "480p",
        "isVideoEdit": False,
    }
    referer = upstream.asked[0].headers["referer"]
    assert referer == "https://grok.com/imagine/post/p-1"


async def test_references_are_named_by_their_addresses():
    upstream = Upstream()
    await filmed(upstream, references=[FILE])
    upload, post, film = upstream.bodies
    url = "https://assets.grok.com/users/u1/f-1/content"
    assert upload["fileName"] == "a.png"
    assert post == {"mediaType": "MEDIA_POST_TYPE_IMAGE", "mediaUrl": url}
    models = film["responseMetadata"]["modelConfigOverride"]["modelMap"]
    config = models["videoGenModelConfig"]
    assert config["imageReferences"] == [url]
    assert config["isReferenceToVideo"] is True
    assert config["parentPostId"] == "p-2"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"references": [FILE]}, "input_reference"),
        ({"preset": "spicy"}, "preset"),
        ({"seconds": 16}, "seconds"),
    ],
)
async def test_what_the_later_form_cannot_carry_is_refused(changed, param):
    upstream = Upstream()
    with pytest.raises(GatewayError) as caught:
        await filmed(upstream, "v3", **changed)
    assert (caught.value.kind, caught.value.param) == (Kind.UNSUPPORTED, param)
    with pytest.raises(GatewayError) as caught:
        await extended(upstream, "v3")
    assert caught.value.kind is Kind.UNSUPPORTED
    assert upstream.asked == []


async def test_the_later_form():
    upstream = Upstream()
    assert isinstance((await filmed(upstream, "v3", seconds=15))[-1], Segment)
    (film,) = upstream.bodies
    assert film["mediaGenInput"]["textToVideo"] == {
        "prompt": "waves",
        "aspectRatio": "9:16",
        "duration": 15,
        "resolutionName": "720p",
    }
    assert film["kind"] == "CONVERSATION_KIND_IMAGINE"


@pytest.mark.parametrize(
    ("post", "charged"),
    [
        (httpx.Response(200, json={"post": None}), False),
        (httpx.Response(200, json={"post": {"id": ""}}), False),
        (httpx.Response(200, content=b"<html>"), False),
        (httpx.Response(500, json={}), False),
        (httpx.Response(429, json={}), True),
    ],
)
async def test_a_post_that_fails(post, charged):
    upstream = Upstream(post)
    with pytest.raises(UpstreamFailure) as caught:
        await filmed(upstream)
    assert caught.value.charged is charged
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    ("body", "prompt"),
    [
        (b'{"post":{"id":"p","originalPrompt":"a","prompt":"b"}}', "a"),
        (b'{"post":{"id":"p","originalPrompt":" ","prompt":"b"}}', "b"),
        (b'{"post":{"id":"p"}}', ""),
    ],
)
def test_the_wording_of_a_post(body, prompt):
    assert media_posts.read(body) == media_posts.Post("p", prompt)


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("@IMAGE1 on @image2", "@id-a on @id-b"),
        ("@IMAGE3 @IMAGE0", "@IMAGE3 @IMAGE0"),
        ("me@IMAGE1 @IMAGE1x @IMAGE12", "me@IMAGE1 @IMAGE1x @IMAGE12"),
        ("(@Image1),@IMAGE2.", "(@id-a),@id-b."),
        ("@IMAGE99999999999", "@IMAGE99999999999"),
    ],
)
def test_sources_are_mentioned_by_number(prompt, wanted):
    uploaded = [Uploaded("id-a", ""), Uploaded("id-b", "")]
    assert image_edit.mentioned(prompt, uploaded) == wanted


@pytest.mark.parametrize(("form", "total_s"), [("v2", 600), ("v3", 900)])
async def test_how_long_a_film_may_take(form, total_s):
    """The v3 form makes all of it in one call (13.7)."""
    upstream = Upstream()
    began = asyncio.get_running_loop().time()
    await filmed(upstream, form)
    extensions = upstream.asked[-1].extensions
    assert extensions["timeout"]["read"] == 60
    assert total_s <= extensions["deadline"] - began < total_s + 10
