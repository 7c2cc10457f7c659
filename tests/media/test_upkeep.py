from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from gateway.upkeep import purge_expired
from grokgateway.jobs import leadership
from media import index, upkeep
from media.models import Asset, Kind, State, VideoJob
from media.shelves import shelf
from tests.media.samples import MIB, film, picture
from tests.media.test_reconcile import kept, put

pytestmark = pytest.mark.django_db
NOW = datetime(2030, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quiet(configured, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return configured


class TestUpkeep:
    def test_it_does_all_of_it(self, files, configured):
        put(files, "images/old.png", picture(), age_s=3 * 86_400)
        put(files, "videos/x.mp4", film())
        configured(max_age_days=2)
        upkeep.tidy_all()
        assert [asset.public_id for asset in Asset.objects.all()] == ["x"]

    def test_it_leaves_the_work_to_who_does_it(self, files):
        put(files, "images/x.png", picture())
        assert leadership.claim(upkeep.LEASE)
        upkeep.tidy_all()
        assert not Asset.objects.exists()

    def test_a_stop_ends_it(self, files):
        put(files, "images/x.png", picture())
        upkeep.tidy_all(lambda: True)
        assert not Asset.objects.exists()

    def test_a_lowered_cap_is_enforced(self, files, configured):
        for number in range(4):
            put(files, f"images/{number}.png", bytes(MIB))
        upkeep.tidy_all()
        assert upkeep.enforce_caps() == 0
        configured(image_max_mb=3)
        assert upkeep.enforce_caps() == 3


@pytest.mark.django_db(transaction=True)
async def test_the_loop_only_waits(files):
    put(files, "images/x.png", picture())
    await upkeep.tidy()
    assert await Asset.objects.acount() == 1
    await upkeep.watch()


def job(**values):
    defaults = {"model": "m", "prompt": "p", "seconds": 6, "size": "720x1280"}
    number = VideoJob.objects.count()
    return VideoJob.objects.create(
        public_id=f"video_{number:032x}", **{**defaults, **values}
    )


class TestRetention:
    def test_ended_jobs_go_after_seven_days(self, files):
        now = timezone.now()
        week = now - timedelta(days=7)
        for ended in (week - timedelta(minutes=1), week + timedelta(minutes=1)):
            job(status=State.FAILED, completed_at=ended)
            job(status=State.COMPLETED, completed_at=ended)
        job(created_at=now - timedelta(days=30))
        upkeep.purge(now)
        assert VideoJob.objects.count() == 3

    def test_temporary_files_go_at_their_end(self, files):
        now = timezone.now()
        kept("a", expires_at=now)
        kept("b", expires_at=now + timedelta(minutes=1))
        upkeep.purge(now)
        assert Asset.objects.get().public_id == "b"

    @pytest.mark.django_db(transaction=True)
    def test_it_belongs_to_the_gateways_housekeeping(self, files):
        kept("a", expires_at=timezone.now())
        purge_expired()
        assert not Asset.objects.exists()

    def test_a_job_outlives_its_file(self, files):
        asset = kept("a", kind=Kind.VIDEO)
        done = job(status=State.COMPLETED, completed_at=NOW, asset=asset)
        index.remove(shelf(Kind.VIDEO), [asset.pk])
        done.refresh_from_db()
        assert done.asset is None


@pytest.mark.parametrize(
    "values",
    [
        {"status": "unheard of"},
        {"progress": 101},
        {"status": State.COMPLETED},
        {"status": State.FAILED},
        {"status": State.IN_PROGRESS},
        {"status": State.IN_PROGRESS, "claim_token": "x"},
    ],
)
def test_the_table_refuses_jobs_that_make_no_sense(values):
    with pytest.raises(DatabaseError), transaction.atomic():
        job(**values)


def test_a_key_starts_one_job_for_one_idempotency_key():
    job(owner="k", idempotency_key="once")
    job(owner="other", idempotency_key="once")
    job(owner="k")
    job(owner="k")
    with pytest.raises(DatabaseError), transaction.atomic():
        job(owner="k", idempotency_key="once")


@pytest.mark.parametrize("values", [{"kind": "sound"}, {"source": "unheard"}])
def test_the_table_refuses_files_that_make_no_sense(values):
    with pytest.raises(DatabaseError), transaction.atomic():
        Asset.objects.create(
            **{
                "kind": "image",
                "public_id": "x",
                "name": "x",
                "mime": "x",
                "size": 1,
                "source": "chat",
                **values,
            }
        )
