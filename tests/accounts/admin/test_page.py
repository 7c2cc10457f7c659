"""The page of one account: what it shows, and its buttons."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from accounts.allowances import MediaLeft, Week, media_kept, week_kept
from accounts.models import Account, RestorePoint, StatusEvent
from gateway.models import RequestRecord
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account, make_token

LIST = "/admin/accounts/account/"


@pytest.fixture
def console(client, db):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def page(console, account):
    answer = console.get(f"{LIST}{account.pk}/change/")
    assert answer.status_code == 200
    return answer


def pressed(console, account, action, **more):
    return console.post(f"{LIST}{account.pk}/act/", {"action": action} | more)


def named(console, account):
    return [button.deed.name for button in page(console, account).context["buttons"]]


def make_record(account, **overrides):
    values = {
        "request_id": "req_one",
        "started_at": timezone.now(),
        "endpoint": "/v1/chat/completions",
        "model": "grok-4.20-fast",
        "account": account.public_id,
        "status": 200,
        "total_ms": 1234.0,
    }
    return RequestRecord.objects.create(**values | overrides)


def test_windows_are_shown_with_what_is_known_of_them(console):
    account = make_account(pool="super")
    account.windows.filter(mode="fast").update(
        remaining=7, source="real", synced_at=timezone.now()
    )
    text = page(console, account).content.decode()
    assert '<td class="number">7/140</td>' in text
    assert '<td class="number">unknown</td>' in text


def test_pictures_films_and_credits_are_shown_where_upstream_told_of_them(console):
    account = make_account(pool="super")
    assert "Pictures, films and credits" not in page(console, account).content.decode()
    now = timezone.now()
    left = {
        "image": MediaLeft(True, 7, 86_400, None),
        "video_720p": MediaLeft(False, 0, 0, now + timedelta(hours=5)),
    }
    week = Week(12.5, now, now + timedelta(days=7), {"imagine": 10.0, "chat": 2.5})
    Account.objects.filter(pk=account.pk).update(
        media_quota=media_kept(left, now), weekly_credits=week_kept([week], now)
    )
    answer = page(console, account)
    lines = [(str(one.kind), one.left) for one in answer.context["media_left"]]
    assert lines == [("Pictures", 7), ("Films (720p)", 0)]
    text = answer.content.decode()
    assert "12.5 % of the week" in text
    assert "admin/js/core.js" in text  # the form's own media is still there
    assert text.index("imagine 10.0 %") < text.index("chat 2.5 %")


def test_changes_of_status_stand_in_a_timeline_with_who_and_why(console):
    account = make_account()
    for word, hours in (("cooling", 3), ("deleted", 2)):
        StatusEvent.objects.create(
            account=account,
            at=timezone.now() - timedelta(hours=hours),
            from_status="active",
            to_status=word,
            reason="server_error",
            actor="gateway",
            request_id="req_guilty",
        )
    answer = page(console, account)
    words = [str(change.word) for change in answer.context["changes"]]
    assert words == ["deleted", "cooling"]
    text = answer.content.decode()
    assert "upstream failed repeatedly" in text
    assert "/admin/gateway/requestrecord/by-id/req_guilty" in text


def test_its_last_requests_and_errors_are_there_and_no_other_ones(console):
    account, other = make_account(), make_account()
    good = make_record(account)
    bad = make_record(
        account, request_id="req_bad", status=502, error_code="upstream_error"
    )
    make_record(other, request_id="req_of_another")
    text = page(console, account).content.decode()
    errors, requests = text.split('id="requests"')
    assert "502 upstream_error" in errors
    assert f"/admin/gateway/requestrecord/{bad.pk}/change/" in errors
    assert f"/admin/gateway/requestrecord/{good.pk}/change/" not in errors
    assert f"/admin/gateway/requestrecord/{good.pk}/change/" in requests
    assert "req_of_another" not in text


def test_whoever_may_not_see_requests_sees_none(client, db):
    account = make_account()
    make_record(account)
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.add(*permissions("view_account"))
    client.force_login(user)
    assert "req_one" not in page(client, account).content.decode()


def permissions(*codenames):
    viewer = Group.objects.get(name="viewer")
    return list(viewer.permissions.filter(codename__in=codenames))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["refresh", "disable", "take_out"]),
        ({"status": "disabled"}, ["enable", "take_out"]),
        ({"status": "expired"}, ["enable", "disable", "take_out"]),
        (
            {"status": "cooling"},
            ["refresh", "clear_cooldown", "disable", "take_out"],
        ),
        ({"deleted_at": "2026-01-01T00:00:00Z"}, ["restore"]),
    ],
)
def test_buttons_fit_the_state(console, values, expected):
    assert named(console, make_account(**values)) == expected


def test_a_cooling_mode_can_be_cleared_too(console):
    account = make_account()
    account.windows.update(cooling_until=timezone.now() + timedelta(hours=1))
    assert "clear_cooldown" in named(console, account)


def test_disabling_stays_on_the_page_with_a_link_to_undo(console):
    account = make_account()
    answer = pressed(console, account, "disable")
    assert answer.url == f"{LIST}{account.pk}/change/"
    text = console.get(answer.url).content.decode()
    point = RestorePoint.objects.get()
    assert f"/admin/accounts/restorepoint/{point.public_id}/undo/" in text
    assert Account.objects.get(pk=account.pk).status == "disabled"


def test_a_refresh_asks_first_then_starts_a_job_for_this_account_only(console):
    account = make_account()
    make_account()
    asked = pressed(console, account, "refresh").content.decode()
    assert "1 selected" in asked
    assert not BatchJob.objects.exists()
    pressed(console, account, "refresh", apply=1)
    job = BatchJob.objects.get()
    assert (job.kind, job.total) == ("refresh", 1)


def test_a_viewer_has_no_buttons_and_is_refused_what_they_do(client, db):
    account = make_account()
    user = User.objects.create_user("reader", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    client.force_login(user)
    assert named(client, account) == []
    assert pressed(client, account, "disable").status_code == 403
    assert Account.objects.get(pk=account.pk).status == "active"


def test_the_page_never_holds_the_token(console):
    token = make_token()
    text = page(console, make_account(token=token)).content.decode()
    assert token not in text


def test_an_account_that_is_not_there_leads_to_the_overview(console):
    answer = console.get(f"{LIST}999999/change/")
    assert (answer.status_code, answer.url) == (302, "/admin/")
