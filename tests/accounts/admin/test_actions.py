from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.credentials import reveal
from accounts.models import Account, RestorePoint
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account, make_token

LIST = "/admin/accounts/account/"


@pytest.fixture
def console(client, db):
    client.force_login(get_user_model().objects.create_superuser("operator"))
    return client


def user_with(*codenames):
    user = get_user_model().objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def act(client, name, accounts, query="", **more):
    """Press "Go" in the list."""
    ticked = [account.pk for account in accounts]
    data = {"action": name, "_selected_action": ticked, "index": 0} | more
    return client.post(LIST + query, data)


def confirm(client, name, accounts, query="", **more):
    """Press the button of the page that asks."""
    ticked = [account.pk for account in accounts]
    data = {"action": name, "_selected_action": ticked, "apply": 1} | more
    return client.post(LIST + query, data, follow=True)


def states(*accounts):
    found = Account.objects.in_bulk([account.pk for account in accounts])
    return [found[account.pk] for account in accounts]


def test_disabling_and_enabling_are_done_at_once_with_a_link_to_undo(console):
    account = make_account()
    page = console.get(act(console, "disable", [account]).url).content.decode()
    (now,) = states(account)
    assert now.status == "disabled"
    point = RestorePoint.objects.get()
    assert f"/admin/accounts/restorepoint/{point.public_id}/undo/" in page

    act(console, "enable", [account])
    assert states(account)[0].status == "active"


def test_clearing_a_cooldown_leaves_quotas_as_they_are(console):
    later = timezone.now() + timedelta(hours=1)
    account = make_account(status="cooling", cooling_until=later, server_faults=5)
    account.windows.update(remaining=0, cooling_until=later)
    act(console, "clear_cooldown", [account])
    (now,) = states(account)
    assert (now.status, now.cooling_until, now.server_faults) == ("active", None, 0)
    window = now.windows.get(mode="fast")
    assert (window.remaining, window.cooling_until) == (0, None)
    assert now.events.get().reason == "cooldown_cleared"

    undo_latest(console)
    (now,) = states(account)
    assert (now.status, now.cooling_until) == ("cooling", later)
    assert now.windows.get(mode="fast").cooling_until == later


def undo_latest(client):
    point = RestorePoint.objects.latest("pk")
    where = f"/admin/accounts/restorepoint/{point.public_id}/undo/"
    assert client.get(where).status_code == 200
    return client.post(where, follow=True)


def test_deleting_asks_first_then_fills_the_recycle_list(console):
    token = make_token()
    going = make_account(token=token)
    staying = make_account()
    asked = act(console, "take_out", [going]).content.decode()
    assert "1 account" in asked
    assert "1 selected" in asked
    assert going.public_id in asked
    assert token not in asked
    assert states(going)[0].deleted_at is None

    confirm(console, "take_out", [going])
    gone, here = states(going, staying)
    assert gone.deleted_at
    assert here.deleted_at is None
    recycled = console.get(LIST + "?presence=deleted").content.decode()
    assert going.public_id in recycled
    assert staying.public_id not in recycled

    act(console, "restore", [going], "?presence=deleted")
    assert states(going)[0].deleted_at is None


def test_undo_is_one_more_step_from_the_message(console):
    accounts = [make_account() for _ in range(3)]
    confirm(console, "take_out", accounts)
    page = undo_latest(console).content.decode()
    assert "3 accounts restored." in page
    assert all(account.deleted_at is None for account in states(*accounts))


def test_all_matching_means_the_filter_not_the_page(console):
    matching = [make_account(status="disabled") for _ in range(12)]
    other = make_account()
    query = "?status__exact=disabled"
    asked = act(console, "take_out", matching[:2], query, select_across=1)
    page = asked.content.decode()
    assert "all 12 matching" in page
    assert "status: disabled" in page.lower()
    assert "and 2 more" in page

    confirm(console, "take_out", matching[:2], query, select_across=1)
    assert all(account.deleted_at for account in states(*matching))
    assert states(other)[0].deleted_at is None


def test_a_tier_and_tags_are_set_after_asking(console):
    accounts = [make_account(tags=["old"]) for _ in range(2)]
    act(console, "set_tier", accounts)
    assert states(*accounts)[0].pool == "basic"
    confirm(console, "set_tier", accounts, pool="heavy")
    confirm(console, "add_tags", accounts, tags="a, b")
    confirm(console, "remove_tags", accounts, tags="old")
    for account in states(*accounts):
        assert (account.pool, account.tier_source) == ("heavy", "operator")
        assert account.tags == ["a", "b"]


def test_an_unknown_tier_changes_nothing(console):
    account = make_account()
    page = confirm(console, "set_tier", [account], pool="gold").content.decode()
    assert "Please correct" in page
    assert states(account)[0].pool == "basic"


@pytest.mark.parametrize(
    ("action", "kind", "answers"),
    [
        ("refresh", "refresh", {}),
        ("clear_assets", "cache-clear", {}),
        ("accept_terms", "accept-terms", {"entitled": "on"}),
        ("nsfw", "nsfw", {"switch": "off", "entitled": "on"}),
    ],
)
def test_what_reaches_upstream_becomes_a_job(console, action, kind, answers):
    accounts = [make_account() for _ in range(2)]
    act(console, action, accounts)
    assert not BatchJob.objects.exists()
    page = confirm(console, action, accounts, **answers).content.decode()
    job = BatchJob.objects.get()
    assert (job.kind, job.total, job.started_by) == (kind, 2, "operator")
    assert f"/admin/jobs/batchjob/{job.pk}/change/" in page
    targets = set(job.items.values_list("target", flat=True))
    assert targets == {account.public_id for account in accounts}
    assert job.public_id in LogEntry.objects.latest("pk").change_message


def test_adult_content_needs_a_declared_birth_date_of_an_adult(console):
    account = make_account()
    young = timezone.now().date().replace(day=1) - timedelta(days=365 * 17)
    answers = {"switch": "on", "entitled": "on"}
    confirm(console, "nsfw", [account], **answers)
    confirm(console, "nsfw", [account], **answers, birth_date=young.isoformat())
    confirm(console, "nsfw", [account], switch="on", birth_date="1990-02-03")
    assert not BatchJob.objects.exists()
    confirm(console, "nsfw", [account], **answers, birth_date="1990-02-03")
    assert BatchJob.objects.get().params == {
        "enabled": True,
        "birth_date": "1990-02-03",
        "by": "operator",
    }


def test_who_may_not_is_refused_by_the_server(client, db):
    client.force_login(user_with("view_account", "change_account"))
    account = make_account()
    page = client.get(LIST).content.decode()
    for name in ("take_out", "refresh", "nsfw", "export"):
        assert f'value="{name}"' not in page
        confirm(client, name, [account])
    assert states(account)[0].deleted_at is None
    assert not BatchJob.objects.exists()


def test_a_token_is_revealed_to_whoever_may_and_it_is_recorded(client, db):
    account = make_account()
    user = user_with("view_account", "change_account")
    client.force_login(user)
    where = f"{LIST}{account.pk}/reveal/"
    assert client.post(where).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="reveal_token"))

    assert client.get(where).status_code == 302
    shown = client.post(where)
    assert reveal(account) in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (user, str(account.pk))
    assert reveal(account) not in f"{entry.object_repr}{entry.change_message}"
    assert (
        reveal(account)
        not in client.get(f"{LIST}{account.pk}/change/").content.decode()
    )


def test_users_imported_twice_are_found(console):
    twice = [make_account(user_id="u-1") for _ in range(2)]
    once = [make_account(user_id="u-2"), make_account(), make_account()]
    page = console.get(LIST + "?user=repeated").content.decode()
    assert all(account.public_id in page for account in twice)
    assert not any(account.public_id in page for account in once)


def test_the_list_stays_below_ten_queries(console, django_assert_max_num_queries):
    for _ in range(20):
        make_account()
    with django_assert_max_num_queries(10):
        console.get(LIST)


def test_an_account_is_found_by_its_token_which_no_address_repeats(console):
    token = make_token()
    account = make_account(token=token)
    found = console.post(LIST + "find/", {"token": f"sso={token}"})
    assert found.url == f"{LIST}{account.pk}/change/"
    assert console.post(LIST + "find/", {"token": make_token()}).url == LIST
    page = console.get(LIST, {"q": token}).content.decode()
    assert account.public_id not in page


def test_an_action_keeps_only_what_it_changes(console):
    off, on = make_account(status="disabled"), make_account()
    act(console, "disable", [off, on])
    assert RestorePoint.objects.get().count == 1
    act(console, "clear_cooldown", [off, on])
    assert RestorePoint.objects.count() == 1
