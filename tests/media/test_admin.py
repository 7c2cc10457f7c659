import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from media.models import Asset, Kind, Source, State, Usage, VideoJob
from tests.media.samples import MIB, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def kept(files):
    """An image and a video, with their files."""
    made = {}
    for kind, suffix in ((Kind.IMAGE, "png"), (Kind.VIDEO, "mp4")):
        name = f"{kind}s/{'a' * 32}.{suffix}"
        path = files / name
        path.parent.mkdir(parents=True)
        path.write_bytes(picture())
        made[kind] = Asset.objects.create(
            kind=kind,
            public_id="a" * 32,
            name=name,
            mime="image/png" if kind == Kind.IMAGE else "video/mp4",
            size=path.stat().st_size,
            source=Source.CHAT,
            account="acc_1",
        )
        Usage.objects.create(kind=kind, files=1, size=path.stat().st_size)
    return made


def test_the_list_shows_previews_in_few_queries(
    console, kept, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        page = console.get(reverse("admin:media_asset_changelist"))
    text = page.content.decode()
    assert f'<img src="/v1/files/image?id={"a" * 32}"' in text
    assert f'<video src="/v1/files/video?id={"a" * 32}"' in text


def test_only_pinning_can_be_changed(console, kept):
    asset = kept[Kind.IMAGE]
    page = reverse("admin:media_asset_change", args=[asset.pk])
    assert console.get(page).status_code == 200
    console.post(page, {"pinned": "on", "account": "other"})
    asset.refresh_from_db()
    assert (asset.pinned, asset.account) == (True, "acc_1")


def test_deleting_takes_file_and_total_along(console, kept, files):
    asset = kept[Kind.IMAGE]
    page = reverse("admin:media_asset_delete", args=[asset.pk])
    console.post(page, {"post": "yes"})
    assert not (files / asset.name).exists()
    assert Usage.objects.get(kind=Kind.IMAGE).files == 0
    assert Asset.objects.get() == kept[Kind.VIDEO]


def test_the_delete_action_takes_both_kinds(console, kept, files):
    console.post(
        reverse("admin:media_asset_changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [asset.pk for asset in kept.values()],
            "post": "yes",
        },
    )
    assert not Asset.objects.exists()
    assert not any((files / asset.name).exists() for asset in kept.values())
    assert set(Usage.objects.values_list("files", "size")) == {(0, 0)}


def test_usage_is_shown_beside_its_limit(console, configured):
    configured(image_max_mb=8)
    Usage.objects.create(kind=Kind.IMAGE, files=3, size=2 * MIB)
    page = console.get(reverse("admin:media_usage_changelist")).content.decode()
    assert "25.0 %" in page


def test_jobs_are_listed_and_cancelled(console, kept, django_assert_max_num_queries):
    values = {"model": "m", "prompt": "p", "seconds": 6, "size": "720x1280"}
    open_job = VideoJob.objects.create(public_id="video_1", **values)
    VideoJob.objects.create(
        public_id="video_2",
        status=State.COMPLETED,
        completed_at=timezone.now(),
        asset=kept[Kind.VIDEO],
        **values,
    )
    address = reverse("admin:media_videojob_changelist")
    with django_assert_max_num_queries(10):
        page = console.get(address).content.decode()
    assert "video_1" in page
    assert "<video " in page
    console.post(address, {"action": "cancel", "_selected_action": [open_job.pk]})
    open_job.refresh_from_db()
    assert (open_job.status, open_job.error_code) == (State.FAILED, "cancelled")
