"""Films, a segment at a time, in upstream's two forms (8, 13.7).

A film is a first segment and any number of extensions; the last one is all of it. Of
the v3 form the first is the last, and hangs on no post.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.upstream import assets, dialects, media_posts, pictures
from gateway.upstream.assets import File
from gateway.upstream.calls import Answer
from gateway.upstream.generation import ordered, responses, said
from gateway.upstream.headers import Login
from gateway.upstream.limits import TOTAL_PER_IDLE, Limits, Settings
from gateway.upstream.pictures import Progress
from gateway.upstream.together import together
from gateway.upstream.video_bodies import by_input, wrapped
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

PAGE = "/imagine"
FRAME_S = 1 / 24
V3_SECONDS = 15
LATER = "v3"
LATER_PER_IDLE = 15  # its one call makes all of the film
Event = Progress | Segment
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Order:
    """A call that films: its body, the page it comes from, the post it hangs on."""

    body: bytes
    page: str
    parent_post_id: str


@dataclass(frozen=True, slots=True)
class Filming:
    """A call under way, and the post it hangs on."""

    answer: Answer
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
    whole_s: int = 0,
) -> AsyncGenerator[Event]:
    """Progress, then one Segment. Raises GatewayError, UpstreamFailure for upstream's.

    What the v3 form cannot carry is refused before anything is sent; it films all of
    `whole_s` at once. `before` is awaited once all is prepared, right before the call
    that costs.
    """
    shape = {
        "aspectRatio": ratio,
        "videoLength": seconds,
        "resolutionName": resolution,
    }

    async def by(form: str) -> Filming:
        if form == LATER:
            length_s = whole_s or seconds
            refuse_later(preset, length_s, bool(references))
            order = Order(by_input(prompt, ratio, length_s, resolution), PAGE, "")
        else:
            order = await by_post(login, prompt, shape, preset, references, settings)
        return await begun(login, order, settings, before)

    proof = dialects.Proof("video")
    filming = await dialects.spoken("video", login, settings, by, proof)
    try:
        async with aclosing(filmed(login, filming, settings)) as events:
            async for event in events:
                proof.good()
                yield event
    except UpstreamFailure as failure:
        proof.bad(failure)
        raise


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
    """Progress, then one Segment that holds all of the film so far.

    A film that was begun in the v2 form ends in it.
    """
    if settings.text(dialects.key_of("video")) == LATER or not previous.parent_post_id:
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
    filming = await begun(login, order, settings, before)
    async with aclosing(filmed(login, filming, settings)) as events:
        async for event in events:
            yield event


async def begun(
    login: Login, order: Order, settings: Settings, before: Before
) -> Filming:
    """An order of the v3 form hangs on no post."""
    idle_s = float(settings.number("video.timeout"))
    per_idle = TOTAL_PER_IDLE if order.parent_post_id else LATER_PER_IDLE
    limits = Limits(idle_s, idle_s * per_idle)
    await before()
    answer = await ordered(login, order.body, order.page, settings, limits)
    return Filming(answer, order.parent_post_id)


async def filmed(
    login: Login, filming: Filming, settings: Settings
) -> AsyncGenerator[Event]:
    decoder = VideoDecoder(
        settings.text("upstream.assets_url"), login.user_id, filming.parent_post_id
    )
    try:
        async with responses(filming.answer, settings) as stream:
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


def is_later(settings: Settings) -> bool:
    return dialects.HOME.form("video", settings) == LATER


def parts(
    seconds: Sequence[int], settings: Settings, done: Sequence[Segment] = ()
) -> tuple[int, ...]:
    """Lengths of the calls for a film of these parts; the v3 form has only one call."""
    later = not done[0].parent_post_id if done else is_later(settings)
    return (sum(seconds),) if later else tuple(seconds)


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
