"""Films, a segment at a time, in upstream's two forms (8, 13.7).

A film is a first segment and any number of extensions; the last one is all of it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.upstream import assets, media_posts, pictures
from gateway.upstream.assets import File
from gateway.upstream.generation import responses, said, written
from gateway.upstream.headers import Login
from gateway.upstream.limits import TOTAL_PER_IDLE, Limits, Settings
from gateway.upstream.pictures import Progress
from gateway.upstream.together import together
from gateway.upstream.video_frames import Segment, VideoDecoder

__all__ = [
    "Event",
    "File",
    "Progress",
    "Segment",
    "extend",
    "first_segment",
    "nothing",
    "parts",
    "refuse_unfilmable",
]

MODEL = "imagine-video-gen"
PAGE = "/imagine"
FRAME_S = 1 / 24
V3_SECONDS = 15
FLAGS = {
    "fun": "--mode=extremely-crazy",
    "normal": "--mode=normal",
    "spicy": "--mode=extremely-spicy-or-crazy",
    "custom": "--mode=custom",
}

Event = Progress | Segment
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Order:
    """A call that films: its body, the page it comes from, the post it hangs on."""

    body: bytes
    page: str
    parent_post_id: str


async def nothing() -> None:
    """What is done before a call that nobody needs to know of."""


async def first_segment(
    login: Login,
    prompt: str,
    *,
    ratio: str,
    seconds: int,
    resolution: str,
    preset: str,
    references: Sequence[File] = (),
    settings: Settings,
    before: Before = nothing,
) -> AsyncGenerator[Event]:
    """Progress, then one Segment. Raises GatewayError, UpstreamFailure for upstream's.

    What the v3 form cannot carry is refused before anything is sent. `before` is
    awaited once all is prepared, right before the call that costs.
    """
    shape = {
        "aspectRatio": ratio,
        "videoLength": seconds,
        "resolutionName": resolution,
    }
    if is_later(settings):
        refuse_later(preset, seconds, bool(references))
        order = Order(by_input(prompt, ratio, seconds, resolution), PAGE, "")
    else:
        order = await by_post(login, prompt, shape, preset, references, settings)
    async with aclosing(filmed(login, order, settings, before)) as events:
        async for event in events:
            yield event


async def extend(
    login: Login,
    prompt: str,
    *,
    previous: Segment,
    elapsed_s: int,
    seconds: int,
    ratio: str,
    resolution: str,
    preset: str,
    settings: Settings,
    before: Before = nothing,
) -> AsyncGenerator[Event]:
    """Progress, then one Segment that holds all of the film so far."""
    if is_later(settings):
        raise unsupported("seconds", "Upstream's present form films no extensions.")
    parent = previous.parent_post_id
    config = {
        "isVideoExtension": True,
        "videoExtensionStartTime": round(elapsed_s + FRAME_S, 6),
        "extendPostId": previous.post_id or previous.asset_id or parent,
        "stitchWithExtendPostId": True,
        "originalPrompt": said(prompt),
        "originalPostId": parent,
        "originalRefType": "ORIGINAL_REF_TYPE_VIDEO_EXTENSION",
        "mode": preset,
        "parentPostId": parent,
        "aspectRatio": ratio,
        "videoLength": seconds,
        "resolutionName": resolution,
        "isVideoEdit": False,
    }
    body = wrapped(prompt, preset, config, settings)
    order = Order(body, f"{PAGE}/post/{parent}", parent)
    async with aclosing(filmed(login, order, settings, before)) as events:
        async for event in events:
            yield event


async def filmed(
    login: Login, order: Order, settings: Settings, before: Before
) -> AsyncGenerator[Event]:
    idle_s = float(settings.number("video.timeout"))
    limits = Limits(idle_s, idle_s * TOTAL_PER_IDLE)
    decoder = VideoDecoder(
        settings.text("upstream.assets_url"), login.user_id, order.parent_post_id
    )
    await before()
    try:
        async with responses(login, order.body, order.page, settings, limits) as stream:
            async for response in stream:
                for progress in decoder.feed(response):
                    yield progress
    except UpstreamFailure:
        if not decoder.filmed:  # what was made before a fault stands
            raise
    segment = decoder.close()
    if segment is None:
        withheld = decoder.withheld
        raise pictures.all_moderated() if withheld else pictures.nothing_made()
    yield segment


async def by_post(
    login: Login,
    prompt: str,
    shape: dict[str, object],
    preset: str,
    references: Sequence[File],
    settings: Settings,
) -> Order:
    """The v2 form: the call hangs on a media post, of the first reference if any."""
    if references:
        posts, urls = await posted(login, references, settings)
        parent = posts[0]
        config: dict[str, object] = {
            "parentPostId": parent,
            **shape,
            "isVideoEdit": False,
            "isReferenceToVideo": True,
            "imageReferences": urls,
        }
    else:
        post = await media_posts.create(
            login, media_posts.VIDEO, settings, prompt=prompt
        )
        parent = post.id
        config = {"parentPostId": parent, **shape}
    return Order(wrapped(prompt, preset, config, settings), PAGE, parent)


async def posted(
    login: Login, references: Sequence[File], settings: Settings
) -> tuple[list[str], list[str]]:
    """The posts of the references and their addresses."""

    async def one(file: File) -> tuple[str, str]:
        uploaded = await assets.upload(login, file, settings, edit=True)
        url = assets.content_url(login, uploaded, settings)
        post = await media_posts.create(
            login, media_posts.IMAGE, settings, media_url=url
        )
        return post.id, url

    done = await together(one, references, assets.AT_ONCE)
    return [post for post, _ in done], [url for _, url in done]


def wrapped(
    prompt: str, preset: str, config: dict[str, object], settings: Settings
) -> bytes:
    return written(
        {
            "temporary": settings.flag("features.temporary"),
            "modelName": MODEL,
            "message": flagged(prompt, preset),
            "enableSideBySide": True,
            "responseMetadata": {
                "experiments": [],
                "modelConfigOverride": {"modelMap": {"videoGenModelConfig": config}},
            },
        }
    )


def by_input(prompt: str, ratio: str, seconds: int, resolution: str) -> bytes:
    """The v3 form: everything stands in the call."""
    film = {
        "prompt": said(prompt),
        "aspectRatio": ratio,
        "duration": seconds,
        "resolutionName": resolution,
    }
    return written(
        {
            "modelName": MODEL,
            "message": flagged(prompt, "custom"),
            "enableImageStreaming": True,
            "enableSideBySide": True,
            "sendFinalMetadata": True,
            "responseMetadata": {
                "experiments": [],
                "modelConfigOverride": {"modelMap": {}},
            },
            "mediaGenInput": {"textToVideo": film},
            "kind": "CONVERSATION_KIND_IMAGINE",
        }
    )


def flagged(prompt: str, preset: str) -> object:
    return said(f"{prompt} {FLAGS[preset]}")


def is_later(settings: Settings) -> bool:
    return settings.text("upstream.video_protocol") == "v3"


def parts(seconds: Sequence[int], settings: Settings) -> tuple[int, ...]:
    """Lengths of the calls for a film of these parts; the v3 form has only one call."""
    return (sum(seconds),) if is_later(settings) else tuple(seconds)


def refuse_unfilmable(
    preset: str, seconds: int, settings: Settings, *, references: bool
) -> None:
    """Raise UNSUPPORTED for what the form in use cannot carry."""
    if is_later(settings):
        refuse_later(preset, seconds, references)


def refuse_later(preset: str, seconds: int, references: bool) -> None:
    if references:
        told = "Upstream's present form films no reference images."
        raise unsupported("input_reference", told)
    if preset != "custom":
        raise unsupported("preset", "Upstream's present form has no such preset.")
    if seconds > V3_SECONDS:
        told = f"Upstream's present form films {V3_SECONDS} s at most."
        raise unsupported("seconds", told)


def unsupported(param: str, told: str) -> GatewayError:
    return GatewayError(Kind.UNSUPPORTED, told, param=param)
