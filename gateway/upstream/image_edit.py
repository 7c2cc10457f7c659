"""Pictures changed as a prompt says, in upstream's two forms (7, 13.7)."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.errors import UpstreamFailure
from gateway.upstream import assets, dialects, media_posts, pictures
from gateway.upstream.assets import File, Uploaded
from gateway.upstream.calls import Answer
from gateway.upstream.edit_frames import IMAGES, EditDecoder
from gateway.upstream.generation import ordered, responses, said, written
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings, chat_limits
from gateway.upstream.pictures import Event
from gateway.upstream.together import together

MODEL = "imagine-image-edit"
PAGE = "/imagine"
MENTION = re.compile(r"(?<!\w)@IMAGE([0-9]{1,3})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """A call that makes so many pictures: its body and the page it comes from."""

    body: bytes
    page: str
    images: int = IMAGES


Form = Callable[[Login, str, Sequence[Uploaded], Settings], Awaitable[Order]]


async def edit(
    login: Login,
    prompt: str,
    uploaded: Sequence[Uploaded],
    *,
    settings: Settings,
    steps: bool = False,
) -> AsyncGenerator[Event]:
    """Up to two pictures of the v2 form's call, one of the v3 form's.

    Raises UpstreamFailure for none.
    """
    wish = mentioned(prompt, uploaded)

    async def by(form: str) -> tuple[Answer, int]:
        order = await FORMS[form](login, wish, uploaded, settings)
        limits = chat_limits(settings)
        answer = await ordered(login, order.body, order.page, settings, limits)
        return answer, order.images

    proof = dialects.Proof("image_edit")
    answer, images = await dialects.spoken("image_edit", login, settings, by, proof)
    assets_url = settings.text("upstream.assets_url")
    decoder = EditDecoder(assets_url, login.user_id, images, steps=steps)
    try:
        async with responses(answer, settings) as stream:
            async for response in stream:
                for event in decoder.feed(response):
                    proof.good()
                    yield event
    except UpstreamFailure as failure:
        proof.bad(failure)
        if not decoder.done:  # what was made before a fault stands
            raise
    for event in decoder.close():
        yield event
    if not decoder.done:
        raise pictures.all_moderated() if decoder.withheld else pictures.nothing_made()


async def sources(
    login: Login, files: Sequence[File], settings: Settings
) -> list[Uploaded]:
    """What `edit` starts from, in order; equal files are uploaded once."""
    different: list[File] = []
    for file in files:
        if file not in different:
            different.append(file)

    async def one(file: File) -> Uploaded:
        return await assets.upload(login, file, settings, edit=True)

    uploaded = await together(one, different, assets.AT_ONCE)
    return [uploaded[different.index(file)] for file in files]


def mentioned(prompt: str, uploaded: Sequence[Uploaded]) -> str:
    """`@IMAGE1` names the first source; a number without a source stays."""

    def named(match: re.Match[str]) -> str:
        number = int(match[1])
        known = 1 <= number <= len(uploaded)
        return f"@{uploaded[number - 1].id}" if known else match[0]

    return MENTION.sub(named, prompt)


async def by_post(
    login: Login, prompt: str, uploaded: Sequence[Uploaded], settings: Settings
) -> Order:
    """The v2 form: the call hangs on a media post."""
    references = [assets.content_url(login, file, settings) for file in uploaded]
    post = await media_posts.create(login, media_posts.IMAGE, settings, prompt=prompt)
    sources = {"imageReferences": references, "parentPostId": post.id}
    chosen = {"imageEditModel": "imagine", "imageEditModelConfig": sources}
    fields = {
        "temporary": settings.flag("features.temporary"),
        "modelName": MODEL,
        "message": said(post.prompt or prompt),
        "enableImageGeneration": True,
        "returnImageBytes": False,
        "returnRawGrokInXaiRequest": False,
        "enableImageStreaming": True,
        "imageGenerationCount": 2,
        "forceConcise": False,
        "enableSideBySide": True,
        "sendFinalMetadata": True,
        "isReasoning": False,
        "disableTextFollowUps": True,
        "responseMetadata": {"modelConfigOverride": {"modelMap": chosen}},
        "disableMemory": not settings.flag("features.memory"),
        "forceSideBySide": False,
    }
    return Order(written(fields), f"{PAGE}/post/{post.id}")


async def by_input(
    _login: Login, prompt: str, uploaded: Sequence[Uploaded], _settings: Settings
) -> Order:
    """The v3 form: the call names the uploaded files itself."""
    inputs = {"prompt": said(prompt), "inputAssets": [file.id for file in uploaded]}
    fields = {
        "modelName": MODEL,
        "message": said(prompt),
        "enableImageStreaming": True,
        "enableSideBySide": True,
        "sendFinalMetadata": True,
        "mediaGenInput": {"imageToImage": inputs},
    }
    return Order(written(fields), PAGE, images=1)


FORMS: dict[str, Form] = {"v2": by_post, "v3": by_input}
