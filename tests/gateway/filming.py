"""A gateway that films without processes: upstream and its media host are functions."""

import asyncio
from contextlib import asynccontextmanager, suppress

import httpx

from gateway import studio
from gateway.entry import Entry
from media.models import VideoJob
from tests.gateway.asgi import Exchange, post
from tests.gateway.test_films import Web
from tests.media.samples import film, picture

VIDEOS = "/v1/videos"
ENDED = {"completed", "failed"}
FILM, PNG = film(), picture(colour=11)


class Host(Web):
    """Upstream with its media host: `files` by the end of their address."""

    def __init__(self):
        super().__init__()
        self.files = {"v1.mp4": FILM, "v2.mp4": film(), "still.jpg": PNG}
        self.statuses = []

    async def __call__(self, request):
        if request.method != "GET":
            return await super().__call__(request)
        if self.statuses:
            return httpx.Response(self.statuses.pop(0))
        return httpx.Response(
            200, content=self.files[request.url.path.rpartition("/")[2]]
        )


async def create(headers=None, **members):
    body = {"prompt": "rain", **members}
    return await post(body, VIDEOS, headers=headers or {}).through(Entry())


async def get(path="", method="GET", query=b"", **headers):
    asking = Exchange(method, VIDEOS + path, headers=headers, query=query)
    return await asking.through(Entry())


@asynccontextmanager
async def working():
    """The studio of this process, until the block ends."""
    task = asyncio.create_task(studio.current().work())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(check):
    """The first answer of `check` that is true, looked for again and again."""
    async with asyncio.timeout(10):
        while True:
            if found := await check():
                return found
            await asyncio.sleep(0.01)


async def job_when(video_id, condition):
    async def check():
        job = (await get(f"/{video_id}")).json
        return job if condition(job) else None

    return await until(check)


async def ended(video_id):
    return await job_when(video_id, lambda job: job["status"] in ENDED)


async def asked(host, left=0):
    """Upstream has been asked, but for so many."""

    async def check():
        return len(host.chats) <= left

    await until(check)


async def made(host, *chats, **members):
    """A job from its start to its end."""
    host.chats = list(chats)
    job = (await create(**members)).json
    async with working():
        done = await ended(job["id"])
        await until(idle)
        return done


async def idle():
    return studio.current().busy == 0


async def rows():
    return await VideoJob.objects.acount()
