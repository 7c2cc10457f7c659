import csv
import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from accounts import imports
from accounts.documents import Defaults, parse
from tests.factories import make_account, make_token

PAGE = "/admin/accounts/account/export/"


@pytest.fixture
def console(client, transactional_db):
    client.force_login(get_user_model().objects.create_superuser("operator"))
    return client


@async_to_sync
async def body_of(response):
    return b"".join([piece async for piece in response.streaming_content]).decode()


@pytest.fixture
def accounts(transactional_db):
    return [
        make_account(token=make_token(), pool="super", tags=["x"]),
        make_account(token=make_token(), pool="basic"),
        make_account(token=make_token(), status="disabled"),
    ]


@pytest.mark.parametrize("form", ["json", "document", "text", "full-secrets"])
def test_files_with_tokens_can_be_imported_again(console, accounts, form):
    got = console.post(PAGE, {"form": form})
    assert "no-store" in got["Cache-Control"]
    assert "made-up" not in got["Content-Disposition"]
    text = body_of(got)
    parsed = parse(text, Defaults("basic"))
    assert not parsed.rejected
    assert len(parsed.entries) == 3
    assert len(imports.merged(parsed.entries)) == 3


@pytest.mark.parametrize("form", ["full", "csv"])
def test_files_without_tokens_hold_none(console, accounts, form):
    text = body_of(console.post(PAGE, {"form": form}))
    assert "made-up" not in text
    assert accounts[0].public_id in text
    if form == "csv":
        assert len(list(csv.reader(text.splitlines()))) == 4
    else:
        first = json.loads(text)["accounts"][0]
        assert first["windows"]
        assert first["tags"] == ["x"]


def test_the_filters_of_the_list_say_which_accounts(console, accounts):
    query = "?status__exact=disabled"
    page = (console.get(PAGE + query)).content.decode()
    assert "1 account<" in page
    got = console.post(PAGE + query, {"form": "csv"})
    text = body_of(got)
    assert accounts[2].public_id in text
    assert accounts[0].public_id not in text
    assert "accounts-disabled-" in got["Content-Disposition"]


@pytest.mark.parametrize("query", ["page=2", "created_at__gte=x"])
def test_filters_that_do_not_exist_give_nothing_out(console, accounts, query):
    assert console.get(f"{PAGE}?{query}").status_code == 400
    assert console.post(f"{PAGE}?{query}", {"form": "text"}).status_code == 400


def test_ticked_accounts_reach_the_page_by_their_ids(console, accounts):
    ticked = {"action": "export", "_selected_action": [accounts[1].pk], "index": 0}
    where = (console.post("/admin/accounts/account/", ticked)).url
    assert where == f"{PAGE}?id={accounts[1].public_id}"
    text = body_of(console.post(where, {"form": "csv"}))
    assert len(text.splitlines()) == 2


def test_ticked_accounts_that_are_gone_do_not_become_all(console, accounts):
    ticked = {"action": "export", "_selected_action": [accounts[1].pk], "index": 0}
    accounts[1].delete()
    answer = console.post("/admin/accounts/account/", ticked, follow=True)
    assert answer.redirect_chain == [("/admin/accounts/account/", 302)]
    assert "no longer here" in answer.content.decode()
    where = f"{PAGE}?id={accounts[1].public_id}"
    assert console.get(where).status_code == 404
    assert console.post(where, {"form": "text"}).status_code == 404


def test_it_is_recorded_who_took_what(console, accounts):
    body_of(console.post(PAGE, {"form": "text"}))
    entry = LogEntry.objects.get()
    assert entry.object_repr == "export: 3"
    assert "with tokens" in entry.change_message


def test_exporting_is_a_permission_of_its_own(client, db):
    user = get_user_model().objects.create_user("helper", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_account", "change_account"])
    )
    client.force_login(user)
    assert client.post(PAGE, {"form": "json"}).status_code == 403
