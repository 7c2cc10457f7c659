"""The cache page: what is kept, limits saved in place, tidying by hand."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User

from grokgateway import config
from grokgateway.console import roles
from grokgateway.jobs import leadership
from media import upkeep
from media.models import Asset, Kind, Usage

pytestmark = pytest.mark.django_db

PAGE = "/admin/cache"
MIB = 1024 * 1024
IMAGE = "cache.local.image_max_mb"


@pytest.fixture
def limited(db):
    config.save({IMAGE: 8}, by="test")
    return config


@pytest.fixture
def viewer(client):
    user = User.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.VIEWER))
    client.force_login(user)
    return client


def text_of(answer):
    return answer.content.decode()


def test_cards_tell_count_size_limit_and_share(
    console, limited, django_assert_max_num_queries
):
    Usage.objects.create(kind=Kind.IMAGE, files=1234, size=2 * MIB)
    with django_assert_max_num_queries(9):
        page = text_of(console.get(PAGE))
    assert "1,234" in page
    assert "8.0\xa0MB · 25.0 %" in page
    assert f'value="{2 * MIB}"' in page
    assert page.count("<meter ") == 1
    assert "?kind__exact=video&amp;view=grid" in page
    assert 'href="/admin/cache"' in page


def test_a_limit_is_saved_in_place(console, limited):
    form = {"key": IMAGE, "value": "64", "was": "8"}
    page = console.post(f"{PAGE}/limit", form, follow=True)
    assert "The limit was saved." in text_of(page)
    assert config.current().number(IMAGE) == 64
    assert LogEntry.objects.get().object_repr == IMAGE


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"key": IMAGE, "value": "-1", "was": "8"}, "Must be from 0 to"),
        ({"key": IMAGE, "value": "", "was": "8"}, "Must be a whole number."),
        ({"key": IMAGE, "value": "64", "was": "9"}, "has set it to 8 MiB"),
    ],
)
def test_a_bad_limit_is_named_and_saves_nothing(console, limited, form, told):
    page = console.post(f"{PAGE}/limit", form)
    assert page.status_code == 400
    assert told in text_of(page)
    assert f'value="{form["value"]}"' in text_of(page)
    assert config.current().number(IMAGE) == 8


def test_only_the_two_limits_are_saved_here(console, limited):
    form = {"key": "app.app_url", "value": "http://elsewhere"}
    assert console.post(f"{PAGE}/limit", form).status_code == 400
    assert config.current().text("app.app_url") == ""


def test_pruning_tells_what_went(console, limited):
    page = console.post(f"{PAGE}/prune", follow=True)
    assert "Images: 0 files removed, 0\xa0bytes." in text_of(page)


def test_reconciling_tells_what_was_found(console, files):
    name = f"images/{'b' * 32}.png"
    (files / "images").mkdir(parents=True, exist_ok=True)
    (files / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    page = console.post(f"{PAGE}/mend", follow=True)
    assert "Images: 1 files found and indexed" in text_of(page)
    assert Asset.objects.get().public_id == "b" * 32


def test_reconciling_waits_for_nobody(console, files):
    with leadership.held(upkeep.LEASE):
        page = console.post(f"{PAGE}/mend", follow=True)
    assert "Another process is at it" in text_of(page)


def test_a_viewer_looks_and_changes_nothing(viewer, limited):
    page = text_of(viewer.get(PAGE))
    assert 'action="/admin/cache' not in page
    for path in ("limit", "prune", "mend", "online/walk", "online/clear"):
        assert viewer.post(f"{PAGE}/{path}", {"key": IMAGE}).status_code == 403


def test_who_may_not_see_media_sees_no_page(client):
    client.force_login(User.objects.create_user("none", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_addresses_take_only_their_method(console):
    assert console.post(PAGE).status_code == 405
    assert console.get(f"{PAGE}/prune").status_code == 405
