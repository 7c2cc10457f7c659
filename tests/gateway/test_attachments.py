"""From a conversation's attachments to checked files."""

import base64

import pytest

from gateway.attachments import File, gather
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    PastResult,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind
from tests.gateway.upstream.made_up_web import Web, through
from tests.gateway.upstream.stand_in import Chosen, whole

PNG = b"\x89PNG\r\n\x1a\n and more"
JPEG = b"\xff\xd8\xff\xe0 and more"
MIB = 1024 * 1024


def settings(**changed: object) -> Chosen:
    given: dict[str, object] = {
        "limits__attachments": 8,
        "limits__file_mb": 25,
        "limits__attachments_mb": 64,
    }
    return Chosen(**{**given, **changed})


def bare(content: bytes) -> bytes:
    return base64.b64encode(content)


def data(content: bytes = PNG, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{bare(content).decode()}"


def attached(source: str, kind: str = "image", name: str = "", path: str = "m.0"):
    return Attachment(source, kind, name, path)


async def gathered(*attachments: Attachment, **changed: object) -> tuple[File, ...]:
    message = Message(Role.USER, (Text("look"), *attachments))
    return await gather(Conversation("m", (message,)), settings(**changed))


async def failing(*attachments: Attachment, **changed: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await gathered(*attachments, **changed)
    return caught.value


@pytest.fixture
def web():
    made_up = Web()
    with through(made_up):
        yield made_up


async def test_nothing_attached_is_nothing_to_do():
    assert await gathered() == ()


async def test_a_data_uri_becomes_a_file():
    assert await gathered(attached(data())) == (
        File("file.png", "image/png", bare(PNG)),
    )


async def test_a_mislabelled_image_gets_its_real_type_and_name():
    (file,) = await gathered(attached(data(JPEG)))
    assert (file.name, file.media_type) == ("file.jpeg", "image/jpeg")


async def test_a_name_that_was_given_is_kept():
    source = data(b"%PDF-1.7", "application/pdf")
    (file,) = await gathered(attached(source, "file", "dir/report.pdf"))
    assert (file.name, file.media_type) == ("report.pdf", "application/pdf")


async def test_a_large_data_uri_is_taken_apart_all_the_same():
    content = PNG + bytes(3 * MIB)
    (file,) = await gathered(attached(data(content)))
    assert base64.b64decode(file.content) == content


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("data:image/png;base64,?", "image"),
        ("data:image/png;base64,", "image"),
        (data(b"<svg>", "image/svg+xml"), "image"),
        (data(b"MZ", "application/x-msdownload"), "file"),
        ("http://127.0.0.1/", "image"),
        ("ftp://example.com/", "image"),
        ("https://unknown.example/a.png", "image"),
        ("https://empty.example/a.png", "image"),
        ("nonsense", "file"),
    ],
)
async def test_what_cannot_be_used_is_named_by_its_place(web, source, kind):
    web.add("empty.example", whole(b"", "Content-Type: image/png\r\n"))
    error = await failing(attached(source, kind, path="messages.0.content.1"))
    assert error.kind is Kind.INVALID_ATTACHMENT
    assert error.param == "messages.0.content.1"
    assert error.message.startswith("messages.0.content.1: ")


async def test_without_a_place_there_is_no_parameter():
    error = await failing(attached("data:,", path=""))
    assert error.param is None
    assert error.message == "is no base64 data URI"


async def test_a_remote_image_becomes_a_file(web):
    web.add("pictures.example", whole(PNG, "Content-Type: image/jpeg\r\n"))
    files = await gathered(attached("https://pictures.example/a/b.png?x=1"))
    assert files == (File("b.png", "image/png", bare(PNG)),)


async def test_a_large_remote_file_is_encoded_whole(web):
    content = b"%PDF-1.7" + bytes(range(256)) * 2000
    web.add("a.example", whole(content))
    (file,) = await gathered(attached("http://a.example/", "file"))
    assert base64.b64decode(file.content) == content
    assert (file.name, file.media_type) == ("download", "application/pdf")


async def test_files_keep_their_order_and_each_source_is_fetched_once(web):
    for number in range(5):
        host = f"h{number}.example"
        web.add(host, whole(PNG + bytes([number])))
    urls = [f"http://h{number}.example/{number}.png" for number in range(5)]
    parts = [attached(url) for url in [urls[0], *urls, urls[2]]]
    files = await gathered(*parts, attached(data()))
    names = [*(f"{number}.png" for number in range(5)), "file.png"]
    assert [file.name for file in files] == names
    assert len(web.connected) == 5


async def test_the_oldest_are_dropped_past_the_limit():
    parts = [attached(data(PNG + bytes([n])), name=f"{n}.png") for n in range(5)]
    files = await gathered(*parts, limits__attachments=2)
    assert [file.name for file in files] == ["3.png", "4.png"]


async def test_attachments_of_tool_results_are_sent_too():
    result = PastResult("c1", (Text("see"), attached(data())))
    message = Message(Role.TOOL, (result,))
    assert len(await gather(Conversation("m", (message,)), settings())) == 1


async def test_a_file_may_be_as_large_as_the_limit_and_no_larger(web):
    whole_mib = PNG + bytes(MIB - len(PNG))
    (file,) = await gathered(attached(data(whole_mib)), limits__file_mb=1)
    assert len(base64.b64decode(file.content)) == MIB
    sources = [data(whole_mib + b"x"), "http://a.example/"]
    web.add("a.example", whole(whole_mib + b"x"))
    for source in sources:
        error = await failing(attached(source), limits__file_mb=1)
        assert (error.kind, error.param) == (Kind.TOO_LARGE, "m.0")
        assert error.message == "m.0: is too large, a file may have 1 MiB"


async def test_all_together_have_a_limit_too(web):
    part = PNG + bytes(MIB - 1 - len(PNG))
    web.add("a.example", whole(part))
    parts = [attached(data(part)), attached("http://a.example/", path="m.1")]
    assert len(await gathered(*parts, limits__attachments_mb=2)) == 2
    web.add("a.example", whole(part))
    parts.append(attached(data(PNG), path="m.2"))
    error = await failing(*parts, limits__attachments_mb=2)
    assert error.kind is Kind.TOO_LARGE
    assert "together" in error.message


async def test_one_that_fails_ends_the_others(web):
    web.add("a.example", at=["10.0.0.1"])
    web.add("b.example", whole(PNG))
    urls = ["http://a.example/", "http://b.example/"]
    error = await failing(*[attached(url, path=url[7]) for url in urls])
    assert (error.kind, error.param) == (Kind.INVALID_ATTACHMENT, "a")
