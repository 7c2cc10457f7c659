"""Saved filters of lists."""

import pytest
from django.contrib.auth.models import User

from webui.console import saving
from webui.models import SavedFilter

LIST = "/admin/accounts/account/"
FILTERS = f"{LIST}filters/"
COOLING = "status__exact=cooling&q=x"


@pytest.fixture
def console(client, db):
    client.force_login(User.objects.create_superuser("operator"))
    return client


def save(console, name="Morning", query=f"?{COOLING}&p=4"):
    return console.post(FILTERS, {"name": name, "query": query}, follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def test_a_filter_is_saved_without_its_page_and_offered_again(console):
    answer = save(console)
    assert answer.redirect_chain == [(f"{LIST}?{COOLING}", 302)]
    assert said(answer) == ["The filter is saved as “Morning”."]
    text = console.get(LIST).content.decode()
    assert 'href="?status__exact=cooling&amp;q=x" >Morning</a>' in text
    assert "Save this filter" not in text


def test_the_filter_in_force_is_marked_and_can_be_forgotten(console):
    save(console)
    text = console.get(f"{LIST}?{COOLING}").content.decode()
    assert 'aria-current="true">Morning</a>' in text
    assert "Save this filter" not in text
    row = SavedFilter.objects.get()
    answer = console.post(f"{FILTERS}{row.pk}/forget/", follow=True)
    assert answer.redirect_chain == [(f"{LIST}?{COOLING}", 302)]
    assert not SavedFilter.objects.exists()


def test_another_filter_can_be_saved(console):
    text = console.get(f"{LIST}?status__exact=expired").content.decode()
    assert "Save this filter" in text
    assert 'value="status__exact=expired"' in text


def test_the_same_name_again_replaces_it(console):
    save(console)
    save(console, query="status__exact=expired")
    assert SavedFilter.objects.get().query == "status__exact=expired"


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("", COOLING),
        ("x" * 41, COOLING),
        ("a", ""),
        ("a", "p=3"),
        ("a", "q=" + "x" * 999),
    ],
)
def test_what_makes_no_sense_is_told_and_not_saved(console, name, query):
    answer = console.post(FILTERS, {"name": name, "query": query})
    assert answer.status_code == 302
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_it(console, monkeypatch):
    monkeypatch.setattr(saving, "MOST", 2)
    for name in ("a", "b", "c"):
        answer = save(console, name)
    assert said(answer) == ["There are 2 saved filters already."]
    save(console, "b", "status__exact=expired")
    kept = SavedFilter.objects.values_list("name", "query")
    assert dict(kept) == {"a": COOLING, "b": "status__exact=expired"}


def test_they_are_a_persons_own(console, client):
    save(console)
    row = SavedFilter.objects.get()
    client.force_login(User.objects.create_superuser("another"))
    assert "Morning" not in client.get(LIST).content.decode()
    assert client.post(f"{FILTERS}{row.pk}/forget/").status_code == 404
    assert SavedFilter.objects.exists()


@pytest.mark.parametrize(
    "query", ["?next=//evil.example", "//evil.example", "javascript:alert(1)"]
)
def test_it_leads_nowhere_but_to_its_list(console, query):
    answer = console.post(FILTERS, {"name": "a", "query": query})
    assert answer["Location"].startswith(LIST)


def test_a_list_that_does_not_exist(console):
    answer = console.post("/admin/no/such/filters/", {"name": "a", "query": "q=1"})
    assert answer.status_code == 404
    assert not SavedFilter.objects.exists()


def test_strangers_and_readers(console, client):
    assert console.get(FILTERS).status_code == 405
    client.logout()
    assert client.post(FILTERS, {"name": "a", "query": "q=1"}).status_code == 302
    assert not SavedFilter.objects.exists()
