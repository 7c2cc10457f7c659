import pytest

from media import formats
from tests.media import samples


@pytest.mark.parametrize(
    ("data", "mime", "suffix"),
    [
        (samples.picture("PNG"), "image/png", "png"),
        (samples.picture("JPEG"), "image/jpeg", "jpg"),
        (samples.picture("WEBP"), "image/webp", "webp"),
        (samples.picture("GIF"), "image/gif", "gif"),
        (samples.film(), "video/mp4", "mp4"),
    ],
)
def test_a_format_is_known_by_its_first_bytes(data, mime, suffix):
    found = formats.sniff(data[: formats.HEAD_BYTES])
    assert found is not None
    assert (found.mime, found.suffix) == (mime, suffix)


@pytest.mark.parametrize(
    "data", [b"", b"BM" + bytes(60), b"\x1aE\xdf\xa3" + bytes(60), b"hello", b"RIFF"]
)
def test_other_bytes_are_not(data):
    assert formats.sniff(data) is None


@pytest.mark.parametrize(
    ("data", "is_page"),
    [
        (b"<!doctype html>", True),
        (b' \r\n\t{"error":1}', True),
        (b"\xef\xbb\xbf<html>", True),
        (b"", False),
        (samples.picture(), False),
        (samples.film(), False),
    ],
)
def test_an_error_page_is_known_by_its_first_character(data, is_page):
    assert formats.is_page(data) == is_page
