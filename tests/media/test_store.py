import asyncio
import hashlib
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from media import index, store, threads
from media.errors import (
    DiskLow,
    ErrorPage,
    NotMedia,
    Repeated,
    TooLarge,
    UnknownFile,
)
from media.models import Asset, Kind, Source, Usage
from media.shelves import shelf
from media.store import Origin
from tests.media.samples import MIB, film, padded_film, padded_picture, picture

pytestmark = pytest.mark.django_db(transaction=True)
CHAT = Origin(Source.CHAT)


@pytest.fixture(autouse=True)
def quiet(configured):
    return configured


async def save(data, kind=Kind.IMAGE, origin=CHAT):
    return await store.save_bytes(kind, data, origin)


async def totals(kind=Kind.IMAGE):
    usage = await Usage.objects.filter(pk=kind).afirst()
    return (usage.files, usage.size) if usage else (0, 0)


def on_disk(files, folder="images"):
    return {path.name: path.read_bytes() for path in (files / folder).iterdir()}


@pytest.mark.parametrize(
    ("kind", "data", "suffix"),
    [
        (Kind.IMAGE, picture("PNG"), "png"),
        (Kind.IMAGE, picture("JPEG"), "jpg"),
        (Kind.IMAGE, picture("WEBP"), "webp"),
        (Kind.IMAGE, picture("GIF"), "gif"),
        (Kind.VIDEO, film(), "mp4"),
    ],
)
async def test_what_is_saved_can_be_found_and_read(files, kind, data, suffix):
    origin = Origin(Source.IMAGES, "acc_1", model="m", owner="key_1")
    asset = await store.save_bytes(kind, data, origin)
    assert on_disk(files, f"{kind}s") == {f"{asset.public_id}.{suffix}": data}
    found = await store.find(kind, asset.public_id)
    assert found == asset
    assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (found.source, found.account) == ("images", "acc_1")
    assert (found.model, found.owner) == ("m", "key_1")
    assert await store.read(found) == data
    assert await totals(kind) == (1, len(data))


async def test_ids_are_random_and_of_the_form_links_need(files):
    one, other = await save(picture()), await save(picture())
    assert one.public_id != other.public_id
    assert len(one.public_id) == 32
    assert set(one.public_id) <= set("0123456789abcdef")


async def test_a_file_may_come_in_pieces_of_any_size(files):
    data = padded_picture(MIB)
    async with store.incoming(Kind.IMAGE) as file:
        for start in range(0, len(data), 100_001):
            await file.write(data[start : start + 100_001])
        asset = await file.keep(CHAT)
    assert await store.read(asset) == data


async def test_what_is_not_kept_is_gone(files):
    async with store.incoming(Kind.IMAGE) as file:
        await file.write(padded_picture(MIB))
    await index_settled()
    assert on_disk(files) == {}
    assert await totals() == (0, 0)


async def index_settled():
    """All that media's threads were given is done: each waits until all are idle."""
    pools = threads.pools()
    for pool, count in ((pools.disk, threads.DISK_THREADS), (pools.index, 1)):
        together = threading.Barrier(count)
        waiting = [pool.submit(together.wait, 30) for _ in range(count)]
        for one in waiting:
            await asyncio.wrap_future(one)


@pytest.mark.parametrize("began", [False, True])
async def test_who_leaves_while_a_file_is_begun_leaves_none(files, monkeypatch, began):
    opening, opened = threading.Event(), threading.Event()
    new_part = type(shelf(Kind.IMAGE)).new_part

    def slowly(target):
        opening.set()
        opened.wait(30)
        return new_part(target)

    async def begin():
        async with store.incoming(Kind.IMAGE):
            raise AssertionError

    monkeypatch.setattr(type(shelf(Kind.IMAGE)), "new_part", slowly)
    task = asyncio.create_task(begin())
    if began:
        await asyncio.to_thread(opening.wait, 30)
    task.cancel()
    opened.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await index_settled()
    assert not (files / "images").exists() or on_disk(files) == {}


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        (Kind.IMAGE, b"", NotMedia),
        (Kind.IMAGE, b"<html>", ErrorPage),
        (Kind.VIDEO, b' {"error": 1}', ErrorPage),
        (Kind.IMAGE, picture()[:-30], NotMedia),
        (Kind.IMAGE, film(), NotMedia),
        (Kind.VIDEO, picture(), NotMedia),
    ],
)
async def test_what_is_no_media_is_not_kept(files, kind, data, error):
    with pytest.raises(error):
        await save(data, kind)
    await index_settled()
    assert on_disk(files, f"{kind}s") == {}
    assert await Asset.objects.acount() == 0


async def test_an_error_page_is_refused_with_its_first_chunk(files):
    async with store.incoming(Kind.VIDEO) as file:
        with pytest.raises(ErrorPage):
            await file.write(b"\n<!doctype html>")


async def test_a_file_past_its_limit_is_refused_while_it_comes(files):
    async with store.incoming(Kind.VIDEO, limit_bytes=1000) as file:
        await file.write(bytes(1000))
        with pytest.raises(TooLarge):
            await file.write(b"x")


def test_the_limits_are_those_of_the_specification():
    assert store.LIMITS == {"image": 32 * MIB, "video": 1024 * MIB}


async def test_equal_bytes_are_stored_once_and_live_while_one_row_needs_them(files):
    data = picture()
    one = await save(data)
    other = await save(data, origin=Origin(Source.IMAGES, prompt="again"))
    assert one.public_id != other.public_id
    assert one.name == other.name
    assert await totals() == (1, len(data))
    assert await store.delete(one)
    assert await store.find(Kind.IMAGE, one.public_id) is None
    assert await store.read(other) == data
    assert await totals() == (1, len(data))
    assert await store.delete(other)
    assert not await store.delete(other)
    assert on_disk(files) == {}
    assert await totals() == (0, 0)


async def test_a_lost_file_comes_back_with_its_twin(files):
    data = picture()
    one = await save(data)
    (files / one.name).unlink()
    with pytest.raises(UnknownFile):
        await store.read(one)
    await save(data)
    assert await store.read(one) == data
    assert await totals() == (1, len(data))


async def test_a_repeated_result_is_refused_where_that_is_asked(files):
    data = picture()
    cat, dog = Origin(Source.IMAGES, prompt="cat"), Origin(Source.IMAGES, prompt="dog")
    first = await store.save_bytes(Kind.IMAGE, data, cat, refuse_repeats=True)
    assert await store.save_bytes(Kind.IMAGE, data, cat, refuse_repeats=True)
    await store.delete(first)
    with pytest.raises(Repeated):
        await store.save_bytes(Kind.IMAGE, data, dog, refuse_repeats=True)
    with pytest.raises(Repeated):
        await store.vouch(Kind.IMAGE, data, "bird")
    assert await Asset.objects.acount() == 1


@pytest.mark.parametrize(("free_mib", "refused"), [(9, True), (10, False)])
async def test_nothing_is_saved_below_the_floor(
    files, configured, free_space, free_mib, refused
):
    configured(min_free_mb=10)
    free_space(free_mib * MIB)
    if refused:
        with pytest.raises(DiskLow):
            await save(picture())
    else:
        await save(picture())
    assert (await totals())[0] == (0 if refused else 1)


async def test_the_floor_is_watched_while_a_file_grows(files, configured, free_space):
    configured(min_free_mb=10)
    free_space(10 * MIB)
    async with store.incoming(Kind.VIDEO) as file:
        for _ in range(20):
            await file.write(bytes(MIB))
        free_space(9 * MIB)
        with pytest.raises(DiskLow):
            await write(file, 16)


async def write(file, mebibytes):
    for _ in range(mebibytes):
        await file.write(bytes(MIB))


async def test_eleven_saves_under_a_cap_of_ten_leave_six(files, configured):
    configured(image_max_mb=10)
    assets = [await save(padded_picture(MIB)) for _ in range(11)]
    left = {path.split(".")[0] for path in on_disk(files)}
    assert left == {asset.public_id for asset in assets[5:]}
    assert await totals() == (6, 6 * MIB)


async def test_ten_saves_under_a_cap_of_ten_leave_ten(files, configured):
    configured(image_max_mb=10)
    for _ in range(10):
        await save(padded_picture(MIB))
    assert await totals() == (10, 10 * MIB)


async def test_kinds_have_caps_of_their_own(files, configured):
    configured(image_max_mb=2, video_max_mb=0)
    for _ in range(4):
        await save(padded_picture(MIB))
        await save(padded_film(MIB), Kind.VIDEO)
    assert (await totals())[0] < 4
    assert (await totals(Kind.VIDEO))[0] == 4


async def test_a_single_file_past_the_cap_stays(files, configured):
    configured(image_max_mb=1)
    small = await save(picture())
    large = await save(padded_picture(3 * MIB))
    assert await store.find(Kind.IMAGE, small.public_id) is None
    assert len(await store.read(large)) == 3 * MIB
    following = await save(picture())
    assert await store.find(Kind.IMAGE, large.public_id) is None
    assert await store.read(following)


async def test_what_is_pinned_or_protected_or_being_read_stays(files, configured):
    configured(image_max_mb=10)
    pinned, protected, ended, read, plain = [
        await save(padded_picture(MIB)) for _ in range(5)
    ]
    now, minute = timezone.now(), timedelta(minutes=1)
    await change(pinned, pinned=True)
    await change(protected, protected_until=now + minute)
    await change(ended, protected_until=now - minute)
    async with store.open(read):
        for _ in range(6):
            await save(padded_picture(MIB))
    found = [
        await store.find(Kind.IMAGE, one.public_id)
        for one in (pinned, protected, ended, read, plain)
    ]
    assert [one is not None for one in found] == [True, True, False, True, False]
    assert await totals() == (6, 6 * MIB)


async def change(asset, **values):
    await Asset.objects.filter(pk=asset.pk).aupdate(**values)


async def test_saving_goes_on_when_nothing_can_be_removed(files, configured):
    configured(image_max_mb=1)
    for _ in range(4):
        asset = await save(padded_picture(MIB))
        await change(asset, pinned=True)
    assert await totals() == (4, 4 * MIB)


async def test_many_small_files_make_room_for_a_large_one(
    files, configured, monkeypatch
):
    monkeypatch.setattr(index, "BATCH_ROWS", 3)
    configured(image_max_mb=1)
    small = [await save(padded_picture(60_000)) for _ in range(17)]
    await save(padded_picture(MIB // 2))
    left = len(on_disk(files))
    assert left == 1 + (MIB * 6 // 10 - MIB // 2) // 60_000
    assert await store.find(Kind.IMAGE, small[-1].public_id)


async def test_eviction_reads_only_the_oldest(files, configured, monkeypatch):
    monkeypatch.setattr(index, "BATCH_ROWS", 5)
    configured(image_max_mb=1)
    read = []
    until_freed = index.until_freed

    def noted(rows, *more):
        read.append(len(rows))
        return until_freed(rows, *more)

    monkeypatch.setattr(index, "until_freed", noted)
    for _ in range(36):
        await save(padded_picture(30_000))
    assert sum(read) >= 13
    assert max(read) == 5


async def test_a_file_that_cannot_be_removed_is_skipped(
    files, configured, monkeypatch, caplog
):
    configured(image_max_mb=2)
    stuck = await save(padded_picture(MIB))
    remove = type(shelf(Kind.IMAGE).storage).delete

    def refuse(storage, name):
        if name == stuck.name:
            raise PermissionError(name)
        remove(storage, name)

    monkeypatch.setattr(type(shelf(Kind.IMAGE).storage), "delete", refuse)
    for _ in range(2):
        await save(padded_picture(MIB))
    assert await store.find(Kind.IMAGE, stuck.public_id)
    assert "cannot be removed" in caplog.text
    assert await totals() == (2, 2 * MIB)


class TestElsewhere:
    """A storage without paths does all the same."""

    @pytest.fixture(autouse=True)
    def bucket(self, elsewhere, settings, tmp_path):
        settings.DATA_DIR = tmp_path

    async def test_files_are_saved_found_and_removed(self):
        data = padded_picture(MIB)
        asset = await save(data)
        assert await store.read(asset) == data
        assert shelf(Kind.IMAGE).has(asset.name)
        await store.delete(asset)
        assert not shelf(Kind.IMAGE).has(asset.name)

    async def test_equal_bytes_are_stored_once(self):
        data = picture()
        one, other = await save(data), await save(data)
        assert one.name == other.name
        assert list(shelf(Kind.IMAGE).names()) == [one.name]

    async def test_caps_hold(self, configured):
        configured(image_max_mb=10)
        for _ in range(11):
            await save(padded_picture(MIB))
        assert len(list(shelf(Kind.IMAGE).names())) == 6

    async def test_no_part_is_left(self, tmp_path):
        await save(picture())
        await index_settled()
        assert list((tmp_path / "files" / "incoming").iterdir()) == []

    async def test_a_failed_save_leaves_no_file(self, monkeypatch):
        def fail(*_args, **_options):
            raise RuntimeError

        monkeypatch.setattr(Asset, "save", fail)
        with pytest.raises(RuntimeError):
            await save(picture())
        assert list(shelf(Kind.IMAGE).names()) == []
