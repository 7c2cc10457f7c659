"""Light pictures, edits and films of a running sandbox."""

import io

import orjson
import pytest

from gateway.errors import Kind
from gateway.upstream import lite, pool, video
from gateway.upstream.headers import Login
from gateway.upstream.pictures import Moderated
from gateway.upstream.video import Segment
from media import boxes
from tests.e2e.making import (
    LOGIN,
    OTHER,
    SOURCE,
    collected,
    downloaded,
    edited,
    failed,
    filmed,
    percents,
    pictures,
    settings,
    size,
)


@pytest.fixture(autouse=True)
async def recording(sandbox):
    sandbox.reset()
    sandbox.settings(record=True)
    yield
    sandbox.settings(record=False)
    await pool.current().aclose()


async def test_a_light_picture(sandbox):
    events = await collected(lite.generate(LOGIN, "a kite", settings(sandbox)))
    (picture,) = pictures(events)
    assert percents(events) == sorted(set(percents(events)))
    data, media_type = await downloaded(sandbox, picture.url)
    assert (size(data)[0], media_type) == ("JPEG", "image/jpeg")
    (asked,) = sandbox.requests(100)[:1]
    assert orjson.loads(asked["body"])["message"] == "Drawing: a kite"
    assert orjson.loads(asked["body"])["modeId"] == "fast"


async def test_the_second_light_picture_counts_if_the_first_is_withheld(sandbox):
    prompt = "a kite [[moderated=1]]"
    events = await collected(lite.generate(LOGIN, prompt, settings(sandbox)))
    assert len(pictures(events)) == 1


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("[[moderated]]", Kind.CONTENT_POLICY),
        ("[[noresult]]", Kind.UPSTREAM_ERROR),
        ("[[error=8]]", Kind.RATE_LIMITED),
        ("[[status=429]]", Kind.RATE_LIMITED),
        ("[[challenge]]", Kind.UPSTREAM_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("operation", ["lite", "edit", "video"])
async def test_faults_of_the_chat_endpoint(sandbox, operation, asked, kind):
    prompt = f"a kite {asked}"
    made = {
        "lite": lambda: collected(lite.generate(LOGIN, prompt, settings(sandbox))),
        "edit": lambda: edited(sandbox, prompt, SOURCE),
        "video": lambda: filmed(sandbox, prompt),
    }
    failure = await failed(made[operation]())
    assert failure.kind is kind


@pytest.mark.parametrize("operation", ["edit", "video"])
async def test_silence_of_the_chat_endpoint(sandbox, operation):
    prompt, brief = "a kite [[stall_after=2]]", {"chat__timeout": 0.3}
    if operation == "edit":
        failure = await failed(edited(sandbox, prompt, SOURCE, **brief))
    else:
        failure = await failed(filmed(sandbox, prompt, video__timeout=0.3))
    assert failure.kind is Kind.IDLE_TIMEOUT


@pytest.mark.parametrize("form", ["v2", "v3"])
async def test_an_edit(sandbox, form):
    forms = {"upstream__image_edit_protocol": form, "upstream__upload_protocol": form}
    events = await edited(sandbox, "make @IMAGE1 like @image2", SOURCE, OTHER, **forms)
    found = pictures(events)
    assert [one.slot for one in found] == ([0, 1] if form == "v2" else [0])
    assert percents(events)[-1] == 100
    data, _ = await downloaded(sandbox, found[0].url)
    assert size(data)[0] == "JPEG"
    body = orjson.loads(sandbox.requests(2)[0]["body"])
    assert "@IMAGE" not in body["message"].upper()
    assert body["message"].count("@") == 2


async def test_what_an_edit_sends(sandbox):
    await edited(sandbox, "blue", SOURCE)
    upload, post, chat = sandbox.requests(3)
    assert upload["path"] == "/rest/app-chat/upload-file"
    assert post["headers"]["referer"] == f"{sandbox.url}/imagine"
    assert orjson.loads(post["body"]) == {
        "mediaType": "MEDIA_POST_TYPE_IMAGE",
        "prompt": "blue",
    }
    body = orjson.loads(chat["body"])
    models = body["responseMetadata"]["modelConfigOverride"]["modelMap"]
    config = models["imageEditModelConfig"]
    parent = config["parentPostId"]
    assert chat["headers"]["referer"] == f"{sandbox.url}/imagine/post/{parent}"
    assert config["imageReferences"][0].startswith(f"{sandbox.url}/users/")
    assert body["modelName"] == "imagine-image-edit"
    assert "modeId" not in body


async def test_an_edit_with_a_known_user(sandbox):
    found = pictures(await edited(sandbox, "blue", SOURCE))
    user_id = found[0].url.split("/")[4]
    named = await edited(sandbox, "blue", SOURCE, login=Login(LOGIN.token, user_id))
    (first, _) = pictures(named)
    assert first.url.endswith("/content")
    assert size((await downloaded(sandbox, first.url))[0])[0] == "JPEG"


async def test_an_edit_told_by_its_summary_only(sandbox):
    assert len(pictures(await edited(sandbox, "blue [[summary_only]]", SOURCE))) == 2


async def test_what_was_made_before_a_fault_stands(sandbox):
    for fault in ("reset_after=4", "error=8]] [[error_after=4"):
        events = await edited(sandbox, f"blue [[{fault}]]", SOURCE)
        assert [one.slot for one in pictures(events)] == [0]
    events = await filmed(sandbox, "waves [[stall_after=7]]", video__timeout=0.5)
    assert isinstance(events[-1], Segment)


async def test_a_partly_withheld_edit(sandbox):
    events = await edited(sandbox, "blue [[moderated=1]]", SOURCE)
    assert [one.slot for one in pictures(events)] == [1]
    assert Moderated(0) in events


@pytest.mark.parametrize("operation", ["edit", "video"])
async def test_no_post_no_spending(sandbox, operation):
    prompt = "blue [[nopost]]"
    work = (
        edited(sandbox, prompt, SOURCE)
        if operation == "edit"
        else filmed(sandbox, prompt)
    )
    failure = await failed(work)
    assert failure.kind is Kind.UPSTREAM_ERROR
    assert not failure.charged


async def test_a_film_and_its_extension(sandbox):
    events = await filmed(sandbox, "waves", seconds=10)
    first = events[-1]
    assert isinstance(first, Segment)
    assert percents(events) == [1, 10, 25, 42, 60, 80, 100]
    data, media_type = await downloaded(sandbox, first.video_url)
    assert media_type == "video/mp4"
    assert boxes.media_hash(io.BytesIO(data), len(data))
    still, _ = await downloaded(sandbox, first.thumbnail_url)
    assert size(still)[1] == (216, 384)
    longer = await collected(
        video.extend(
            LOGIN,
            "waves",
            previous=first,
            elapsed_s=10,
            seconds=6,
            ratio="9:16",
            resolution="720p",
            preset="custom",
            settings=settings(sandbox),
        )
    )
    whole = longer[-1]
    assert isinstance(whole, Segment)
    assert whole.parent_post_id == first.parent_post_id
    more, _ = await downloaded(sandbox, whole.video_url)
    assert len(more) > len(data)
    extension = next(
        one
        for one in sandbox.requests(100)
        if one["path"].endswith("new") and b"isVideoExtension" in one["body"].encode()
    )
    body = orjson.loads(extension["body"])
    models = body["responseMetadata"]["modelConfigOverride"]["modelMap"]
    config = models["videoGenModelConfig"]
    assert config["videoExtensionStartTime"] == 10.041667
    assert config["extendPostId"] == first.post_id
    assert body["message"] == "waves --mode=custom"


async def test_an_unknown_post_is_not_extended(sandbox):
    unknown = Segment("p", "p", "a", "u", "t")
    failure = await failed(
        collected(
            video.extend(
                LOGIN,
                "waves",
                previous=unknown,
                elapsed_s=6,
                seconds=6,
                ratio="9:16",
                resolution="720p",
                preset="custom",
                settings=settings(sandbox),
            )
        )
    )
    assert failure.kind is Kind.UPSTREAM_REJECTED


async def test_a_film_of_references(sandbox):
    events = await filmed(sandbox, "waves", SOURCE, OTHER)
    assert isinstance(events[-1], Segment)
    asked = [one["path"] for one in sandbox.requests(100)]
    assert asked.count("/rest/media/post/create") == 2
    assert asked.count("/rest/app-chat/upload-file") == 2


async def test_other_prompts_give_other_films(sandbox):
    waves, wind = [(await filmed(sandbox, prompt))[-1] for prompt in ("waves", "wind")]
    assert await downloaded(sandbox, waves.video_url) != await downloaded(
        sandbox, wind.video_url
    )
    stock = [
        (await filmed(sandbox, f"{prompt} [[stock]]"))[-1]
        for prompt in ("waves", "wind")
    ]
    assert stock[0].video_url == stock[1].video_url


async def test_the_later_form_of_films(sandbox):
    later = {"upstream__video_protocol": "v3"}
    assert isinstance((await filmed(sandbox, "waves", **later))[-1], Segment)
    asked = [one["path"] for one in sandbox.requests(100)]
    assert asked == ["/rest/app-chat/conversations/new"]
