"""Stored choice, `?lang=`, the browser's wish, English: in this order."""

import pytest
from django.conf import settings

COOKIE = settings.LANGUAGE_COOKIE_NAME

pytestmark = pytest.mark.django_db


def language(client, path="/admin/login", **headers):
    page = client.get(path, headers=headers)
    text = page.content.decode()
    return text[text.index('lang="') + 6 :].partition('"')[0]


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("", "en"),
        ("de-AT,en;q=0.5", "de"),
        ("zh-CN,zh;q=0.9", "zh-hans"),
        ("ja", "ja"),
        ("tlh", "en"),
    ],
)
def test_the_browser_is_asked(client, wanted, spoken):
    assert language(client, accept_language=wanted) == spoken


@pytest.mark.parametrize(
    ("code", "spoken"),
    [
        ("zh", "zh-hans"),
        ("en", "en"),
        ("ja", "ja"),
        ("es", "es"),
        ("de", "de"),
        ("fr", "fr"),
        ("no-such", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_seeds_parameter_is_understood_and_stored(client, code, spoken):
    assert language(client, f"/admin/login?lang={code}") == spoken
    stored = client.cookies.get(COOKIE)
    assert (stored.value if stored else "en") == spoken
    assert language(client) == spoken


def test_a_choice_that_was_made_comes_first(client):
    client.cookies[COOKIE] = "fr"
    assert language(client, "/admin/login?lang=de", accept_language="ja") == "fr"


def test_the_menu_stores_a_choice(client):
    form = {"language": "de", "next": "/admin/login"}
    answer = client.post("/i18n/setlang/", form)
    assert answer["Location"] == "/admin/login"
    assert language(client) == "de"


def test_the_menu_sends_nobody_elsewhere(client):
    form = {"language": "de", "next": "https://elsewhere.example/"}
    assert client.post("/i18n/setlang/", form)["Location"] == "/"
