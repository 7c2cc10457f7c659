"""The console's pages of keys, and what they never show."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse

from gateway import recorder
from gateway.keys import home, identity
from gateway.models import ApiKey, KeyUsage
from tests.factories import make_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_keys_read")]

ADD = reverse("admin:gateway_apikey_add")
LIST = reverse("admin:gateway_apikey_changelist")


def change(row):
    return reverse("admin:gateway_apikey_change", args=[row.pk])


def made(response):
    found = identity.FORM.pattern.removesuffix(r"\Z")
    (key,) = re.findall(f'value="({found})"', response.content.decode())
    return key


def test_a_new_key_is_shown_once_and_opens_at_once(console):
    response = console.does(
        ADD,
        {
            "name": "laptop",
            "enabled": "on",
            "allowed_models": ["grok-4.20-auto"],
            "allowed_pools": ["super"],
            "requests_per_min": "5",
        },
    )
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    key = made(response)
    row = ApiKey.objects.get()
    assert row.key_hash == identity.hashed(key)
    assert (row.allowed_models, row.allowed_pools) == (["grok-4.20-auto"], ["super"])
    card = home.book().find(key)
    assert card is not None
    assert card.limits.requests_per_min == 5
    for page in (LIST, change(row), reverse("admin:index")):
        shown = console.get(page).content.decode()
        assert key not in shown
        assert row.key_hash not in shown
    assert not list(get_messages(response.wsgi_request))
    assert key not in str(dict(console.session))


@pytest.mark.parametrize("button", ["_save", "_continue", "_addanother"])
def test_every_button_shows_the_key(console, button):
    response = console.does(ADD, {"name": "k", "enabled": "on", button: "1"})
    assert identity.hashed(made(response)) == ApiKey.objects.get().key_hash


def test_sending_the_form_again_makes_no_second_key(console):
    for _ in range(2):
        response = console.does(ADD, {"name": "k", "enabled": "on"})
    assert "already exists" in response.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed_models": ["grok-9"]},
        {"allowed_pools": ["gold"]},
        {"concurrent": "0"},
        {"requests_per_min": "100001"},
        {"tokens_per_day": "-5"},
    ],
)
def test_what_makes_no_sense_is_refused(console, wrong):
    response = console.does(ADD, {"name": "k", "enabled": "on", **wrong})
    assert "errorlist" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_an_edit_acts_at_once_and_keeps_the_key(console):
    row, key = make_key(name="before", allowed_models=["gone"])
    page = console.get(change(row)).content.decode()
    assert "gone (no longer offered)" in page
    response = console.does(
        change(row), {"name": "after", "allowed_models": ["gone"], "concurrent": "2"}
    )
    assert response.status_code == 302
    card = home.book().find(key)
    assert card is not None
    assert not card.enabled
    assert card.models == {"gone"}
    assert card.limits.concurrent == 2
    assert card.fingerprint == row.fingerprint


def test_history_names_fields_and_never_a_key(console):
    console.does(ADD, {"name": "k", "enabled": "on"})
    row = ApiKey.objects.get()
    console.does(change(row), {"name": "k2", "requests_per_day": "9"})
    console.does(LIST, {"action": "enable", "_selected_action": [row.pk]})
    texts = [
        f"{entry.object_repr} {entry.change_message} {entry.get_change_message()}"
        for entry in LogEntry.objects.all()
    ]
    assert len(texts) == 3
    for text in texts:
        assert "gk-" not in text
        assert row.key_hash not in text
        assert row.hint not in text


def test_actions_switch_keys_and_act_at_once(console):
    row, key = make_key()
    console.does(LIST, {"action": "disable", "_selected_action": [row.pk]})
    card = home.book().find(key)
    assert card is not None
    assert not card.enabled
    console.does(LIST, {"action": "enable", "_selected_action": [row.pk]})
    card = home.book().find(key)
    assert card is not None
    assert card.enabled


@pytest.mark.parametrize("by", ["page", "action"])
def test_deleting_asks_and_takes_the_use_with_it(console, by):
    row, key = make_key(name="old laptop")
    for days in range(40):
        day = datetime.now(UTC).date() - timedelta(days=days)
        KeyUsage.objects.create(key=row, day=day, requests=1)
    if by == "page":
        path, data = reverse("admin:gateway_apikey_delete", args=[row.pk]), {}
        asked = console.get(path).content.decode()
    else:
        path = LIST
        data = {"action": "delete_selected", "_selected_action": [row.pk]}
        asked = console.does(path, data).content.decode()
    assert ApiKey.objects.exists()
    assert "old laptop" in asked
    assert "40" in asked
    assert asked.partition("<main")[2].count("<li>") < 10
    console.does(path, {**data, "post": "yes"})
    assert not ApiKey.objects.exists()
    assert not KeyUsage.objects.exists()
    assert home.book().find(key) is None


def test_the_list_shows_todays_use_in_few_queries(
    console, django_assert_max_num_queries
):
    today = datetime.now(UTC).date()
    for number in range(12):
        row, _ = make_key(name=f"key number {number}")
        KeyUsage.objects.create(
            key=row,
            day=today,
            requests=1000 + number,
            prompt_tokens=20_000,
            completion_tokens=number,
        )
        KeyUsage.objects.create(key=row, day=today - timedelta(days=1), requests=77_777)
    with django_assert_max_num_queries(9):
        page = console.get(LIST).content.decode()
    assert "1011" in page
    assert "20011" in page
    assert "77777" not in page


def test_use_by_day_is_shown_for_a_month(console):
    row, _ = make_key()
    assert "None within a month." in console.get(change(row)).content.decode()
    today = datetime.now(UTC).date()
    KeyUsage.objects.create(key=row, day=today, requests=4711)
    KeyUsage.objects.create(key=row, day=today - timedelta(days=40), requests=815_815)
    page = console.get(change(row)).content.decode()
    assert "<td>4711</td>" in page
    assert "815815" not in page


def test_the_request_log_names_the_key(console, stage):
    row, _ = make_key(name="laptop")
    for owner in (row.fingerprint, "open"):
        journal = recorder.Journal("req_1", "/v1/models", key=owner)
        recorder.record(journal)
    recorder.save_records(stage.kept.records)
    page = console.get(reverse("admin:gateway_requestrecord_changelist"))
    assert "laptop" in page.content.decode()
    assert ">open<" in page.content.decode()


@pytest.mark.parametrize("code", ["view_apikey", "change_apikey"])
def test_who_may_not_add_cannot_make_a_key(client, code):
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=code))
    client.force_login(user)
    row, _ = make_key()
    assert client.get(change(row)).status_code == 200
    assert client.post(ADD, {"name": "k"}).status_code == 403
    client.post(LIST, {"action": "disable", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.enabled == (code == "view_apikey")


def test_strangers_are_sent_to_the_sign_in(client):
    row, _ = make_key()
    for page in (LIST, ADD, change(row)):
        assert client.get(page).status_code == 302


def test_the_list_tells_scope_limits_and_state(console, django_assert_max_num_queries):
    make_key(
        name="few",
        allowed_models=["m-1", "m-2", "m-3"],
        allowed_pools=["super"],
        requests_per_min=5,
        tokens_per_day=9000,
        expires_at=datetime.now(UTC) - timedelta(days=1),
    )
    row, _key = make_key(name="all")
    with django_assert_max_num_queries(9):
        page = console.get(LIST).content.decode()
    assert "m-1, m-2 and 1 more; super" in page
    assert "5 a minute, 9000 tokens a day" in page
    assert "expired" in page
    assert "everything" in page
    assert f"/admin/try/?key={row.fingerprint}" in page


def test_samples_of_a_new_key_name_it_and_a_model_it_may_use(console):
    form = {"name": "x", "enabled": "on", "allowed_models": ["grok-4.20-heavy"]}
    response = console.does(ADD, form)
    page = response.content.decode()
    assert f"Bearer {made(response)}" in page
    assert "grok-4.20-heavy" in page
    assert 'data-copy-from="made-key"' in page
