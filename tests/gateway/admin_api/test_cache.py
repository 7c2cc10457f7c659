"""The kept files as operators' scripts see and remove them (media.md 4)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from grokgateway import config
from media.models import Asset, Kind, Source, Usage
from tests.gateway.admin_api.test_admin_api import KEY, Api

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def settings_in_force(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    with config.override({"app.app_key": KEY}):
        yield


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def kept(tmp_path):
    """Three pictures, the last one the newest, and a film; all of 1 MiB."""
    now = timezone.now()
    for number, suffix in enumerate(("jpg", "png", "webp")):
        keep(tmp_path, Kind.IMAGE, f"{number:032x}.{suffix}", now, number)
    keep(tmp_path, Kind.VIDEO, f"{9:032x}.mp4", now, 0)
    return [f"{number:032x}.{s}" for number, s in enumerate(("jpg", "png", "webp"))]


def keep(folder, kind, leaf, now, seconds):
    path = folder / f"{kind}s" / leaf
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(MIB))
    Asset.objects.create(
        kind=kind,
        public_id=leaf.partition(".")[0],
        name=f"{kind}s/{leaf}",
        mime="image/png",
        size=MIB,
        source=Source.IMAGES,
        account="acc_1",
        model="m",
        created_at=now + timedelta(seconds=seconds),
    )
    usage, _ = Usage.objects.get_or_create(pk=kind)
    usage.files, usage.size = usage.files + 1, usage.size + MIB
    usage.save()


def names(api, query=""):
    return [one["name"] for one in api("GET", f"/cache/list{query}")["items"]]


def test_totals_stand_beside_their_limits(api, kept):
    with config.override({"app.app_key": KEY, "cache.local.image_max_mb": 8}):
        told = api("GET", "/cache")
    assert told["local_image"] == {
        "count": 3,
        "size_mb": 3.0,
        "size_bytes": 3 * MIB,
        "limit_mb": 8,
        "limit_bytes": 8 * MIB,
        "limited": True,
        "usage_ratio": 0.375,
        "usage_percent": 37.5,
        "removed_bytes": 0,
    }
    video = told["local_video"]
    assert (video["count"], video["limited"]) == (1, False)
    assert (video["usage_ratio"], video["usage_percent"]) == (None, None)


def test_nothing_is_kept_yet(api):
    assert api("GET", "/cache")["local_image"]["count"] == 0
    assert api("GET", "/cache/list")["items"] == []


def test_files_are_listed_in_pages_newest_first(api, kept):
    told = api("GET", "/cache/list?page_size=2")
    assert (told["status"], told["total"], told["page"]) == ("success", 3, 1)
    first = told["items"][0]
    assert (first["name"], first["size_bytes"]) == (kept[2], MIB)
    assert isinstance(first["modified_at"], float)
    assert first["url"].endswith(f"/v1/files/image?id={2:032x}")
    assert (first["account"], first["model"]) == ("acc_1", "m")
    assert names(api, "?page_size=2&page=2") == kept[:1]
    assert names(api, "?page=9") == []
    assert names(api, "?cache_type=video") == [f"{9:032x}.mp4"]
    assert names(api, "?type=video") == [f"{9:032x}.mp4"]


def test_one_file_is_removed_and_brought_back(api, kept, tmp_path):
    done = api("POST", "/cache/item/delete", {"name": kept[1]})
    assert (done["status"], done["result"]) == ("success", {"deleted": kept[1]})
    assert names(api) == [kept[2], kept[0]]
    told = api("GET", "/cache")["local_image"]
    assert (told["count"], told["removed_bytes"]) == (2, MIB)
    assert (tmp_path / "images" / kept[1]).exists()
    assert api("POST", f"/cache/undo/{done['undo']}")["restored"] == 1
    assert len(names(api)) == 3
    again = api("POST", f"/cache/undo/{done['undo']}")
    assert (api.status, again["error"]["code"]) == (404, "undo_not_found")


def test_some_files_are_removed_and_bad_names_count_as_missing(api, kept):
    body = {"names": [kept[0], "../x.png", "unknown.png", kept[0], kept[2]]}
    done = api("POST", "/cache/items/delete", body)
    assert done["result"] == {"deleted": 2, "missing": 2}
    assert names(api) == [kept[1]]


def test_a_kind_is_cleared(api, kept):
    assert api("POST", "/cache/clear", {})["result"] == {"removed": 3}
    assert names(api) == []
    assert len(names(api, "?type=video")) == 1
    done = api("POST", "/cache/clear", {"type": "video"})
    assert done["result"] == {"removed": 1}
    assert api("POST", f"/cache/undo/{done['undo']}")["restored"] == 1


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/cache/clear", {}),
        ("/cache/item/delete", {"name": f"{1:032x}.png"}),
        ("/cache/items/delete", {"names": [f"{1:032x}.png"]}),
    ],
)
def test_what_is_to_go_at_once_goes(api, kept, tmp_path, path, more):
    done = api("POST", path, {"now": True, **more})
    assert (done["status"], done.get("undo", "")) == ("success", "")
    assert not (tmp_path / "images" / f"{1:032x}.png").exists()
    assert api("GET", "/cache")["local_image"]["removed_bytes"] == 0


def test_a_file_that_another_row_needs_still_counts(api, kept):
    twin = Asset.objects.get(public_id=f"{0:032x}")
    twin.pk, twin.public_id = None, "f" * 32
    twin.save()
    api("POST", "/cache/item/delete", {"name": f"{'f' * 32}.jpg"})
    told = api("GET", "/cache")["local_image"]
    assert (told["count"], told["removed_bytes"]) == (3, 0)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("item/delete", {}, 400, "missing_file_name"),
        ("item/delete", {"name": "  "}, 400, "missing_file_name"),
        ("item/delete", {"name": "../x.png"}, 400, "invalid_file_name"),
        ("item/delete", {"name": "/etc/x.png"}, 400, "invalid_file_name"),
        ("item/delete", {"name": "..\\x.png"}, 400, "invalid_file_name"),
        ("item/delete", {"name": "x.mp4"}, 400, "invalid_file_name"),
        ("item/delete", {"name": "x.png", "type": "video"}, 400, "invalid_file_name"),
        ("item/delete", {"name": "unknown.png"}, 404, "file_not_found"),
        ("item/delete", {"name": f"{1:032x}.jpg"}, 404, "file_not_found"),
        ("items/delete", {}, 400, "missing_file_names"),
        ("items/delete", {"names": [""]}, 400, "missing_file_names"),
        ("items/delete", {"names": "x"}, 400, "invalid_value"),
        ("clear", {"type": "audio"}, 400, "invalid_value"),
    ],
)
def test_bad_requests_remove_nothing(api, kept, path, body, status, code):
    error = api("POST", f"/cache/{path}", body)["error"]
    assert (api.status, error["code"]) == (status, code)
    assert len(names(api)) == 3


@pytest.mark.parametrize(
    "query", ["page=0", f"page={10**30}", "page_size=0", "page_size=x", "type=x"]
)
def test_bad_pages_are_named(api, query):
    assert api("GET", f"/cache/list?{query}")["error"]["code"] == "invalid_value"
    assert api.status == 400


def test_the_key_is_needed():
    api = Api("")
    assert "detail" in api("GET", "/cache")
    assert "detail" in api("POST", "/cache/clear", {})
    assert api.status == 401


def test_an_operator_needs_the_right_to_remove(admin_user, client, kept):
    admin_user.is_superuser = False
    admin_user.save()
    client.force_login(admin_user)
    assert client.get("/admin/api/cache").status_code == 401
    allow(admin_user, "view_asset")
    assert client.get("/admin/api/cache").status_code == 200
    post = {"path": "/admin/api/cache/clear", "content_type": "application/json"}
    assert client.post(**post, data="{}").status_code == 401
    allow(admin_user, "delete_asset")
    assert client.post(**post, data="{}").status_code == 200


def allow(user, codename):
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_what_has_gone_from_the_disk_cannot_be_brought_back(api, kept):
    done = api("POST", "/cache/clear", {})
    assert api("POST", "/cache/clear", {"now": True})["result"] == {"removed": 3}
    api("POST", f"/cache/undo/{done['undo']}")
    assert api.status == 404
