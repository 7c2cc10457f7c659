"""Each kind of call that goes to upstream, made once: by name, for one login."""

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import date

from gateway.conversation.events import TextDelta
from gateway.conversation.speaking import Speaking
from gateway.egress.settings import Settings
from gateway.upstream import (
    assets,
    chat,
    identity,
    image_edit,
    imagine,
    listing,
    lite,
    media_posts,
    media_quota,
    operations,
    quota,
    video,
    voice,
    weekly_credits,
)
from gateway.upstream.headers import Login
from gateway.upstream.uploads import File
from tests.media.samples import picture

Work = Callable[[Login, Settings], Awaitable[object]]

FILE = File("a.png", "image/png", base64.b64encode(picture()))


async def last(events: AsyncGenerator[object]) -> object:
    async with aclosing(events) as all_of_them:
        return [event async for event in all_of_them][-1]


async def said(login: Login, settings: Settings) -> object:
    text = ""
    async with chat.ask(login, chat.Turn("[[text=hi]]", "fast"), settings) as replies:
        async for events in replies:
            text += "".join(e.text for e in events if isinstance(e, TextDelta))
    return text


async def uploaded_and_read(login: Login, settings: Settings) -> object:
    file = await assets.upload(login, FILE, settings)
    url = assets.content_url(login, file, settings)
    async with assets.open_asset(login, url, settings) as download:
        size = len(b"".join([piece async for piece in download]))
    await assets.delete(login, file.id, settings)
    return size


async def uploaded(login: Login, settings: Settings) -> object:
    return (await assets.upload(login, FILE, settings)).id


async def read(login: Login, settings: Settings) -> object:
    path = f"users/{login.user_id}/no-such/content"
    async with assets.open_asset(login, path, settings) as download:
        return download.media_type


async def deleted(login: Login, settings: Settings) -> object:
    await assets.delete(login, "no-such", settings)
    return "done"


async def left(login: Login, settings: Settings) -> object:
    return (await quota.survey(login, ("fast",), settings)).readings


async def drawn(login: Login, settings: Settings) -> object:
    return await last(
        imagine.generate(
            login, "kite", n=1, ratio="1:1", pro=False, settings=settings, adult=False
        )
    )


async def edited(login: Login, settings: Settings) -> object:
    sources = await image_edit.sources(login, [FILE], settings)
    return await last(image_edit.edit(login, "kite", sources, settings=settings))


async def filmed(login: Login, settings: Settings) -> object:
    return await last(
        video.first_segment(
            login,
            "kite",
            ratio="3:2",
            seconds=6,
            resolution="480p",
            preset="custom",
            settings=settings,
        )
    )


async def born(login: Login, settings: Settings) -> object:
    return await operations.declare_birth_date(login, settings, date(1990, 1, 1))


async def adult(login: Login, settings: Settings) -> object:
    await operations.show_adult_content(login, settings, enabled=True)
    return "done"


async def room(login: Login, settings: Settings) -> object:
    return await voice.open_room(login, Speaking(), settings)


async def post(login: Login, settings: Settings) -> object:
    return await media_posts.create(login, media_posts.IMAGE, settings, prompt="kite")


async def light(login: Login, settings: Settings) -> object:
    return await last(lite.generate(login, "kite", settings))


SINGLE: dict[str, Work] = {
    "chat": said,
    "upload": uploaded,
    "download": read,
    "delete": deleted,
    "list": listing.listed,
    "quota": left,
    "media quota": media_quota.fetch,
    "credits": weekly_credits.fetch,
    "session": identity.fetch,
    "light picture": light,
    "imagine": drawn,
    "edit": edited,
    "film": filmed,
    "media post": post,
    "voice": room,
    "terms": operations.accept_terms,
    "birth date": born,
    "adult": adult,
}
GOOD: dict[str, Work] = {
    **{
        name: work
        for name, work in SINGLE.items()
        if name not in {"download", "delete"}
    },
    "file": uploaded_and_read,
}
