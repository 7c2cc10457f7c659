from datetime import timedelta

import pytest
from django.utils import timezone

from media import pruning, removals, serving, store, threads, upkeep
from media.errors import UnknownFile
from media.models import Asset, Kind, Source, Usage
from media.ranges import Conditions
from media.removals import GRACE
from media.shelves import shelf
from media.store import Origin
from tests.media.samples import MIB, padded_picture

pytestmark = pytest.mark.django_db(transaction=True)
CHAT = Origin(Source.CHAT)


@pytest.fixture(autouse=True)
def quiet(configured):
    return configured


async def saved(count):
    return [
        await store.save_bytes(Kind.IMAGE, padded_picture(MIB), CHAT)
        for _ in range(count)
    ]


async def remove(*assets, ago=timedelta(0)):
    ids = [asset.pk for asset in assets]
    return await threads.index(removals.remove, ids, timezone.now() - ago)


def left(files):
    return len(list((files / "images").glob("*.png")))


async def test_what_is_removed_is_seen_by_nobody(files):
    (asset,) = await saved(1)
    await remove(asset)
    assert await store.find(Kind.IMAGE, asset.public_id) is None
    with pytest.raises(UnknownFile):
        await serving.answer(Kind.IMAGE, f"id={asset.public_id}", Conditions())
    await asset.arefresh_from_db()
    with pytest.raises(UnknownFile):
        await serving.of(asset, Conditions())
    assert left(files) == 1


async def test_one_id_brings_all_of_it_back(files):
    first, second, third = await saved(3)
    done = await remove(first, second)
    other = await remove(second, third)
    assert (done.count, other.count) == (2, 1)
    assert await threads.index(removals.undo, done.undo) == 2
    assert await threads.index(removals.undo, done.undo) == 0
    assert await store.find(Kind.IMAGE, first.public_id) == first
    assert await store.find(Kind.IMAGE, third.public_id) is None


async def test_removing_nothing_needs_no_undo(files):
    done = await remove()
    assert (done.count, done.undo) == (0, "")
    (asset,) = await saved(1)
    assert await threads.index(removals.undo, "") == 0
    assert await store.find(Kind.IMAGE, asset.public_id)


async def test_after_ten_minutes_the_files_go(files):
    old, recent, kept = await saved(3)
    await remove(old, ago=GRACE + timedelta(seconds=1))
    await remove(recent, ago=GRACE - timedelta(seconds=5))
    await upkeep.watch()
    assert left(files) == 2
    assert await Asset.objects.filter(pk__in=[recent.pk, kept.pk]).acount() == 2
    assert (await Usage.objects.aget(kind=Kind.IMAGE)).files == 2


async def test_what_is_brought_back_at_the_last_moment_stays(files, monkeypatch):
    (asset,) = await saved(1)
    done = await remove(asset, ago=GRACE + timedelta(seconds=1))
    is_read = type(shelf(Kind.IMAGE)).is_read

    def bring_back_first(target, name):
        removals.undo(done.undo)
        return is_read(target, name)

    monkeypatch.setattr(type(shelf(Kind.IMAGE)), "is_read", bring_back_first)
    await upkeep.watch()
    assert await store.find(Kind.IMAGE, asset.public_id) == asset
    assert left(files) == 1


@pytest.mark.parametrize("dry", [False, True])
async def test_pruning_counts_it(files, dry):
    old, recent = await saved(2)
    await remove(old, ago=GRACE + timedelta(seconds=1))
    await remove(recent)
    done = await threads.index(pruning.prune, shelf(Kind.IMAGE), dry_run=dry)
    assert (done.removed, done.size) == (1, MIB)
    assert left(files) == 1 + dry


async def test_room_is_made_of_what_was_removed_first(files, configured):
    configured(image_max_mb=10)
    assets = await saved(10)
    await remove(*assets[-4:])
    await saved(1)
    assert {asset.pk async for asset in Asset.objects.all()} >= {
        asset.pk for asset in assets[1:6]
    }
    assert left(files) == 6
