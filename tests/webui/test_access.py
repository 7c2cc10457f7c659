"""Who gets into the Web UI: every address, for everybody, in every state of it."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core import signing
from django.test import AsyncClient, Client
from django.urls import reverse

from accounts import directory
from gateway import catalog
from grokgateway import config, keysessions, throttle
from tests.webui.conftest import KEY
from webui import access, passes, urls

pytestmark = pytest.mark.django_db(transaction=True)
there = sync_to_async

PAGES = {
    "webui": 302,
    "webui/": 302,
    "webui/chat": 200,
    "webui/chat/": 200,
    "webui/masonry": 200,
    "webui/masonry/": 200,
    "webui/chatkit": 200,
    "webui/chatkit/": 200,
}
SIGNING = {"webui/login", "webui/login/", "webui/logout"}
CALLS = {"webui/api/verify": 200, "webui/api/models": 200, "webui/api/wall": 200}
POSTED = {
    "webui/api/uploads",
    *("webui/api/wall/remove", "webui/api/wall/undo"),
    *("webui/api/voice/token", "webui/api/voice/keep", "webui/api/voice/end"),
}
STATES = {
    "off": (False, ""),
    "off with a key": (False, KEY),
    "open": (True, ""),
    "closed": (True, KEY),
}
WHO = ("anonymous", "key", "old key", "bearer", "wrong bearer", "user", "staff")
MAY = {"open": set(WHO), "closed": {"key", "bearer", "staff"}}


@pytest.fixture(autouse=True)
def served(monkeypatch):
    monkeypatch.setattr(directory.HOME, "directory", directory.Directory())
    catalog.load()


def enter(client, who):
    """The headers of this kind of caller; its cookies are the client's."""
    if who in {"key", "old key"}:
        held = passes.fresh(KEY if who == "key" else "the key before")
        cookie = signing.dumps([held.id, held.mark], salt=passes.SALT)
        client.cookies[passes.COOKIE] = cookie
    elif who in {"user", "staff"}:
        client.force_login(User.objects.create_user(who, is_staff=who == "staff"))
    token = {"bearer": KEY, "wrong bearer": "wrong"}.get(who)
    return {"Authorization": f"Bearer {token}"} if token else {}


def expected(state, who, route):
    """The statuses that are right."""
    may = MAY.get(state)
    if may is None:
        return {404}
    if route in SIGNING:
        signs_in = route != "webui/logout"
        return {302 if who in may else 200} if signs_in else {405}
    if route in CALLS:
        return {CALLS[route] if who in may else 401}
    if route in POSTED:
        return {405 if who in may else 401}
    if who not in may:
        return {302}
    return {PAGES[route]}


@pytest.mark.parametrize("who", WHO)
async def test_everybody_gets_what_is_theirs(who):
    client = AsyncClient()
    headers = await there(enter)(client, who)
    wrong = {}
    for state, (enabled, key) in STATES.items():
        values = {"app.webui_enabled": enabled, "app.webui_key": key}
        for pattern in urls.urlpatterns:
            route = str(pattern.pattern)
            with config.override(values):
                answer = await client.get(f"/{route}", headers=headers)
            if answer.status_code not in expected(state, who, route):
                wrong[state, route] = answer.status_code
    assert wrong == {}


def test_a_stranger_is_sent_back_after_signing_in(client, webui):
    with webui(KEY):
        sent = client.get("/webui/masonry?a=b")
        assert sent["Location"] == "/webui/login?next=%2Fwebui%2Fmasonry%3Fa%3Db"
        page = client.get(sent["Location"])
        assert 'value="/webui/masonry?a=b"' in page.content.decode()
        answer = client.post("/webui/login", {"key": KEY, "next": "/webui/masonry?a=b"})
        assert answer["Location"] == "/webui/masonry?a=b"
        assert client.get("/webui/api/verify").status_code == 200


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_leads_to_no_other_host(client, webui, onward):
    with webui(KEY):
        answer = client.post("/webui/login", {"key": KEY, "next": onward})
    assert answer["Location"] == reverse("webui-chat")


def test_the_pass_is_kept_from_scripts_and_other_sites(client, webui):
    with webui(KEY):
        client.post("/webui/login", {"key": KEY})
    kept = client.cookies[passes.COOKIE]
    assert kept["httponly"]
    assert kept["samesite"] == "Strict"
    assert kept["path"] == "/webui"
    assert KEY not in kept.value


def test_another_key_ends_every_session(client, webui):
    with webui(KEY):
        client.post("/webui/login", {"key": KEY})
        assert client.get("/webui/api/verify").status_code == 200
    with webui("another key"):
        assert client.get("/webui/api/verify").status_code == 401
        assert client.get("/webui/chat").status_code == 302


def test_a_key_that_is_set_ends_open_sessions(client, webui):
    assert client.get("/webui/chat").status_code == 200
    assert passes.COOKIE in client.cookies
    with webui(KEY):
        assert client.get("/webui/api/verify").status_code == 401


def test_a_pass_that_staff_was_given_opens_nothing_later(client, webui, staff):
    client.force_login(staff)
    with webui(KEY):
        client.get("/webui/chat")
        client.logout()
        assert client.get("/webui/api/verify").status_code == 401


def test_a_made_up_pass_opens_nothing(client, webui):
    real = signing.dumps(["1", passes.mark(KEY)], salt="another purpose")
    with webui(KEY):
        for cookie in ("", "x", real, signing.dumps("x", salt=passes.SALT)):
            client.cookies[passes.COOKIE] = cookie
            assert client.get("/webui/api/verify").status_code == 401


def test_signing_out_forgets_the_pass(client, webui):
    with webui(KEY):
        client.post("/webui/login", {"key": KEY})
        assert client.post("/webui/logout")["Location"] == reverse("webui-login")
        assert client.get("/webui/api/verify").status_code == 401


def test_who_guesses_is_locked_out(client, webui):
    with webui(KEY):
        for _ in range(throttle.WITH_NAME):
            page = client.post("/webui/login", {"key": "wrong"}).content.decode()
            assert "This is not the password." in page
        page = client.post("/webui/login", {"key": KEY})
        assert page.status_code == 200
        assert "Too many attempts failed" in page.content.decode()
        elsewhere = Client(REMOTE_ADDR="192.0.2.9")
        assert elsewhere.post("/webui/login", {"key": KEY}).status_code == 302


def test_the_form_cannot_be_sent_from_another_site(webui):
    client = Client(enforce_csrf_checks=True)
    with webui(KEY):
        assert client.post("/webui/login", {"key": KEY}).status_code == 403


def test_the_visitor_stays_the_same_from_page_to_page(client, webui, rf):
    def known():
        client.get("/webui/chat")
        request = rf.get("/webui/api/verify")
        request.COOKIES[passes.COOKIE] = client.cookies[passes.COOKIE].value
        return access.visitor(request)

    first = known()
    assert first == known()
    assert first.kind == "open"
    assert first.address == "127.0.0.1"


def test_the_shipped_console_key_opens_no_web_ui(client, webui):
    user = User.objects.create_superuser("admin")
    client.force_login(user, backend=keysessions.BACKEND)
    with webui(KEY, **{"app.app_key": "grok2api"}):
        assert client.get("/webui/api/verify").status_code == 401


@pytest.mark.parametrize("lang", ["zh-hans", "de"])
def test_pages_come_in_the_language_of_the_browser(client, webui, lang):
    page = client.get("/webui/chat", headers={"Accept-Language": lang})
    assert f'<html lang="{lang}">' in page.content.decode()


def test_pages_name_the_project_followed(client, webui):
    page = client.get("/webui/chat").content.decode()
    assert "chenyme/grok2api" in page
    assert "(MIT)" in page


def test_scripts_of_a_page_may_talk_to_us_only(client, webui):
    page = client.get("/webui/chat")
    assert "connect-src 'self';" in page["Content-Security-Policy"]
    assert "microphone=()" in page["Permissions-Policy"]
