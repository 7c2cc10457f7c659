"""Every kind of content block, and the place an error names."""

import pytest

from gateway.conversation.requests import Attachment, Text
from gateway.errors import GatewayError, Kind
from gateway.protocols.openai_content import read_content

PNG = "data:image/png;base64,aGk="
AT = "messages.2.content"


def only(block):
    (piece,) = read_content([block], AT)
    return piece


def refusal(content):
    with pytest.raises(GatewayError) as caught:
        read_content(content, AT)
    return caught.value.kind, caught.value.param


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        (None, ()),
        ("Hi", (Text("Hi"),)),
        ([], ()),
        ([{"type": "text", "text": ""}], (Text(""),)),
        (
            [{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}],
            (Text("a"), Text("b")),
        ),
        ([{"type": "refusal", "refusal": "No."}], (Text("No."),)),
    ],
)
def test_texts(content, pieces):
    assert read_content(content, AT) == pieces


@pytest.mark.parametrize("kind", ["image_url", "input_image"])
@pytest.mark.parametrize(
    ("given", "member"),
    [
        (PNG, "image_url"),
        ({"url": PNG, "detail": "low"}, "image_url.url"),
        ("https://pictures.example/a.png", "image_url"),
    ],
)
def test_images(kind, given, member):
    source = given["url"] if isinstance(given, dict) else given
    assert only({"type": kind, "image_url": given, "detail": "auto"}) == Attachment(
        source, "image", "", f"{AT}.0.{member}"
    )


@pytest.mark.parametrize("kind", ["file", "input_file"])
@pytest.mark.parametrize(
    ("members", "source", "member"),
    [
        (
            {"file_data": "data:text/plain;base64,aGk=", "filename": "a.txt"},
            "data:text/plain;base64,aGk=",
            "file_data",
        ),
        (
            {"file_data": "aGk=", "filename": "a.txt"},
            "data:text/plain;base64,aGk=",
            "file_data",
        ),
        (
            {"file_data": "aGk=", "filename": "a.unheard-of"},
            "data:application/octet-stream;base64,aGk=",
            "file_data",
        ),
        (
            {"file_url": "https://papers.example/a.pdf", "filename": "a.pdf"},
            "https://papers.example/a.pdf",
            "file_url",
        ),
    ],
)
def test_files(kind, members, source, member):
    flat = only({"type": kind, **members})
    assert flat == Attachment(source, "file", members["filename"], f"{AT}.0.{member}")
    nested = only({"type": kind, "file": members})
    assert nested == Attachment(
        source, "file", members["filename"], f"{AT}.0.file.{member}"
    )


@pytest.mark.parametrize(
    ("format", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg")]
)
def test_audio(format, media_type):
    block = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": format}}
    assert only(block) == Attachment(
        f"data:{media_type};base64,aGk=",
        "audio",
        f"audio.{format}",
        f"{AT}.0.input_audio.data",
    )


@pytest.mark.parametrize(
    ("content", "kind", "place"),
    [
        (7, Kind.INVALID_TYPE, ""),
        (["Hi"], Kind.INVALID_TYPE, ".0"),
        ([{}], Kind.MISSING, ".0.type"),
        ([{"type": 3}], Kind.INVALID_TYPE, ".0.type"),
        ([{"type": "video"}], Kind.INVALID_VALUE, ".0.type"),
        ([{"type": "text"}], Kind.MISSING, ".0.text"),
        ([{"type": "text", "text": 1}], Kind.INVALID_TYPE, ".0.text"),
        ([{"type": "input_image"}], Kind.MISSING, ".0.image_url"),
        ([{"type": "input_image", "file_id": "f"}], Kind.UNSUPPORTED, ".0.file_id"),
        ([{"type": "image_url", "image_url": {}}], Kind.MISSING, ".0.image_url.url"),
        ([{"type": "image_url", "image_url": 1}], Kind.INVALID_TYPE, ".0.image_url"),
        (
            [{"type": "image_url", "image_url": "ftp://a.example/b"}],
            Kind.INVALID_ATTACHMENT,
            ".0.image_url",
        ),
        ([{"type": "file", "file": 1}], Kind.INVALID_TYPE, ".0.file"),
        (
            [{"type": "file", "file": {"file_id": "f"}}],
            Kind.UNSUPPORTED,
            ".0.file.file_id",
        ),
        ([{"type": "input_file"}], Kind.MISSING, ".0.file_data"),
        ([{"type": "input_file", "file_data": 1}], Kind.INVALID_TYPE, ".0.file_data"),
        ([{"type": "input_audio"}], Kind.MISSING, ".0.input_audio"),
        (
            [{"type": "input_audio", "input_audio": {"data": "a", "format": "ogg"}}],
            Kind.INVALID_VALUE,
            ".0.input_audio.format",
        ),
    ],
)
def test_errors_name_the_place(content, kind, place):
    assert refusal(content) == (kind, AT + place)
