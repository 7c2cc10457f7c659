"""What a caller is given for a result: every form, with and without a base, fetched
or not (media.md 3, public-api 3.3, 3.4, 6.1)."""

import re
from base64 import b64encode
from typing import Any

import httpx
import pytest

from gateway import turn
from gateway.conversation.events import TextDelta
from gateway.errors import GatewayError, Kind
from gateway.media_links import Resolver
from gateway.upstream import pool
from gateway.upstream.headers import Login
from grokgateway import config
from media import links, store
from media.models import Asset, Source
from media.store import Origin
from tests.gateway.ground import END, MODEL, Stream, ask, frame, ground, said
from tests.media.samples import film, picture

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "https://gateway.example"
PRIVATE = "https://assets.grok.com/users/u/generated/1/image.png"
PUBLIC = "https://imagine-public.x.ai/imagine-public/images/1.png"
FILM = "https://assets.grok.com/users/u/generated/1/video.mp4?a=1&b=2"
PICTURE = picture(colour=3)
EMBEDDED = f"data:image/png;base64,{b64encode(PICTURE).decode()}"
LOGIN = Login("token", "u")
LINK = re.compile(r"/v1/files/(image|video)\?id=[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def kept(files, configured):
    configured(min_free_mb=0)


class Host:
    """Upstream's media host: one answer to every request, which are counted."""

    def __init__(self, status, body):
        self.status, self.body, self.asked = status, body, 0

    def __call__(self, request):
        self.asked += 1
        return httpx.Response(self.status, content=self.body)


async def resolved(call, *, keys, base=BASE, status=200, body=PICTURE, **resolver):
    """The answer with the id of what was kept taken out, and the number of calls."""
    host = Host(status, body)
    settings = {f"features.{name}": value for name, value in keys.items()}
    with config.override(settings), pool.carried_by(httpx.MockTransport(host)):
        origin = Origin(Source.CHAT, account="acc_a", prompt=resolver.pop("prompt", ""))
        made = Resolver(LOGIN, base, origin, config.current(), **resolver)
        return LINK.sub(r"/\1", await call(made)), host.asked


# what a form holds where the file can be had, how that is wrapped, if it is fetched
TABLE = [
    ("image", "grok_url", "upstream", "{}", False),
    ("image", "grok_md", "upstream", "![image]({})", False),
    ("image", "local_url", "link", "{}", True),
    ("image", "local_md", "link", "![image]({})", True),
    ("image", "base64", "data", "![image]({})", True),
    ("video", "grok_url", "upstream", "{}", False),
    ("video", "local_url", "link", "{}", True),
    ("video", "grok_html", "upstream", '<video controls src="{}"></video>', False),
    ("video", "local_html", "link", '<video controls src="{}"></video>', True),
    ("images API", "url", "link", "{}", True),
    ("images API", "b64_json", "bytes", "{}", True),
]


def call_of(surface, form):
    if form == "b64_json":
        return lambda resolver: in_text(resolver.picture_bytes(PRIVATE))
    if surface == "video":
        return lambda resolver: resolver.film_in_chat(FILM)
    if surface == "image":
        return lambda resolver: resolver.picture_in_chat(PRIVATE)
    return lambda resolver: resolver.picture_link(PRIVATE)


async def in_text(data):
    try:
        return b64encode(await data).decode()
    except GatewayError as error:
        return str(error.kind)


def expected(surface, form, holds, app_url, fetched):
    """The address by the rules of media.md 3.1 and 7.1."""
    source = FILM.replace("&", "&amp;") if "html" in form else FILM
    source = source if surface == "video" else PRIVATE
    if holds == "bytes":
        return b64encode(PICTURE).decode() if fetched else "upstream_error"
    if holds == "upstream" or not fetched:
        return source
    if holds == "data":
        return EMBEDDED
    if surface == "images API" and not app_url:
        return source  # never a relative link
    return f"{app_url}/{'video' if surface == 'video' else 'image'}"


@pytest.mark.parametrize("app_url", [BASE, ""])
@pytest.mark.parametrize("fetched", [True, False])
@pytest.mark.parametrize(("surface", "form", "holds", "wrapped", "fetches"), TABLE)
async def test_every_form_with_and_without_app_url_and_download(
    surface, form, holds, wrapped, fetches, fetched, app_url
):
    kind = "video" if surface == "video" else "image"
    keys = {} if surface == "images API" else {f"features.{kind}_format": form}
    with config.override({"app.app_url": app_url, **keys}):
        answer, asked = await resolved(
            call_of(surface, form),
            keys={},
            base=links.base("elsewhere.example"),
            body=film() if kind == "video" else PICTURE,
            status=200 if fetched else 404,
        )
    address = expected(surface, form, holds, app_url, fetched)
    assert answer == wrapped.format(address)
    assert (asked > 0) is (fetches and (bool(app_url) or form != "url"))
    stored = fetched and address.endswith(("/image", "/video"))
    assert await Asset.objects.acount() == int(stored)


@pytest.mark.parametrize("base", [BASE, ""])
@pytest.mark.parametrize(
    ("form", "wrapped"),
    [
        ("grok_url", "{}"),
        ("grok_md", "![image]({})"),
        ("local_url", "{}"),
        ("local_md", "![image]({})"),
    ],
)
async def test_public_pictures_are_fetched_only_when_the_operator_says_so(
    form, wrapped, base
):
    def call(resolver):
        return resolver.picture_in_chat(PUBLIC)

    answer, asked = await resolved(call, keys={"image_format": form}, base=base)
    assert (answer, asked) == (wrapped.format(PUBLIC), 0)
    keys = {"image_format": form, "imagine_public_image_proxy": True}
    answer, asked = await resolved(call, keys=keys, base=base)
    assert (answer, asked) == (wrapped.format(f"{base}/image"), 1)


@pytest.mark.parametrize(
    ("url", "base", "status", "proxy", "expected"),
    [
        (PRIVATE, BASE, 200, False, f"{BASE}/image"),
        (PRIVATE, BASE, 404, False, PRIVATE),
        (PRIVATE, "", 200, False, PRIVATE),
        (PUBLIC, BASE, 200, False, PUBLIC),
        (PUBLIC, BASE, 200, True, f"{BASE}/image"),
        (PUBLIC, "", 200, True, PUBLIC),
    ],
)
async def test_links_of_the_images_api(url, base, status, proxy, expected):
    answer, _ = await resolved(
        lambda resolver: resolver.picture_link(url),
        keys={"imagine_public_image_proxy": proxy},
        base=base,
        status=status,
    )
    assert answer == expected


async def test_bytes_at_hand_are_not_fetched_again():
    answer, asked = await resolved(
        lambda resolver: resolver.picture_link(PRIVATE, PICTURE), keys={}
    )
    assert (answer, asked) == (f"{BASE}/image", 0)
    nowhere, _ = await resolved(
        lambda resolver: resolver.picture_link("", PICTURE), keys={}, base=""
    )
    assert nowhere == EMBEDDED


async def test_a_full_disk_gives_upstreams_address(configured, free_space):
    configured(min_free_mb=512)
    free_space(1)
    answer, asked = await resolved(
        lambda resolver: resolver.picture_in_chat(PRIVATE),
        keys={"image_format": "local_md"},
    )
    assert (answer, asked) == (f"![image]({PRIVATE})", 0)


async def test_one_cause_is_logged_once(configured, free_space, caplog):
    configured(min_free_mb=512)
    free_space(1)

    async def three(resolver):
        return "".join([await resolver.picture_in_chat(PRIVATE) for _ in range(3)])

    await resolved(three, keys={"image_format": "local_md"})
    assert caplog.text.count("is not kept") == 1


async def test_what_is_no_picture_is_not_handed_out():
    call = {"keys": {"image_format": "base64"}, "body": b"<html>no</html>"}
    answer, _ = await resolved(
        lambda resolver: resolver.picture_in_chat(PRIVATE), **call
    )
    assert answer == f"![image]({PRIVATE})"
    with pytest.raises(GatewayError) as caught:
        await resolved(lambda resolver: resolver.picture_bytes(PRIVATE), **call)
    assert caught.value.kind is Kind.UPSTREAM_ERROR


SURFACES = {
    "link": (lambda one: one.picture_link(PRIVATE), BASE, {}),
    "link with bytes": (lambda one: one.picture_link(PRIVATE, PICTURE), BASE, {}),
    "upstream's link": (lambda one: one.picture_link(PUBLIC, PICTURE), "", {}),
    "bytes": (lambda one: in_text(one.picture_bytes(PRIVATE)), BASE, {}),
    "bytes at hand": (lambda one: in_text(one.picture_bytes("", PICTURE)), "", {}),
    "kept in chat": (
        lambda one: one.picture_in_chat(PRIVATE),
        BASE,
        {"image_format": "local_url"},
    ),
    "embedded in chat": (
        lambda one: one.picture_in_chat(PRIVATE),
        BASE,
        {"image_format": "base64"},
    ),
    "film": (
        lambda one: one.film_in_chat(FILM),
        BASE,
        {"video_format": "local_html"},
    ),
}


@pytest.mark.parametrize("surface", SURFACES)
async def test_a_stock_result_is_refused_on_every_surface(surface):
    call, base, keys = SURFACES[surface]
    body = film(b"frames") if surface == "film" else PICTURE

    async def made_for(prompt):
        try:
            return await resolved(
                call, base=base, keys=keys, body=body, prompt=prompt, fresh=True
            )
        except GatewayError as error:
            return str(error.kind), 0

    first = await made_for("a cat")
    assert first[0] != "repeated_result"
    assert (await made_for("a cat"))[0] == first[0]
    assert (await made_for("a dog"))[0] == "repeated_result"


@pytest.mark.parametrize("data", [b"", b"<html>", PICTURE[:-30]])
async def test_the_images_api_hands_out_no_picture_that_is_none(data):
    calls: Any = {"body": data or b"no picture", "keys": {}, "fresh": True}
    for call in (
        lambda one: one.picture_link(PRIVATE),
        lambda one: one.picture_bytes(PRIVATE),
        lambda one: one.picture_bytes(PRIVATE, data),
    ):
        with pytest.raises(GatewayError) as caught:
            await resolved(call, **calls)
        assert caught.value.kind is Kind.UPSTREAM_ERROR
    assert await Asset.objects.acount() == 0


CARD = {
    "jsonData": '{"image_chunk":{"imageUuid":"1","progress":100,'
    '"imageUrl":"users/u/generated/1/image.png"}}'
}


@pytest.fixture
def chat(monkeypatch):
    """Ask a chat model that says something and draws; all it says, and the end."""

    async def answered(text, spoken=""):
        def web(request):
            if request.method == "GET":
                return httpx.Response(200, content=PICTURE)
            drawn = frame(cardAttachment=CARD, token="")
            words = [said(spoken)] if spoken else []
            return httpx.Response(200, stream=Stream(*words, drawn, END))

        with pool.carried_by(httpx.MockTransport(web)):
            batches = [batch async for batch in turn.run(ask(text=text))]
        events = [event for batch in batches for event in batch]
        texts = [event.text for event in events if isinstance(event, TextDelta)]
        return LINK.sub(r"/\1", "".join(texts))

    keys = {"features.image_format": "local_md"}
    with ground(monkeypatch.setattr) as stage, config.override(keys):
        stage.add("a")
        yield answered


async def test_a_chat_ends_with_its_pictures_as_the_operator_wants_them(chat):
    assert await chat("a cat") == "![image](/image)"
    kept = await Asset.objects.aget()
    assert (kept.source, kept.account) == (Source.CHAT, "acc_a")
    assert kept.model == MODEL
    assert await store.read(kept) == PICTURE


async def test_a_chat_leaves_out_a_stock_picture(chat):
    await chat("a cat")
    assert await chat("a dog", "Here it is.") == "Here it is."
    with pytest.raises(GatewayError) as caught:
        await chat("a dog")
    assert caught.value.kind is Kind.REPEATED_RESULT
    assert await Asset.objects.acount() == 1
