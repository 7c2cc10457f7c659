import hashlib
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from PIL import Image

from media import formats, truth
from media.errors import ErrorPage, NotMedia, Repeated
from media.models import Kind, Sighting
from tests.media.processes import memory
from tests.media.samples import (
    FTYP,
    MIB,
    MOOV,
    box,
    film,
    padded_picture,
    picture,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def examine(tmp_path):
    def look(data, kind=Kind.IMAGE):
        path = tmp_path / "sample"
        path.write_bytes(data)
        return truth.examine(path, kind)

    return look


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_decoded(examine, kind):
    facts = examine(picture(kind, colour=5))
    assert facts.format.mime == f"image/{kind.lower()}"
    assert len(facts.content_hash) == 64


def test_equal_pixels_have_one_hash_whatever_the_file(examine):
    plain = examine(picture(colour=9)).content_hash
    assert examine(padded_picture(5000, colour=9)).content_hash == plain
    assert examine(picture("WEBP", colour=9, lossless=True)).content_hash == plain
    assert examine(picture(colour=10)).content_hash != plain
    assert examine(picture(colour=9, size=(8, 16))).content_hash != plain


def test_a_large_picture_hashes_as_in_one_go(examine):
    image = Image.linear_gradient("L").resize((1500, 1500))
    expected = hashlib.sha256(b"1500x1500" + image.convert("RGBA").tobytes())
    assert truth.hash_of(image) == expected.hexdigest()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_can_be_hashed(mode):
    assert len(truth.hash_of(Image.new(mode, (3, 3)))) == 64


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_cut_short_is_refused(examine, kind):
    whole = picture(kind, size=(300, 300))
    with pytest.raises(NotMedia):
        examine(whole[: len(whole) // 2])


def test_a_picture_of_too_many_pixels_is_refused_undecoded(examine):
    bomb = bytearray(picture())
    header = bytearray(bomb[12:29])
    header[4:12] = struct.pack(">II", 30_000, 30_000)
    bomb[12:29] = header
    bomb[29:33] = struct.pack(">I", 0)
    with pytest.raises(NotMedia):
        examine(bytes(bomb))


def with_size(kind, width, height):
    """A small picture whose header claims to be of another size."""
    data = bytearray(picture(kind))
    place, claimed = {
        "JPEG": (data.find(b"\xff\xc0") + 5, struct.pack(">HH", height, width)),
        "GIF": (6, struct.pack("<HH", width, height)),
        "WEBP": (26, struct.pack("<HH", width, height)),
    }[kind]
    data[place : place + 4] = claimed
    return bytes(data)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_no_format_decodes_more_pixels_than_the_limit(examine, kind):
    before = memory("VmHWM")
    with pytest.raises(NotMedia):
        examine(with_size(kind, 16_000, 16_000))
    assert memory("VmHWM") - before < 64 * MIB


def test_a_text_that_unpacks_to_much_is_refused(examine):
    plain = picture()
    text = b"bomb\0\0" + zlib.compress(bytes(100 * MIB), 9)
    chunk = b"zTXt" + text
    ending = struct.pack(">I", len(text)) + chunk
    ending += struct.pack(">I", zlib.crc32(chunk)) + plain[-12:]
    with pytest.raises(NotMedia):
        examine(plain[:-12] + ending)


def test_the_pixel_limit_counts_before_decoding(examine, monkeypatch):
    monkeypatch.setattr(truth, "MOST_PIXELS", 100)
    examine(picture(size=(10, 10)))
    with pytest.raises(NotMedia, match="too many pixels"):
        examine(picture(size=(10, 11)))


@pytest.mark.parametrize("data", [b"<html>no</html>", b' {"error":{}}'])
@pytest.mark.parametrize("kind", Kind)
def test_an_error_page_is_told_apart(examine, data, kind):
    with pytest.raises(ErrorPage):
        examine(data, kind)


@pytest.mark.parametrize("data", [b"", b"\0\0", b"BM" + bytes(60), film()])
def test_what_is_no_picture_is_refused(examine, data):
    with pytest.raises(NotMedia):
        examine(data)


def test_a_picture_is_no_video(examine):
    with pytest.raises(NotMedia):
        examine(picture(), Kind.VIDEO)


def sized(kind, content):
    """A box with a 64-bit size."""
    return b"\0\0\0\1" + kind + struct.pack(">Q", 16 + len(content)) + content


@pytest.mark.parametrize(
    "whole",
    [
        film(b"frames"),
        FTYP + box(b"mdat", b"frames") + MOOV,
        FTYP + box(b"free", bytes(9)) + MOOV + sized(b"mdat", b"frames"),
        FTYP + MOOV + b"\0\0\0\0mdatframes",
        FTYP + MOOV + box(b"mdat", b"fra") + box(b"moof", b"x") + box(b"mdat", b"mes"),
        film(b"frames") + bytes(5),
        film(b"frames") + bytes(50),
    ],
)
def test_the_hash_of_a_video_is_that_of_its_media_data(examine, whole):
    facts = examine(whole, Kind.VIDEO)
    assert facts.format.mime == "video/mp4"
    assert facts.content_hash == hashlib.sha256(b"frames").hexdigest()


@pytest.mark.parametrize(
    "broken",
    [
        FTYP,
        FTYP + MOOV,
        FTYP + box(b"mdat", b"frames"),
        FTYP + MOOV + box(b"mdat"),
        FTYP + box(b"moov") + box(b"mdat", b"frames"),
        MOOV + FTYP + box(b"mdat", b"frames"),
        film(b"frames")[:-1],
        FTYP + box(b"mdat", b"frames") + MOOV[:-1],
        film(b"frames") + box(b"moof", bytes(50))[:-1],
        FTYP + box(b"moov", box(b"trak", bytes(9))[:-1]) + box(b"mdat", b"frames"),
        FTYP + MOOV + b"\0\0\0\1mdat" + struct.pack(">Q", 2**63) + b"frames",
        box(b"free") + FTYP + MOOV + box(b"mdat", b"frames"),
        FTYP + b"\0\0\0\7moov" + box(b"mdat", b"frames"),
    ],
)
def test_a_video_that_is_not_whole_is_refused(examine, broken):
    with pytest.raises(NotMedia):
        examine(broken, Kind.VIDEO)


def test_a_video_of_endless_parts_is_refused(examine):
    with pytest.raises(NotMedia, match="too many parts"):
        examine(FTYP + box(b"free") * 20_001, Kind.VIDEO)


@pytest.mark.django_db
class TestRepetition:
    def seen(self, prompt, hours=0, content="c" * 64, kind=Kind.IMAGE):
        facts = truth.Facts(formats.PNG, content)
        return truth.is_repeated(kind, facts, prompt, NOW - timedelta(hours=hours))

    def test_one_result_for_two_prompts_within_a_day_is_a_repetition(self):
        assert not self.seen("a cat", hours=23)
        assert self.seen("a dog")

    def test_it_is_known_as_one_to_the_first_too(self):
        self.seen("a cat", hours=2)
        self.seen("a dog", hours=1)
        assert self.seen("a cat")

    def test_the_same_prompt_may_have_the_same_result(self):
        self.seen("a  cat ")
        assert not self.seen("a cat")

    def test_after_a_day_it_no_longer_counts(self):
        self.seen("a cat", hours=25)
        assert not self.seen("a dog")
        truth.forget(NOW)
        assert Sighting.objects.count() == 1

    def test_a_result_seen_again_is_remembered_from_then(self):
        self.seen("a cat", hours=25)
        self.seen("a cat", hours=1)
        assert self.seen("a dog")

    def test_other_results_and_kinds_do_not_count(self):
        self.seen("a cat")
        assert not self.seen("a dog", content="d" * 64)
        assert not self.seen("a dog", kind=Kind.VIDEO)

    def test_nothing_is_said_without_prompts(self):
        self.seen("")
        assert not self.seen("a dog")
        assert not self.seen(" ")

    def test_what_is_handed_out_unkept_is_vouched_for(self):
        data = picture(colour=7)
        truth.vouch(Kind.IMAGE, data, "a cat")
        truth.vouch(Kind.IMAGE, data, "a cat")
        with pytest.raises(Repeated):
            truth.vouch(Kind.IMAGE, padded_picture(4000, colour=7), "a dog")
        with pytest.raises(NotMedia):
            truth.vouch(Kind.IMAGE, data[:-30], "a cat")
        truth.vouch(Kind.VIDEO, film(b"frames"), "a cat")
        with pytest.raises(Repeated):
            truth.vouch(Kind.VIDEO, film(b"frames"), "a dog")


@pytest.mark.django_db
def test_an_outage_refuses_nothing(monkeypatch):
    def fail(*_args):
        raise OperationalError

    monkeypatch.setattr(truth, "is_repeated", fail)
    assert truth.vouch(Kind.IMAGE, picture(), "a cat").format is formats.PNG


def test_the_table_does_not_tell_the_prompt():
    hashed = truth.prompt_hash("a cat")
    assert hashed != hashlib.sha256(b"a cat").hexdigest()
    assert hashed == truth.prompt_hash("a\ncat")
