"""Who may sign in, how often, and what the shipped key forces."""

import logging

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from grokgateway import config, keysessions, throttle

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
KEYPAGE = "/admin/console-key/"
OWN = "a console key of our own"
MANY = "Too many attempts failed."


@pytest.fixture(autouse=True)
def as_shipped():
    """No failures are counted, and what a test saved is forgotten."""
    cache.clear()
    yield
    cache.clear()
    config.unset(["app.app_key"], by="tests")


def sign_in(client, name, password, address="127.0.0.1", **extra):
    form = {"username": name, "password": password}
    return client.post(LOGIN, form, REMOTE_ADDR=address, **extra)


def inside(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("name", ["admin", ""])
def test_the_key_signs_in_the_built_in_admin(client, name):
    with config.override({"app.app_key": OWN}):
        assert sign_in(client, name, OWN)["Location"] == "/admin/"
        made = User.objects.get(username="admin")
        assert (made.is_superuser, made.has_usable_password()) == (True, False)
        assert client.get("/admin/").status_code == 200


def test_a_wrong_key_signs_nobody_in(client):
    sign_in(client, "admin", "wrong")
    assert not inside(client)
    assert not User.objects.exists()


def test_once_admin_has_a_password_the_key_is_none(client):
    User.objects.create_superuser("admin", password="a password of admin")
    with config.override({"app.app_key": OWN}):
        sign_in(client, "admin", OWN)
        assert not inside(client)
        sign_in(client, "admin", "a password of admin")
        assert inside(client)


def test_an_empty_key_opens_nothing(client):
    with config.override({"app.app_key": ""}):
        sign_in(client, "admin", "")
        assert not inside(client)


@pytest.mark.parametrize(
    ("address", "extra", "opens"),
    [
        ("127.0.0.1", {}, True),
        ("192.168.1.5", {}, True),
        ("8.8.8.8", {}, False),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": "8.8.8.8"}, False),
    ],
)
def test_the_shipped_key_works_from_near_only(client, address, extra, opens):
    sign_in(client, "admin", "grok2api", address, **extra)
    assert inside(client) is opens


def test_the_shipped_key_leads_to_the_page_that_changes_it(client):
    sign_in(client, "admin", "grok2api")
    for path in ("/admin/", "/admin/accounts/account/", "/admin/api/tokens"):
        assert client.get(path)["Location"] == KEYPAGE
    assert "still the one everybody knows" in client.get(KEYPAGE).content.decode()
    answer = client.post(KEYPAGE, {"new": OWN, "again": OWN})
    assert answer["Location"] == "/admin/"
    assert config.current().text("app.app_key") == OWN
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "everybody knows" not in page.content.decode()


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("short", "short", "at least 12 characters"),
        (OWN, OWN + "x", "The two are not the same."),
        ("", "", "This field is required."),
    ],
)
def test_a_poor_new_key_changes_nothing(client, new, again, told):
    sign_in(client, "admin", "grok2api")
    page = client.post(KEYPAGE, {"new": new, "again": again})
    assert told in page.content.decode()
    assert keysessions.shipped()


def test_a_key_from_the_environment_leaves_the_session_reading(client, settings):
    settings.GROK_ENVIRON = {"GROK_APP_APP_KEY": "grok2api"}
    config.load()
    try:
        sign_in(client, "admin", "grok2api")
        assert client.get("/admin/").status_code == 200
        assert client.post("/admin/auth/group/add/", {"name": "x"}).status_code == 403
        assert "GROK_APP_APP_KEY" in client.get(KEYPAGE).content.decode()
    finally:
        settings.GROK_ENVIRON = {}
        config.load()


def test_sessions_of_an_old_key_end(client):
    with config.override({"app.app_key": OWN}):
        sign_in(client, "admin", OWN)
        assert client.get("/admin/").status_code == 200
    with config.override({"app.app_key": OWN + " anew"}):
        assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
        assert not inside(client)


def test_sessions_of_people_outlive_the_key(console):
    with config.override({"app.app_key": OWN + " anew"}):
        assert console.get("/admin/").status_code == 200


def test_the_page_is_for_superusers(client):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(KEYPAGE).status_code == 403


def test_five_failures_lock_a_name_from_that_address_only(client):
    User.objects.create_superuser("root", password="right")
    for _ in range(throttle.WITH_NAME):
        assert MANY not in sign_in(client, "root", "wrong").content.decode()
    assert MANY in sign_in(client, "root", "right").content.decode()
    assert not inside(client)
    sign_in(client, "root", "right", "10.0.0.9")
    assert inside(client)


def test_strangers_are_told_the_same(client):
    User.objects.create_superuser("root", password="right")

    def told(name):
        pages = [sign_in(client, name, "wrong") for _ in range(throttle.WITH_NAME + 1)]
        return [str(page.context["form"].errors) for page in pages]

    assert told("root") == told("nobody")


def test_twenty_failures_lock_an_address(client):
    for number in range(throttle.FROM_ADDRESS):
        assert MANY not in sign_in(client, f"n{number}", "wrong").content.decode()
    assert MANY in sign_in(client, "another", "wrong").content.decode()


def test_success_forgives_the_name(client):
    User.objects.create_superuser("root", password="right")
    for _ in range(throttle.WITH_NAME - 1):
        sign_in(client, "root", "wrong")
    sign_in(client, "root", "right")
    assert not throttle.blocked("root", "127.0.0.1")


def test_the_log_names_users_and_no_password(client, caplog):
    User.objects.create_superuser("root", password="right")
    with caplog.at_level(logging.WARNING, "grokgateway.console"):
        sign_in(client, "root", "a-wrong-password")
        sign_in(client, "a-password-typed-above", "a-wrong-password")
    assert "Sign-in of 'root' from 127.0.0.1 failed" in caplog.text
    assert "password" not in caplog.text


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example"]
)
def test_nobody_is_sent_to_another_host(client, target):
    User.objects.create_superuser("root", password="right")
    form = {"username": "root", "password": "right", "next": target}
    assert "elsewhere" not in client.post(LOGIN, form)["Location"]


def test_a_session_lasts_two_weeks_from_its_last_use(console):
    def expiry():
        return console.session.get_expiry_date()

    assert (expiry() - timezone.now()).days in {13, 14}
    console.get("/admin/")
    first = console.session["renewed_at"]
    console.get("/admin/")
    assert console.session["renewed_at"] == first
    session = console.session
    session["renewed_at"] = first - 3601
    session.save()
    console.get("/admin/")
    assert console.session["renewed_at"] >= first
