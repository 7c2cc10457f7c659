"""Captures in the console: asked for, listed, downloaded, deleted."""

import re
from datetime import timedelta

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from gateway.capture_tables import Capture, CaptureWish
from gateway.captures import store
from gateway.keys import home
from gateway.models import ApiKey
from grokgateway import crypto
from tests.factories import make_key
from tests.gateway.captures.test_store import captured
from tests.gateway.test_request_log import make_record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_keys_read")]
LIST = reverse("admin:gateway_capture_changelist")


def change(row):
    return reverse("admin:gateway_apikey_change", args=[row.pk])


def download(row):
    return reverse("admin:gateway_capture_download", args=[row.pk])


@pytest.fixture
def row():
    store.save([captured()])
    return Capture.objects.get()


@pytest.mark.parametrize(("choice", "words"), [("covered", False), ("kept", True)])
def test_failures_of_a_key_are_captured_for_a_day(console, choice, words):
    row, key = make_key(name="k")
    console.does(change(row), {"name": "k", "enabled": "on", "capture": choice})
    card = home.book().find(key)
    assert card is not None
    assert card.capturing is not None
    assert card.capturing.keep_words is words
    left = card.capturing.until - timezone.now().timestamp()
    assert 86_000 < left <= 86_400
    page = console.get(change(row)).content.decode()
    assert re.search(rf'value="{choice}" selected', page)


def test_another_edit_does_not_prolong_it(console):
    until = timezone.now() + timedelta(hours=1)
    row, _key = make_key(name="k", capture_until=until)
    console.does(change(row), {"name": "k2", "enabled": "on", "capture": "covered"})
    row.refresh_from_db()
    assert (row.name, row.capture_until) == ("k2", until)
    console.does(change(row), {"name": "k2", "enabled": "on", "capture": ""})
    row.refresh_from_db()
    assert row.capture_until is None


def test_a_new_key_may_be_captured_from_the_start(console):
    add = reverse("admin:gateway_apikey_add")
    console.does(add, {"name": "k", "enabled": "on", "capture": "covered"})
    assert ApiKey.objects.get().capture_until is not None


def test_requests_are_wished_for_by_their_ids(console):
    add = reverse("admin:gateway_capturewish_add")
    assert console.does(add, {"prefix": "req_7", "keep_words": "on"}).status_code == 302
    (wish,) = home.book().wishes
    assert (wish.prefix, wish.keep_words) == ("req_7", True)
    made = CaptureWish.objects.get()
    where = reverse("admin:gateway_capturewish_delete", args=[made.pk])
    console.does(where, {"post": "yes"})
    assert home.book().wishes == ()


@pytest.mark.parametrize("prefix", ["", "req", "a b c d", "x/../y"])
def test_a_wish_must_be_the_beginning_of_an_id(console, prefix):
    add = reverse("admin:gateway_capturewish_add")
    assert "errorlist" in console.does(add, {"prefix": prefix}).content.decode()
    assert not CaptureWish.objects.exists()


def test_a_capture_is_found_from_its_request(console, row):
    record = make_record()
    page = console.get(
        reverse("admin:gateway_requestrecord_change", args=[record.pk])
    ).content.decode()
    where = reverse("admin:gateway_capture_change", args=[row.pk])
    assert where in page
    told = console.get(where).content.decode()
    assert download(row) in told
    assert reverse("admin:gateway_requestrecord_by_id", args=["req_1"]) in told
    other = make_record(2)
    page = console.get(
        reverse("admin:gateway_requestrecord_change", args=[other.pk])
    ).content.decode()
    assert "captures" not in page.partition('class="timeline"')[2]


def test_the_file_is_the_capture(console, row):
    response = console.get(download(row))
    assert "no-store" in response["Cache-Control"]
    assert "attachment" in response["Content-Disposition"]
    assert orjson.loads(response.content)["request_id"] == "req_1"
    assert response.content == store.opened(row)


def test_a_file_whose_key_is_gone_is_not_found(console, row, settings):
    settings.CREDENTIAL_KEYS = [bytes(32)]
    with pytest.raises(crypto.Undecipherable):
        store.opened(row)
    assert console.get(download(row)).status_code == 404


def test_the_list_tells_what_there_is(console, row):
    store.save([captured(2)])
    Capture.objects.filter(request_id="req_2").update(faithful=False, words_kept=True)
    page = console.get(LIST).content.decode()
    assert "exact" in page
    assert "not exact" in page
    assert "502 upstream_error" in page
    Capture.objects.update(alike=False)
    assert "other course without words" in console.get(LIST).content.decode()


def test_captures_can_be_deleted_and_not_changed(console, row):
    where = reverse("admin:gateway_capture_change", args=[row.pk])
    assert console.does(where, {"status": "1"}).status_code == 403
    console.does(
        reverse("admin:gateway_capture_delete", args=[row.pk]), {"post": "yes"}
    )
    assert not Capture.objects.exists()


def test_a_viewer_sees_that_there_are_some_and_no_file(client, row):
    user = User.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    client.force_login(user)
    assert download(row) not in client.get(LIST).content.decode()
    where = reverse("admin:gateway_capture_change", args=[row.pk])
    assert download(row) not in client.get(where).content.decode()
    assert client.get(download(row)).status_code == 403
    assert client.get(change(make_key()[0])).status_code == 200
