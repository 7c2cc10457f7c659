"""Files that visitors send ahead: taken or refused, for their sender and an hour."""

import os
import time
from base64 import b64decode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gateway.errors import GatewayError
from grokgateway import config
from webui import uploads
from webui.access import Visitor

ME = Visitor("key", "me", "192.0.2.1")
YOU = Visitor("key", "you", "192.0.2.1")
GIF = b"GIF89a" + bytes(20)


@pytest.fixture(autouse=True)
def empty(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with config.override({}):
        yield tmp_path / "uploads"


def sent(name="a.txt", content=b"hello", mime="text/plain"):
    return SimpleUploadedFile(name, content, mime)


async def test_a_file_is_kept_for_its_sender():
    kept = await uploads.keep(ME, sent("../x/note.md", b"# hi", "text/markdown"))
    assert (kept.name, kept.mime, kept.size) == ("note.md", "text/markdown", 4)
    source = await uploads.read(ME, kept.id, kept.mime)
    assert source.startswith("data:text/markdown;base64,")
    assert b64decode(source.partition(",")[2]) == b"# hi"
    with pytest.raises(GatewayError) as gone:
        await uploads.read(YOU, kept.id, kept.mime)
    assert gone.value.code == uploads.GONE


async def test_what_an_image_is_shows_in_its_first_bytes():
    kept = await uploads.keep(ME, sent("x.txt", GIF, "text/plain"))
    assert kept.mime == "image/gif"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (sent(content=b""), "invalid_attachment"),
        (sent("x.bin", b"\x00\x01", "application/x-executable"), "invalid_attachment"),
        (sent(content=bytes(2 * 1024 * 1024)), "request_too_large"),
    ],
)
async def test_what_no_turn_takes_is_refused_before_it_is_kept(file, code, empty):
    with config.override({"limits.file_mb": 1}):
        with pytest.raises(GatewayError) as refused:
            await uploads.keep(ME, file)
    assert refused.value.code == code
    assert not list(empty.glob("*/*"))


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "0" * 31, "G" * 32])
async def test_no_other_file_is_read(name):
    with pytest.raises(GatewayError):
        await uploads.read(ME, name, "text/plain")
    with pytest.raises(GatewayError):
        uploads.size_of(ME, name)


async def test_ones_own_oldest_files_make_room():
    with config.override({"limits.attachments_mb": 1, "limits.file_mb": 1}):
        first = await uploads.keep(ME, sent(content=bytes(1024 * 1024)))
        os.utime(uploads.path_of(ME, first.id), (1, 1))
        yours = await uploads.keep(YOU, sent())
        for _ in range(4):
            await uploads.keep(ME, sent(content=bytes(1024 * 1024)))
    assert not uploads.path_of(ME, first.id).exists()
    assert uploads.path_of(YOU, yours.id).exists()


async def test_a_full_disk_is_told_of(monkeypatch):
    monkeypatch.setattr(uploads, "ROOM_ALL_BYTES", 8)
    await uploads.keep(ME, sent())
    with pytest.raises(GatewayError) as refused:
        await uploads.keep(YOU, sent())
    assert refused.value.retry_after_s


async def test_what_was_not_used_for_an_hour_goes(empty):
    old, used = await uploads.keep(ME, sent()), await uploads.keep(ME, sent())
    now = time.time()
    for one in (old, used):
        os.utime(uploads.path_of(ME, one.id), (1, now - uploads.LIFE_S - 1))
    await uploads.read(ME, used.id, "text/plain")
    await uploads.tidy()
    assert not uploads.path_of(ME, old.id).exists()
    assert uploads.path_of(ME, used.id).exists()
    uploads.tidy_now(now + uploads.LIFE_S + 1)
    assert list(empty.glob("*")) == []
