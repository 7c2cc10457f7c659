import pytest

from gateway import kept_links
from gateway.attachments import obtain
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind
from grokgateway import config
from media import links, store
from media.models import Kind as MediaKind
from media.models import Source
from media.store import Origin
from tests.media.samples import picture

pytestmark = pytest.mark.django_db(transaction=True)
PNG = picture()
APP_URL = "https://gateway.example/behind"


@pytest.fixture(autouse=True)
def quiet(configured):
    return configured


@pytest.fixture
async def public_id(files):
    kept = await store.save_bytes(MediaKind.IMAGE, PNG, Origin(Source.IMAGES))
    return kept.public_id


def take(size):
    assert size == len(PNG)


@pytest.mark.parametrize(
    "base",
    ["", "http://localhost:8000", "http://127.0.0.1", "http://testserver", APP_URL],
)
async def test_our_own_links_are_read_from_the_shelf(public_id, base):
    link = links.link(MediaKind.IMAGE, public_id, base)
    with config.override({"app.app_url": f"{APP_URL}/v1"}):
        assert await kept_links.read(link, take) == PNG
        [file] = await obtain([Attachment(link, "image")], config.current())
    assert file.media_type == "image/png"


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example{}",
        "ftp://localhost{}",
        "//elsewhere.example{}",
        "https://gateway.example{}",
        "http://[{}",
        "http://localhost/v1/files/video?id=0123456789abcdef",
        "http://localhost/v1/files/image?id=0123456789abcdef",
        "http://localhost/v1/files/image?id=../x",
        "data:image/png;base64,aGk=",
    ],
)
async def test_all_else_is_not(public_id, address):
    link = address.format(links.link(MediaKind.IMAGE, public_id))
    with config.override({"app.app_url": APP_URL}):
        assert await kept_links.read(link, take) is None


async def test_a_signed_link_counts_while_it_lasts(public_id):
    with config.override({"cache.local.signed_links": True}):
        signed = links.link(MediaKind.IMAGE, public_id)
        assert await kept_links.read(signed, take) == PNG
        plain = f"{links.PATHS[MediaKind.IMAGE]}?id={public_id}"
        assert await kept_links.read(plain, take) is None


async def test_a_link_without_a_host_and_a_file_is_refused_by_its_place(files):
    lost = Attachment("/v1/files/image?id=0123456789abcdef", "image", path="messages")
    with pytest.raises(GatewayError) as caught:
        await obtain([lost], config.current())
    assert caught.value.kind is Kind.INVALID_ATTACHMENT
    assert caught.value.param == "messages"


async def test_one_that_is_too_large_is_not_read(public_id):
    def refuse(_size):
        raise GatewayError(Kind.TOO_LARGE, "no")

    with pytest.raises(GatewayError):
        await kept_links.read(links.link(MediaKind.IMAGE, public_id), refuse)
