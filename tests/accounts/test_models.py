import pytest
from django.core.management import call_command
from django.db import IntegrityError

from accounts import selectors
from accounts.models import Account, DirectoryRevision, QuotaWindow, StatusEvent
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"pool": "sup"},
        {"pool": "auto"},
        {"status": "deleted"},
        {"tier_source": "guess"},
        {"use_count": -1},
        {"fail_count": -1},
        {"sync_count": -1},
        {"server_faults": -1},
    ],
)
def test_the_database_refuses_impossible_accounts(wrong):
    with pytest.raises(IntegrityError):
        make_account(windows=False, **wrong)


@pytest.mark.parametrize("name", ["public_id", "token_hash"])
def test_ids_and_hashes_are_unique(name):
    first = make_account()
    with pytest.raises(IntegrityError):
        make_account(**{name: getattr(first, name)})


@pytest.mark.parametrize(
    "wrong", [{"remaining": -1}, {"total": -1}, {"window_s": -1}, {"source": "x"}]
)
def test_the_database_refuses_impossible_windows(wrong):
    values = {"remaining": 1, "total": 1, "window_s": 60}
    with pytest.raises(IntegrityError):
        QuotaWindow.objects.create(
            account=make_account(), mode="other", **values | wrong
        )


def test_a_mode_has_one_window():
    window = make_account().windows.first()
    window.pk = None
    with pytest.raises(IntegrityError):
        window.save(force_insert=True)


def test_there_is_one_revision_counter():
    with pytest.raises(IntegrityError):
        DirectoryRevision.objects.create(pk=2)


def test_rows_have_names():
    account = make_account()
    assert str(account) == account.public_id
    assert "/" in str(account.windows.first())
    assert str(StatusEvent(from_status="a", to_status="b")) == "a -> b"
    assert str(DirectoryRevision(value=3)) == "3"


def test_the_migration_is_complete():
    call_command("makemigrations", "accounts", check=True, dry_run=True, verbosity=0)


def test_totals_count_live_accounts():
    make_account(pool="super")
    make_account(pool="super", status="disabled")
    make_account(pool="super", deleted_at="2026-01-01T00:00:00Z")
    assert selectors.totals() == {("super", "active"): 1, ("super", "disabled"): 1}
    assert selectors.live(["super"], ["disabled"]).count() == 1
    assert selectors.live(["basic"]).count() == 0


def test_an_account_is_found_by_id_and_by_token():
    account = make_account(token="aaa.bbb.ccc")
    for reference in (account.public_id, "aaa.bbb.ccc", "sso=aaa.bbb.ccc; x=1"):
        assert selectors.find(reference) == account
    for reference in ("", "x=1", "other"):
        assert selectors.find(reference) is None


@pytest.fixture
def console(admin_client):
    return admin_client


def test_the_list_masks_searches_and_stays_cheap(
    console, django_assert_max_num_queries
):
    token = "verysecrettoken-verysecrettoken"
    account = make_account(token=token)
    for _ in range(5):
        make_account()
    console.get("/admin/accounts/account/")  # the counts above the list are kept
    with django_assert_max_num_queries(9):
        page = console.get("/admin/accounts/account/").content.decode()
    assert account.public_id in page
    assert "veryse\u2026oken" in page
    assert token not in page
    found = console.get("/admin/accounts/account/", {"q": account.public_id[:12]})
    assert list(found.context["cl"].result_list) == [account]


def test_deleted_accounts_show_only_when_asked_for(console):
    make_account(deleted_at="2026-01-01T00:00:00Z")
    shown = {
        query: console.get(f"/admin/accounts/account/{query}")
        .context["cl"]
        .result_count
        for query in ("", "?presence=deleted", "?presence=all")
    }
    assert shown == {"": 0, "?presence=deleted": 1, "?presence=all": 1}


def test_an_edit_takes_a_revision_and_names_the_operator(console):
    account = make_account(tags=["a"])
    url = f"/admin/accounts/account/{account.pk}/change/"
    page = console.get(url).content.decode()
    assert 'value="a"' in page
    form = {"pool": "super", "tags": "b, c ,b", "note": " bought in May "}
    empty = {
        f"{table}-{key}": "0"
        for table in ("windows", "declarations")
        for key in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    answer = console.post(url, form | empty)
    assert answer.status_code == 302
    account.refresh_from_db()
    assert (account.pool, account.tier_source) == ("super", "operator")
    assert (account.tags, account.note) == (["b", "c"], "bought in May")
    assert account.revision == DirectoryRevision.objects.get().value
    assert account.windows.filter(mode="fast").get().total == 140


@pytest.mark.parametrize(
    ("action", "expected"),
    [("disable", "disabled"), ("take_out", "active"), ("enable", "active")],
)
def test_actions_write_through_the_store(console, action, expected):
    account = make_account(status="expired" if action == "enable" else "active")
    console.post(
        "/admin/accounts/account/",
        {"action": action, "_selected_action": [account.pk], "apply": 1},
    )
    account.refresh_from_db()
    assert account.status == expected
    assert (account.deleted_at is not None) == (action == "take_out")
    assert StatusEvent.objects.get().actor == "admin"
    assert console.get("/admin/accounts/statusevent/").status_code == 200


def test_accounts_are_neither_made_nor_erased_by_hand(console):
    account = make_account()
    assert console.get("/admin/accounts/account/add/").status_code == 403
    url = f"/admin/accounts/account/{account.pk}/delete/"
    assert console.get(url).status_code == 403
    assert Account.objects.count() == 1
