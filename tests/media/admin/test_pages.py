import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
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
    console, kept, configured, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        page = console.get(reverse("admin:media_asset_changelist"))
    text = page.content.decode()
    assert f'<img src="/admin/media/asset/thumbnail/{kept[Kind.IMAGE].pk}/"' in text
    assert f'href="/v1/files/video?id={"a" * 32}" data-preview="video"' in text
    assert "<video" not in text


def test_only_pinning_can_be_changed(console, kept):
    asset = kept[Kind.IMAGE]
    page = reverse("admin:media_asset_change", args=[asset.pk])
    assert console.get(page).status_code == 200
    console.post(page, {"pinned": "on", "account": "other"})
    asset.refresh_from_db()
    assert (asset.pinned, asset.account) == (True, "acc_1")


LIST = "admin:media_asset_changelist"


def act(console, action, *assets, **more):
    data = {"action": action, "_selected_action": [one.pk for one in assets], **more}
    return console.post(reverse(LIST), data, follow=True).content.decode()


def removal():
    return Asset.objects.exclude(removal="").values_list("removal", flat=True)[0]


def test_deleting_can_be_undone(console, kept, files):
    asset = kept[Kind.IMAGE]
    page = reverse("admin:media_asset_delete", args=[asset.pk])
    text = console.post(page, {"post": "yes"}, follow=True).content.decode()
    undo = reverse("admin:media_asset_undo", args=[removal()])
    assert f'<a href="{undo}">' in text
    assert (files / asset.name).exists()
    assert "1 file comes back" in console.get(undo).content.decode()
    assert "1 file is back" in console.post(undo, follow=True).content.decode()
    asset.refresh_from_db()
    assert asset.removed_at is None
    assert "Nothing can be brought back" in console.get(undo).content.decode()


def test_the_action_takes_both_kinds_and_is_noted(console, kept, files):
    text = act(console, "take_out", *kept.values())
    assert "2 files were removed." in text
    assert Asset.objects.exclude(removed_at=None).count() == 2
    assert all((files / asset.name).exists() for asset in kept.values())
    assert removal() in LogEntry.objects.get().change_message
    assert "delete_selected" not in text


def test_removed_files_are_shown_apart_and_brought_back(console, kept):
    act(console, "take_out", kept[Kind.IMAGE])
    shown = rows(console)
    assert shown == [kept[Kind.VIDEO].pk]
    assert rows(console, presence="removed") == [kept[Kind.IMAGE].pk]
    data = {"action": "bring_back", "_selected_action": [kept[Kind.IMAGE].pk]}
    console.post(f"{reverse(LIST)}?presence=removed", data)
    assert len(rows(console)) == 2


def rows(console, **query):
    page = console.get(reverse(LIST), query)
    assert page.status_code == 200
    return sorted(asset.pk for asset in page.context["cl"].result_list)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind__exact": "image"}, True),
        ({"kind__exact": "video"}, False),
        ({"model": "draw-1"}, True),
        ({"model": "other"}, False),
        ({"account": "acc_1"}, True),
        ({"account": "acc_2"}, False),
        ({"owner": "k" * 64}, True),
        ({"owner": "k"}, False),
        ({"mime": "image/png"}, True),
        ({"mime": "image/gif"}, False),
        ({"size_from": "0"}, True),
        ({"size_from": str(MIB)}, False),
        ({"size_from": "nonsense"}, True),
        ({"created_at__gte": "2001-01-01 00:00:00+00:00"}, True),
        ({"created_at__lt": "2001-01-01 00:00:00+00:00"}, False),
        ({"q": "aaaa"}, True),
        ({"q": "acc_1"}, True),
        ({"q": "acc"}, False),
    ],
)
def test_files_are_found_by_what_made_them(console, kept, query, found):
    kept[Kind.VIDEO].delete()
    Asset.objects.update(model="draw-1", owner="k" * 64)
    assert bool(rows(console, **query)) is found


def test_sizes_have_steps(console, kept):
    for size in (MIB - 1, MIB, 10 * MIB, 200 * MIB):
        Asset.objects.filter(kind=Kind.IMAGE).update(size=size)
        Asset.objects.filter(kind=Kind.VIDEO).update(size=size)
        steps = (0, MIB, 10 * MIB, 100 * MIB)
        found = [len(rows(console, size_from=str(step))) for step in steps]
        assert sorted(found) == [0, 0, 0, 2]


def test_a_value_leads_to_all_that_has_it(console, kept):
    text = console.get(reverse(LIST)).content.decode()
    assert '<a href="?account=acc_1">acc_1</a>' in text


def test_files_are_pinned_and_unpinned(console, kept):
    act(console, "pin", *kept.values())
    assert Asset.objects.filter(pinned=True).count() == 2
    act(console, "unpin", kept[Kind.IMAGE])
    assert Asset.objects.filter(pinned=True).get() == kept[Kind.VIDEO]


def test_who_may_only_look_removes_nothing(client, kept):
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_asset"))
    client.force_login(viewer)
    act(client, "take_out", *kept.values())
    act(client, "pin", *kept.values())
    assert Asset.objects.filter(removed_at=None, pinned=False).count() == 2
    undo = reverse("admin:media_asset_undo", args=["x"])
    assert client.post(undo).status_code == 403


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
    console.post(address, {"action": "retry", "_selected_action": [open_job.pk]})
    open_job.refresh_from_db()
    assert (open_job.status, open_job.error_code) == (State.QUEUED, "")
