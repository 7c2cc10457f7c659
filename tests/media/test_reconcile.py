import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from media import index, pruning, reconcile
from media.models import Asset, Kind, Source, Usage
from media.shelves import shelf
from tests.media.bucket import Bucket
from tests.media.samples import MIB, film, picture

pytestmark = pytest.mark.django_db
UUID = "0f0f0f0f-1234-4abc-8def-0123456789ab"
NOW = datetime(2030, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quiet(configured, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return configured


def put(files, name, data, age_s=0.0):
    path = files / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    changed = time.time() - age_s
    os.utime(path, (changed, changed))
    return path


def run(kind=Kind.IMAGE, stopped=lambda: False):
    return reconcile.reconcile(shelf(kind), stopped)


def counts(outcome):
    return outcome.adopted, outcome.lost, outcome.parts, outcome.files, outcome.size


def kept(name="a", kind=Kind.IMAGE, size=10, age=timedelta(0), **values):
    """A row without a file."""
    return Asset.objects.create(
        kind=kind,
        public_id=name,
        name=f"{kind}s/{name}.png",
        mime="image/png",
        size=size,
        source=Source.CHAT,
        created_at=timezone.now() - age,
        **values,
    )


class TestAdoption:
    def test_files_of_earlier_versions_keep_their_ids(self, files):
        data = picture("PNG")
        put(files, f"images/{UUID}.png", data, age_s=86_400)
        put(files, "images/" + "a" * 32 + ".jpg", picture("JPEG"))
        assert counts(run()) == (
            2,
            0,
            0,
            2,
            len(data) + len((files / f"images/{'a' * 32}.jpg").read_bytes()),
        )
        found = Asset.objects.get(public_id=UUID)
        assert (found.name, found.mime) == (f"images/{UUID}.png", "image/png")
        assert (found.source, found.size) == (Source.FOUND, len(data))
        age = timezone.now() - found.created_at
        assert timedelta(hours=23) < age < timedelta(hours=25)

    def test_a_wrong_ending_does_not_make_a_wrong_type(self, files):
        put(files, "images/" + "b" * 32 + ".jpg", picture("WEBP"))
        run()
        assert Asset.objects.get().mime == "image/webp"

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("images/x.BMP", Kind.IMAGE),
            ("images/x.jpeg", Kind.IMAGE),
            ("videos/x.mov", Kind.VIDEO),
            ("videos/x.MKV", Kind.VIDEO),
            ("videos/video_0123.mp4", Kind.VIDEO),
        ],
    )
    def test_every_known_ending_counts(self, files, name, kind):
        put(files, name, b"whatever")
        assert run(kind).adopted == 1
        assert Asset.objects.get().mime == "application/octet-stream"

    @pytest.mark.parametrize(
        "name", ["x.txt", "x", ".x.part", ".png", "x" * 65 + ".png", "x.mp4"]
    )
    def test_other_files_are_left_alone(self, files, name):
        path = put(files, f"images/{name}", b"whatever")
        assert counts(run()) == (0, 0, 0, 0, 0)
        assert path.exists()

    def test_two_endings_of_one_name_both_count(self, files):
        put(files, "images/x.jpg", picture("JPEG"))
        put(files, "images/x.png", picture("PNG"))
        assert run().files == 2
        assert Asset.objects.filter(public_id="x").count() == 1

    def test_a_second_run_changes_nothing(self, files):
        put(files, "images/x.png", picture())
        first = run()
        assert counts(run()) == (0, 0, 0, first.files, first.size)

    def test_a_missing_folder_is_an_empty_one(self, files):
        assert counts(run()) == (0, 0, 0, 0, 0)

    def test_a_file_indexed_meanwhile_is_not_indexed_twice(self, files):
        put(files, "images/a.png", picture())
        asset = reconcile.described(shelf(Kind.IMAGE), "images/a.png")
        assert asset
        kept("a")
        assert not reconcile.inserted(shelf(Kind.IMAGE), asset)

    def test_a_file_that_has_just_gone_is_passed_over(self, files):
        assert reconcile.described(shelf(Kind.IMAGE), "images/gone.png") is None

    def test_a_stop_ends_it_between_batches(self, files, monkeypatch):
        monkeypatch.setattr(index, "BATCH_ROWS", 2)
        for number in range(6):
            put(files, f"images/{number}.png", picture())
        asked = iter([False, False, True])
        run(stopped=lambda: next(asked, True))
        assert Asset.objects.count() == 4


class TestLoss:
    def test_rows_without_a_file_go_and_totals_follow(self, files):
        put(files, "images/other.png", picture())
        kept("a", size=500)
        Usage.objects.create(kind=Kind.IMAGE, files=1, size=500)
        outcome = run()
        assert (outcome.adopted, outcome.lost, outcome.files) == (1, 1, 1)
        assert not Asset.objects.filter(public_id="a").exists()
        usage = Usage.objects.get(kind=Kind.IMAGE)
        assert (usage.files, usage.size) == (1, outcome.size)

    def test_no_row_goes_while_the_folder_is_bare_or_missing(self, files):
        kept("a", size=500)
        assert run().lost == 0
        (files / "images").mkdir(parents=True)
        assert counts(run()) == (0, 0, 0, 1, 500)

    def test_totals_that_drifted_are_set_right(self, files):
        put(files, "images/a.png", bytes(70))
        Usage.objects.create(kind=Kind.IMAGE, files=9, size=9999)
        kept("a", size=70)
        kept("twin", size=70)
        Asset.objects.filter(public_id="twin").update(name="images/a.png")
        assert counts(run()) == (0, 0, 0, 1, 70)

    def test_kinds_are_apart(self, files):
        put(files, "images/other.png", picture())
        kept("film", kind=Kind.VIDEO)
        assert run().lost == 0


class TestParts:
    @pytest.mark.parametrize("folder", ["images", "incoming"])
    def test_unfinished_files_go_after_an_hour(self, files, folder):
        old = put(files, f"{folder}/.x.png.0a1b.part", b"x", age_s=3700)
        new = put(files, f"{folder}/.y.part", b"x", age_s=3500)
        assert run().parts == 1
        assert (old.exists(), new.exists()) == (False, True)


class TestElsewhere:
    def test_files_of_a_bucket_are_adopted_and_missed(self, elsewhere, monkeypatch):
        target = shelf(Kind.IMAGE)
        bucket = target.storage
        assert isinstance(bucket, Bucket)
        bucket.objects["images/x.png"] = (picture(), NOW - timedelta(days=9999))
        bucket.objects["images/fresh.png"] = (picture(), timezone.now())
        kept("gone")
        assert counts(run())[:2] == (1, 1)
        assert Asset.objects.get().public_id == "x"


class TestPruning:
    def prune(self, **options):
        outcome = pruning.prune(shelf(Kind.IMAGE), **options)
        return outcome.removed, outcome.size

    def fill(self, files, count=4, size=MIB):
        """Files a day old each, the first one oldest."""
        for number in range(count):
            put(files, f"images/{number}.png", bytes(size), (count - number) * 86_400)
        run()

    def left(self):
        return sorted(Asset.objects.values_list("public_id", flat=True))

    @pytest.mark.parametrize("dry", [False, True])
    def test_the_cap_is_enforced_to_the_low_water_mark(self, files, configured, dry):
        self.fill(files)
        configured(image_max_mb=3)
        assert self.prune(dry_run=dry) == (3, 3 * MIB)
        assert self.left() == (["0", "1", "2", "3"] if dry else ["3"])
        assert (files / "images/0.png").exists() == dry

    @pytest.mark.parametrize("dry", [False, True])
    def test_the_age_limit_takes_all_that_is_older(self, files, configured, dry):
        self.fill(files)
        Asset.objects.filter(public_id="0").update(pinned=True)
        later = timezone.now() + timedelta(hours=1)
        Asset.objects.filter(public_id="1").update(protected_until=later)
        configured(max_age_days=1)
        assert self.prune(dry_run=dry) == (2, 2 * MIB)
        assert self.left() == (["0", "1", "2", "3"] if dry else ["0", "1"])

    @pytest.mark.parametrize("dry", [False, True])
    def test_the_floor_takes_the_oldest(self, files, configured, free_space, dry):
        self.fill(files)
        configured(min_free_mb=10)
        free_space(8 * MIB + 1)
        assert self.prune(dry_run=dry) == (2, 2 * MIB)
        assert self.left() == (["0", "1", "2", "3"] if dry else ["2", "3"])

    @pytest.mark.parametrize("dry", [False, True])
    def test_files_go_at_their_end(self, files, dry):
        self.fill(files)
        Asset.objects.filter(public_id="3").update(expires_at=timezone.now())
        assert self.prune(dry_run=dry) == (1, MIB)

    def test_without_limits_nothing_goes(self, files):
        self.fill(files)
        assert self.prune() == (0, 0)

    def test_what_is_being_read_stays(self, files, configured):
        self.fill(files)
        configured(max_age_days=1)
        with shelf(Kind.IMAGE).open("images/1.png"):
            self.prune()
        assert self.left() == ["1"]

    def test_the_command_tells_as_json(self, files, configured, capsys):
        self.fill(files)
        configured(image_max_mb=3)
        call_command("prunemedia", "--json", "--dry-run")
        assert json.loads(capsys.readouterr().out) == {
            "dry_run": True,
            "kinds": [
                {"kind": "image", "removed": 3, "size": 3 * MIB},
                {"kind": "video", "removed": 0, "size": 0},
            ],
        }
        call_command("prunemedia")
        assert "image: 3 removed, 3145728 bytes" in capsys.readouterr().out
        assert self.left() == ["3"]


def test_a_dry_run_of_reconcile_changes_nothing(files, capsys):
    put(files, "videos/x.mp4", film(b"frames"))
    put(files, "videos/.x.part", b"x", age_s=2 * 3600)
    kept("lost", Kind.VIDEO)
    call_command("reconcilemedia", "--dry-run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["dry_run"] is True
    assert told["kinds"][1] == {
        "kind": "video",
        "adopted": 1,
        "lost": 1,
        "parts": 1,
        "files": 1,
        "size": 10,
    }
    assert [asset.public_id for asset in Asset.objects.all()] == ["lost"]
    assert (files / "videos/.x.part").exists()
    call_command("reconcilemedia", "--dry-run")
    assert "video: 1 to take in, 1 lost, 1 unfinished to remove" in (
        capsys.readouterr().out
    )


def test_the_reconcile_command_tells_as_json(files, capsys):
    put(files, "videos/x.mp4", film(b"frames"))
    call_command("reconcilemedia", "--json")
    image, video = json.loads(capsys.readouterr().out)["kinds"]
    assert (image["adopted"], video["adopted"], video["files"]) == (0, 1, 1)
    call_command("reconcilemedia")
    assert "video: 0 taken in" in capsys.readouterr().out
