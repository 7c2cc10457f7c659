"""What a caller is given for a result: every form, with and without a base, fetched
or not (media.md 3, public-api 3.3, 3.4, 6.1)."""

import re
from base64 import b64encode

import httpx
import pytest

from gateway import turn
from gateway.conversation.events import TextDelta
from gateway.errors import GatewayError, Kind
from gateway.media_links import Resolver
from gateway.upstream import pool
from gateway.upstream.headers import Login
from grokgateway import config
from media import store
from media.models import Asset, Source
from media.store import Origin
from tests.gateway.ground import END, Stream, ask, frame, ground
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


@pytest.mark.parametrize("base", [BASE, ""])
@pytest.mark.parametrize("fetched", [True, False])
@pytest.mark.parametrize(
    ("form", "kept", "wrapped"),
    [
        ("grok_url", None, "{}"),
        ("grok_md", None, "![image]({})"),
        ("local_url", "{base}/image", "{}"),
        ("local_md", "{base}/image", "![image]({})"),
        ("base64", EMBEDDED, "![image]({})"),
    ],
)
async def test_pictures_in_chat(form, kept, wrapped, fetched, base):
    answer, asked = await resolved(
        lambda resolver: resolver.picture_in_chat(PRIVATE),
        keys={"image_format": form},
        base=base,
        status=200 if fetched else 404,
    )
    address = kept.format(base=base) if kept and fetched else PRIVATE
    assert answer == wrapped.format(address)
    assert (asked > 0) is (kept is not None)
    stored = fetched and form in {"local_url", "local_md"}
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


@pytest.mark.parametrize("base", [BASE, ""])
@pytest.mark.parametrize("fetched", [True, False])
@pytest.mark.parametrize(
    ("form", "local", "player"),
    [
        ("grok_url", False, False),
        ("local_url", True, False),
        ("grok_html", False, True),
        ("local_html", True, True),
    ],
)
async def test_films_in_chat(form, local, player, fetched, base):
    answer, _ = await resolved(
        lambda resolver: resolver.film_in_chat(FILM),
        keys={"video_format": form},
        base=base,
        body=film(),
        status=200 if fetched else 500,
    )
    address = f"{base}/video" if local and fetched else FILM
    if player:
        shown = address.replace("&", "&amp;")
        assert answer == f'<video controls src="{shown}"></video>'
    else:
        assert answer == address


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


async def test_what_is_no_picture_is_not_handed_out():
    call = {"keys": {"image_format": "base64"}, "body": b"<html>no</html>"}
    answer, _ = await resolved(
        lambda resolver: resolver.picture_in_chat(PRIVATE), **call
    )
    assert answer == f"![image]({PRIVATE})"
    with pytest.raises(GatewayError) as caught:
        await resolved(lambda resolver: resolver.picture_bytes(PRIVATE), **call)
    assert caught.value.kind is Kind.UPSTREAM_ERROR


async def test_a_stock_picture_is_refused_where_it_was_made_for_the_prompt():
    def call(resolver):
        return resolver.picture_link(PRIVATE)

    await resolved(call, keys={}, prompt="a cat", fresh=True)
    await resolved(call, keys={}, prompt="a cat", fresh=True)
    with pytest.raises(GatewayError) as caught:
        await resolved(call, keys={}, prompt="a dog", fresh=True)
    assert caught.value.kind is Kind.UPSTREAM_ERROR


async def test_a_chat_ends_with_its_pictures_as_the_operator_wants_them(monkeypatch):
    card = {
        "jsonData": '{"image_chunk":{"imageUuid":"1","progress":100,'
        '"imageUrl":"users/u/generated/1/image.png"}}'
    }
    host = Host(200, PICTURE)

    def answered(request):
        if request.method == "GET":
            return host(request)
        return httpx.Response(
            200, stream=Stream(frame(cardAttachment=card, token=""), END)
        )

    keys = {"features.image_format": "local_md"}
    with ground(monkeypatch.setattr) as stage, config.override(keys):
        stage.add("a")
        with pool.carried_by(httpx.MockTransport(answered)):
            batches = [batch async for batch in turn.run(ask())]
    said = batches[-1][0]
    assert isinstance(said, TextDelta)
    assert LINK.sub(r"/\1", said.text) == "![image](/image)"
    kept = await Asset.objects.aget()
    assert (kept.source, kept.account) == (Source.CHAT, "acc_a")
    assert await store.read(kept) == PICTURE
