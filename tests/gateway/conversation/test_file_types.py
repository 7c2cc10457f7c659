"""What kind of file an attachment is."""

import pytest

from gateway.conversation.file_types import (
    Unreadable,
    clean_name,
    default_name,
    settled,
)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
GIF = b"GIF89a\x01\x00"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "
OCTETS = "application/octet-stream"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("start", "real"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (b"GIF87a", "image/gif"),
        (WEBP, "image/webp"),
    ],
)
@pytest.mark.parametrize(
    "claim", ["image/png", "image/jpg", "image/svg+xml", OCTETS, "", "text/plain", "x"]
)
@pytest.mark.parametrize("kind", ["image", "file"])
def test_an_image_gets_its_real_type_whatever_is_claimed(start, real, claim, kind):
    assert settled(claim, "a.txt", kind, start) == real


@pytest.mark.parametrize(
    ("claim", "start"),
    [
        ("image/png", b"<html>"),
        ("image/jpeg", b""),
        ("image/svg+xml", b"<svg>"),
        ("image/bmp", b"BM"),
        ("image/webp", b"RIFF\x24\x00\x00\x00WAVEfmt "),
        ("text/html", b"<html>"),
        ("text/plain", b"hi"),
        (OCTETS, b"\x00\x01"),
        ("", b""),
    ],
)
def test_what_should_be_an_image_must_be_one(claim, start):
    with pytest.raises(Unreadable, match="is no image"):
        settled(claim, "", "image", start)


@pytest.mark.parametrize(
    "claim",
    [
        *("application/pdf", "application/json", "application/xml", "text/xml"),
        *("application/rtf", "text/rtf", "application/msword", DOCX, "text/plain"),
        *("application/vnd.ms-excel", "application/vnd.ms-powerpoint", "text/csv"),
        *("text/markdown", "text/html"),
    ],
)
def test_documents_go_by_their_claim(claim):
    assert settled(claim, "", "file", b"anything") == claim
    assert settled(claim.upper(), "", "file", b"anything") == claim


def test_a_document_may_come_where_an_image_is_usual():
    assert settled("application/pdf", "", "image", b"%PDF-1.7") == "application/pdf"


@pytest.mark.parametrize(
    ("name", "start", "real"),
    [
        ("a.md", b"# x", "text/markdown"),
        ("A.DOCX", b"PK", DOCX),
        ("a.tar.csv", b"1,2", "text/csv"),
        ("unnamed", b"%PDF-1.4", "application/pdf"),
    ],
)
@pytest.mark.parametrize("claim", [OCTETS, "binary/octet-stream", ""])
def test_a_claim_that_says_nothing_leaves_it_to_the_name(name, start, real, claim):
    assert settled(claim, name, "file", start) == real


def test_unknown_kinds_of_text_are_text():
    assert settled("text/x-python", "a.py", "file", b"print()") == "text/plain"


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        (OCTETS, "a.exe"),
        (OCTETS, "md"),
        ("", ""),
        ("application/zip", "a.md"),
        ("application/x-msdownload", "a.exe"),
        ("video/mp4", "a.mp4"),
        ("audio/wav", "a.wav"),
        ("image/heic", "a.heic"),
        ("text/", ""),
        ("no type", ""),
        ("text/plain\r\nx: y", ""),
    ],
)
def test_others_are_not_taken(claim, name):
    with pytest.raises(Unreadable, match="not taken") as caught:
        settled(claim, name, "file", b"\x00\x01")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("claim", ["audio/wav", "audio/mpeg", "audio/mp3"])
def test_audio_is_taken_as_audio(claim):
    assert settled(claim, "", "audio", b"RIFF") == claim


@pytest.mark.parametrize("claim", ["audio/flac", "audio/", "video/mp4", OCTETS])
def test_other_audio_is_not(claim):
    with pytest.raises(Unreadable):
        settled(claim, "", "audio", b"fLaC")


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("image/jpeg", "file.jpeg"),
        ("text/plain", "file.plain"),
        ("odd", "file.bin"),
    ],
)
def test_a_name_for_what_has_none(media_type, name):
    assert default_name(media_type) == name


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a b.png", "a b.png"),
        ('a"\r\nX: y\x00.png', 'a"X: y.png'),
        ("dir/", ""),
        ("\ud800\u202e", ""),
        ("x" * 300, "x" * 200),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_names_are_cleaned(given, cleaned):
    assert clean_name(given) == cleaned
