"""Base64 data URIs."""

import base64
import binascii

import pytest

from gateway.conversation import slices
from gateway.conversation.data_uris import is_data_uri, parse
from gateway.conversation.file_types import Unreadable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
BARE = base64.b64encode(PNG).decode()


def test_it_is_taken_apart_without_decoding_it():
    uri = parse(f"data:image/png;base64,{BARE}")
    assert (uri.media_type, uri.content) == ("image/png", BARE.encode())
    assert (uri.start, uri.size_bytes) == (PNG[:16], len(PNG))


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        ("data:IMAGE/PNG;base64", "image/png"),
        ("DATA:image/png;BASE64", "image/png"),
        ("data:text/plain;charset=utf-8;base64", "text/plain"),
        ("data:text/plain;name=a.txt; base64 ", "text/plain"),
        ("data:;base64", "application/octet-stream"),
        ("data: image/png ;base64", "image/png"),
    ],
)
def test_the_type_stands_before_the_first_semicolon(head, media_type):
    assert is_data_uri(head)
    assert parse(f"{head},aGk=").media_type == media_type


@pytest.mark.parametrize(
    "payload",
    [
        "\n".join(BARE[at : at + 76] for at in range(0, len(BARE), 76)),
        f" {BARE}\r\n\t",
        BARE.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D"),
        BARE[:8] + "%0D%0A" + BARE[8:],
    ],
)
def test_white_space_and_the_escapes_of_urls_are_taken_out(payload):
    uri = parse(f"data:image/png;base64,{payload}")
    assert (uri.content, uri.size_bytes) == (BARE.encode(), len(PNG))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("data:", "is no base64 data URI"),
        ("data:image/png;base64", "is no base64 data URI"),
        ("data:image/png,aGk=", "is no base64 data URI"),
        ("data:,base64,aGk=", "is no base64 data URI"),
        ("data:image/png;base64,", "holds no data"),
        ("data:image/png;base64, \n", "holds no data"),
        ("data:image/png;base64,aGk", "is not correct base64"),
        ("data:image/png;base64,aGk==", "is not correct base64"),
        ("data:image/png;base64,aGk=aGk=", "is not correct base64"),
        ("data:image/png;base64,====", "is not correct base64"),
        ("data:image/png;base64,a", "is not correct base64"),
        ("data:image/png;base64,aG-_", "is not correct base64"),
        ("data:image/png;base64,aG\u00e9k", "is not correct base64"),
        ("data:image/png;base64,\ud800Gk=", "is not correct base64"),
        ("data:image/png;base64,%zz=", "is not correct base64"),
    ],
)
def test_what_is_wrong_is_told(source, told):
    with pytest.raises(Unreadable, match=told):
        parse(source)


@pytest.mark.parametrize("size", range(1, 40))
def test_slices_and_the_library_agree(monkeypatch, size):
    monkeypatch.setattr(slices, "SLICE", 12)
    content = base64.b64encode(bytes(size)).decode()
    assert parse(f"data:;base64,{content}").size_bytes == size
    for at in range(len(content)):
        broken = content[:at] + "=" + content[at + 1 :]
        source = f"data:;base64,{broken}"
        try:
            expected = len(binascii.a2b_base64(broken, strict_mode=True))
        except binascii.Error:
            with pytest.raises(Unreadable):
                parse(source)
        else:
            assert parse(source).size_bytes == expected
