"""What the tests of several processes run: `python -m tests.media.processes WORK N`."""

import asyncio
import gc
import json
import os
import sys
from functools import partial
from pathlib import Path

import django

MIB = 1024 * 1024
PIECE = bytes(64 * 1024)


def save_pictures(count):
    """Save so many pictures of 1 MiB each, as fast as it goes."""

    async def run():
        for _ in range(count):
            data = samples.padded_picture(MIB, colour=int.from_bytes(os.urandom(2)))
            await store.save_bytes(Kind.IMAGE, data, store.Origin(Source.CHAT))

    asyncio.run(run())
    return {}


def carry_video(mebibytes):
    """Bytes of memory that a video takes on its way in and out, at the most.

    It comes from a media host on loopback, and what that host takes is counted, too.
    """

    async def send(total, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = samples.film(b"")[:-8] + (total + 8).to_bytes(4) + b"mdat"
        size = len(head) + total
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + head)
        for _ in range(total // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()
        writer.close()

    async def save(total):
        host = await asyncio.start_server(partial(send, total), "127.0.0.1", 0)
        port = host.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        keys = {"upstream.assets_url": url, "features.video_format": "local_url"}
        async with host:
            with config.override(keys):
                origin = store.Origin(Source.VIDEO_JOB)
                resolver = Resolver(Login("t", "u"), "", origin, config.current())
                link = await resolver.film_in_chat(f"{url}/users/u/generated/1/a.mp4")
        return await store.find(Kind.VIDEO, link.rpartition("=")[2])

    async def serve(asset):
        asking = Exchange(
            "GET", "/v1/files/video", query=b"id=" + asset.public_id.encode()
        )
        taken = 0

        async def send(message):
            nonlocal taken
            taken += len(message.get("body", b""))

        await Entry()(asking.scope, asking.receive, send)
        return taken

    async def run():
        await serve(await save(MIB))  # what is loaded once does not count
        total = mebibytes * MIB
        before = reset_peak()
        asset = await save(total)
        saving, before = peak() - before, reset_peak()
        taken = await serve(asset)
        return {
            "saving": saving,
            "serving": peak() - before,
            "served_all": taken == asset.size > total,
        }

    return asyncio.run(run())


def save_video(size):
    """Its id."""

    async def run():
        data = samples.padded_film(size)
        origin = store.Origin(Source.VIDEO_JOB)
        return await store.save_bytes(Kind.VIDEO, data, origin)

    return {"id": asyncio.run(run()).public_id}


def reset_peak():
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def peak():
    return memory("VmHWM")


def memory(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


if __name__ == "__main__":
    django.setup()

    from gateway.entry import Entry
    from gateway.media_links import Resolver
    from gateway.upstream.headers import Login
    from grokgateway import config
    from media import store
    from media.models import Kind, Source
    from tests.gateway.asgi import Exchange
    from tests.media import samples

    config.load()
    works = {one.__name__: one for one in (save_pictures, carry_video, save_video)}
    sys.stdout.write(json.dumps(works[sys.argv[1]](int(sys.argv[2]))))
