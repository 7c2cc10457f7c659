"""Made pictures, films and posts, and the bytes behind their addresses."""

import io

import pytest
from PIL import Image

from gateway.sandbox import film, generated, paint
from media import boxes
from media.formats import JPEG, MP4, PNG, sniff
from tests.gateway.sandbox.asking import CHAT, HEALTHY, call, cookies

COOKIE = cookies(HEALTHY)
POST = "/rest/media/post/create"


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.size


@pytest.mark.parametrize("ratio", paint.RATIOS)
def test_pictures_are_what_they_claim(ratio):
    name = paint.name("a kite", ratio)
    assert sniff(paint.jpeg(name)) == JPEG
    assert sniff(paint.png(name)) == PNG
    assert decoded(paint.jpeg(name)) == decoded(paint.png(name)) == paint.RATIOS[ratio]


def test_a_name_tells_its_picture():
    assert paint.name("a") == paint.name("a") != paint.name("b")
    assert paint.jpeg(paint.name("a")) != paint.jpeg(paint.name("b"))
    assert paint.seconds_of(paint.name("a", seconds=16)) == 16
    assert paint.seconds_of(paint.name("a")) == 0


@pytest.mark.parametrize("seconds", [1, 6, 20])
def test_films_are_whole(seconds):
    data = film.mp4(paint.name("waves", "9:16", seconds))
    assert sniff(data[:32]) == MP4
    assert boxes.media_hash(io.BytesIO(data), len(data))
    place = data.index(b"stco") + 12
    start = int.from_bytes(data[place : place + 4])
    assert data[start : start + 2] == b"\xff\xd8"  # the first picture is where it says
    counted = data.index(b"stsz") + 12
    assert int.from_bytes(data[counted : counted + 4]) == 2 * seconds


def test_other_films_have_other_pictures():
    hashes = {
        boxes.media_hash(io.BytesIO(data), len(data))
        for data in (film.mp4(paint.name(seed, "1:1", 6)) for seed in ("a", "b"))
    }
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/users/u1/generated/img-1/image.jpg", 200),
        ("/users/u1/generated/img-1-part-0/image.jpg", 200),
        (f"/{generated.picture_path('u1', paint.name('a'))}", 200),
        (f"/{generated.film_path('u1', paint.name('a', seconds=6))}", 200),
        (f"/{generated.film_path('u1', paint.name('a'))}", 404),
        (f"/{generated.still_path('u1', paint.name('a', seconds=6))}", 200),
        (f"/{generated.picture_path('another', paint.name('a'))}", 404),
        (f"/users/u1/{paint.name('a')}/content", 404),
        ("/users/u1/generated/img-1/else.jpg", 404),
    ],
)
async def test_addresses(sandbox, path, status):
    answer = await call(sandbox, "GET", path, cookie=COOKIE)
    assert answer.status == status
    assert (await call(sandbox, "GET", path, cookie=b"")).status == 403


async def test_public_pictures_need_no_login(sandbox):
    name = paint.name("a")
    answer = await call(sandbox, "GET", generated.public_path(name))
    assert (answer.status, answer.reply) == (200, paint.jpeg(name))
    preview = generated.public_path(name, preview=True)
    assert (await call(sandbox, "GET", preview)).reply == paint.png(name)
    for odd in ("x.jpg", f"{name}.gif", name):
        assert (await call(sandbox, "GET", generated.PUBLIC + odd)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        [],
        {},
        {"mediaType": "MEDIA_POST_TYPE_IMAGE"},
        {"mediaType": "x", "prompt": "a"},
    ],
)
async def test_a_post_needs_type_and_content(sandbox, body):
    assert (await call(sandbox, "POST", POST, body, cookie=COOKIE)).status == 400


async def test_posts_are_known_by_their_id(sandbox):
    body = {"mediaType": "MEDIA_POST_TYPE_VIDEO", "prompt": "waves"}
    post = (await call(sandbox, "POST", POST, body, cookie=COOKIE)).json()["post"]
    assert post["prompt"] == post["originalPrompt"] == "waves"
    film = {"parentPostId": post["id"], "aspectRatio": "1:1", "videoLength": 6}
    assert (await filmed(sandbox, film)).status == 200
    assert (await filmed(sandbox, {**film, "parentPostId": "other"})).status == 400
    assert (await filmed(sandbox, {**film, "videoLength": 99})).status == 400
    assert (await filmed(sandbox, {})).status == 400


async def filmed(sandbox, config):
    models = {"modelMap": {"videoGenModelConfig": config}}
    body = {
        "modelName": "imagine-video-gen",
        "message": "waves --mode=custom",
        "responseMetadata": {"modelConfigOverride": models},
    }
    return await call(sandbox, "POST", CHAT, body, cookie=COOKIE)
