"""Addresses, the menu, and what every page of the console carries."""

import re
from dataclasses import replace

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from grokgateway.console import banners, menu, overview, pages
from grokgateway.console.banners import Banner
from grokgateway.console.menu import Link
from grokgateway.console.panels import Panel
from grokgateway.console.site import ConsoleSite

ACCOUNTS = "/admin/accounts/account/"


def names(page):
    return [area["name"] for area in page.context["available_apps"]]


def test_ours_is_the_site_that_models_register_with():
    assert admin.site.index_title == ConsoleSite.index_title


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "/admin/"),
        ("/admin", "/admin/"),
        ("/admin?theme=1", "/admin/?theme=1"),
        ("/admin/account", ACCOUNTS),
        ("/admin/account/", ACCOUNTS),
        ("/admin/account?q=a%20b&page=2", f"{ACCOUNTS}?q=a%20b&page=2"),
    ],
)
def test_the_seeds_addresses_lead_to_ours(client, path, target):
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, target)


@pytest.mark.parametrize("path", ["/admin/config", "/admin/cache/"])
def test_pages_that_are_not_there_yet_lead_to_the_overview(path):
    name = pages.SEED[path.strip("/").rpartition("/")[2]]
    answer = pages.leads_to(name + "-missing")(RequestFactory().get(path))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login", "/admin/login/"])
def test_the_login_page_is_at_the_seeds_address(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert "<h1>Sign in</h1>" in page.content.decode()


@pytest.mark.django_db
def test_who_is_sent_to_sign_in_comes_back_to_the_search(client):
    User.objects.create_superuser("root", password="a password")
    first = client.get("/admin/account?q=abc", follow=True)
    login = first.redirect_chain[-1][0]
    form = {"username": "root", "password": "a password", "next": f"{ACCOUNTS}?q=abc"}
    back = client.post(login, form)
    assert back["Location"] == f"{ACCOUNTS}?q=abc"


def test_a_page_of_ours_is_for_staff_only(monkeypatch):
    page = pages.Page("odd/", lambda request: HttpResponse("in"), "odd")
    monkeypatch.setattr(pages, "PAGES", (page,))
    view = ConsoleSite().own_urls()[0].callback
    request = RequestFactory().get("/admin/odd/")
    request.user = User(username="nobody", is_active=True, is_staff=False)
    assert view(request).status_code == 302
    request.user = User(username="staff", is_active=True, is_staff=True)
    assert view(request).content == b"in"


def test_the_menu_is_ordered_for_operators(console):
    page = console.get("/admin/")
    assert names(page) == ["Pool", "Traffic", "Media", "System"]
    pool = page.context["available_apps"][0]["models"]
    assert pool[0]["admin_url"] == ACCOUNTS


def test_every_model_stands_in_the_menu_once(console):
    page = console.get("/admin/")
    shown = [
        model["model"]
        for area in page.context["available_apps"]
        for model in area["models"]
        if "model" in model
    ]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(admin.site._registry)


def test_a_person_sees_the_areas_they_may_enter(client, db):
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    client.force_login(user)
    assert names(client.get("/admin/")) == ["Pool"]


@pytest.mark.django_db
def test_a_link_appears_with_its_page_and_its_permission():
    area = replace(
        menu.AREAS[0],
        links=(
            Link("There", "admin:index"),
            Link("Missing", "admin:missing"),
            Link("Closed", "admin:index", "accounts.do_nothing"),
        ),
    )
    request = RequestFactory().get("/")
    request.user = User.objects.create_user("viewer", is_staff=True)
    entries = menu.entries(request, area, [])
    assert [entry["name"] for entry in entries] == ["There"]


def test_panels_and_banners_are_shown(console, monkeypatch):
    panel = Panel("admin/includes/brand.html", {"site_header": "x"})
    monkeypatch.setattr(overview, "SOURCES", (lambda r: panel, lambda r: None))
    monkeypatch.setattr(
        banners, "SOURCES", (lambda r: Banner("Mend <this>", "/admin/x/", "Here"),)
    )
    text = console.get("/admin/").content.decode()
    assert "Mend &lt;this&gt;" in text
    assert '<a href="/admin/x/">Here</a>' in text
    assert '<div class="panels"' in text
    assert "Mend" in console.get(ACCOUNTS).content.decode()


def test_banners_are_not_for_strangers(client, db, monkeypatch):
    monkeypatch.setattr(banners, "SOURCES", (lambda r: Banner("Secret state"),))
    assert "Secret state" not in client.get("/admin/login").content.decode()


def test_an_empty_list_says_whether_there_is_nothing_or_no_match(console):
    address = reverse("admin:accounts_account_changelist")
    assert "Nothing here yet." in console.get(address).content.decode()
    assert "Nothing matches." in console.get(address, {"q": "x"}).content.decode()


def test_a_chosen_filter_is_told_in_its_head(console):
    address = reverse("admin:accounts_account_changelist")
    text = console.get(address, {"status__exact": "cooling"}).content.decode()
    assert re.search(r"Status</span>\s*<strong>cooling</strong>", text)
    assert "Clear all filters" in text


def test_signing_out_says_so(console):
    page = console.post("/admin/logout/")
    assert "<h1>You are signed out</h1>" in page.content.decode()


@pytest.mark.django_db
def test_a_missing_page_is_told_in_our_own_words(client):
    page = client.get("/no-such-page")
    assert page.status_code == 404
    assert "<h1>Page not found</h1>" in page.content.decode()


@pytest.mark.django_db
def test_browsers_find_the_icon(client):
    assert client.get("/favicon.ico")["Location"] == "/static/img/mark.svg"
