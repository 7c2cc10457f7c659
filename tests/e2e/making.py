"""Pictures, edits and films asked of a running sandbox, without a gateway."""

import base64
import io
from contextlib import aclosing

import orjson
import pytest
from PIL import Image

from gateway.errors import UpstreamFailure
from gateway.upstream import assets, image_edit, imagine, video
from gateway.upstream.assets import File
from gateway.upstream.headers import Login
from gateway.upstream.pictures import Picture, Progress
from tests.gateway.upstream.stand_in import Chosen

LOGIN = Login("sandbox-heavy-1")
SOURCE = File("a.png", "image/png", base64.b64encode(b"a picture"))
OTHER = File("b.png", "image/png", base64.b64encode(b"another picture"))


def settings(sandbox, **changed):
    given = {
        "upstream__base_url": sandbox.url,
        "upstream__assets_url": sandbox.url,
        "upstream__accounts_url": sandbox.url,
        "upstream__media_hosts": (sandbox.url.removeprefix("http://"),),
        "features__enable_nsfw": False,
        "asset__upload_timeout": 10,
        "asset__download_timeout": 10,
        "batch__asset_upload_concurrency": 10,
        "image__timeout": 10,
        "image__stream_timeout": 5,
        "video__timeout": 5,
        "chat__timeout": 5,
    }
    return Chosen(**{**given, **changed})


async def collected(events):
    async with aclosing(events) as told:
        return [event async for event in told]


async def drawn(sandbox, prompt, n=1, *, ratio="1:1", pro=False, **changed):
    chosen = settings(sandbox, **changed)
    return await collected(
        imagine.generate(LOGIN, prompt, n=n, ratio=ratio, pro=pro, settings=chosen)
    )


async def edited(sandbox, prompt, *files, login=LOGIN, **changed):
    chosen = settings(sandbox, **changed)
    sources = await image_edit.sources(login, files, chosen)
    return await collected(image_edit.edit(login, prompt, sources, settings=chosen))


async def filmed(sandbox, prompt, *files, login=LOGIN, seconds=6, **changed):
    return await collected(
        video.first_segment(
            login,
            prompt,
            ratio="9:16",
            seconds=seconds,
            resolution="720p",
            preset="custom",
            references=files,
            settings=settings(sandbox, **changed),
        )
    )


async def downloaded(sandbox, url, login=LOGIN):
    async with assets.open_asset(login, url, settings(sandbox)) as download:
        return b"".join([piece async for piece in download]), download.media_type


def pictures(events):
    return [event for event in events if isinstance(event, Picture)]


def percents(events):
    return [event.percent for event in events if isinstance(event, Progress)]


def size(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.format, image.size


async def failed(work):
    with pytest.raises(UpstreamFailure) as caught:
        await work
    return caught.value


def prompts(sandbox):
    frames = [one for one in sandbox.requests(100) if one["method"] == "WS"]
    contents = [orjson.loads(one["body"])["item"]["content"][0] for one in frames]
    return [one for one in contents if one["type"] == "input_text"]
