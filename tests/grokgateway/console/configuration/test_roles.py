"""Who may do what, asked of the server, whatever the pages show."""

import pytest

from grokgateway import config

pytestmark = pytest.mark.django_db
VIEW = ("view_configoverride",)
CHANGE = (*VIEW, "change_config")
REVEAL = (*VIEW, "reveal_config")
ROLES = {"nobody": (), "viewer": VIEW, "operator": CHANGE, "auditor": REVEAL}
ROUTES = [
    ("get", "config", {}, {"viewer": 302, "operator": 302, "auditor": 302}),
    ("get", "config/proxy", {}, {"viewer": 200, "operator": 200, "auditor": 200}),
    ("get", "config/history", {}, {"viewer": 200, "operator": 200, "auditor": 200}),
    ("get", "config/search", {}, {"viewer": 200, "operator": 200, "auditor": 200}),
    ("get", "config/files", {}, {"viewer": 200, "operator": 200, "auditor": 200}),
    (
        "post",
        "config/files/export",
        {},
        {"viewer": 200, "operator": 200, "auditor": 200},
    ),
    ("post", "config/files/export", {"secrets": "1"}, {"auditor": 200}),
    ("post", "config/files", {"text": "[chat]\ntimeout = 61"}, {"operator": 302}),
    ("get", "config/files/preview", {}, {"operator": 302}),
    ("post", "config/timeouts", {"chat.timeout": "61"}, {"operator": 409}),
    ("post", "config/reset", {"key": "chat.timeout"}, {"operator": 302}),
    ("get", "config/history/1/revert", {}, {"operator": 200}),
    ("post", "config/history/1/revert", {}, {"operator": 302}),
    ("post", "config/reveal", {"key": "admin.metrics_token"}, {"auditor": 200}),
]


@pytest.fixture(autouse=True)
def changed():
    config.save({"chat.timeout": 90}, "ann")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "form", "expected"), ROUTES)
def test_a_role_may_do_its_part_only(staff, role, method, path, form, expected):
    client = staff(*ROLES[role])
    answer = getattr(client, method)(f"/admin/{path}", form)
    assert answer.status_code == expected.get(role, 403)
    if answer.status_code == 403:
        assert config.load().revision == 1


@pytest.mark.parametrize(("method", "path", "form", "expected"), ROUTES)
def test_strangers_are_sent_to_sign_in(client, method, path, form, expected):
    answer = getattr(client, method)(f"/admin/{path}", form)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/?next=/admin/config")
    assert config.load().revision == 1


def test_the_console_key_takes_a_superuser(staff, client):
    client = staff(*CHANGE)
    form = {"revision": "1", "app.app_key": "another-long-password"}
    page = client.post("/admin/config/system", form)
    assert page.context["errors"][0].error == "Only a superuser can change this."
    assert client.post("/admin/config/reset", {"key": "app.app_key"}).status_code == 403
    toml = '[app]\napp_key = "another-long-password"\n'
    page = client.post("/admin/config/files", {"text": toml}, follow=True)
    told = "only a superuser can change this"
    assert page.context["plan"].refused == (("app.app_key", told),)
    assert not page.context["plan"].edits
    config.save({"app.app_key": "another-long-password"}, "root")
    path = "/admin/config/history/2/revert"
    assert client.get(path).status_code == client.post(path).status_code == 403
    assert config.load().revision == 2


def test_where_logins_go_takes_a_superuser(staff):
    client = staff(*CHANGE)
    form = {"revision": "1", "upstream.base_url": "https://elsewhere.example"}
    page = client.post("/admin/config/upstream", form)
    assert page.context["errors"][0].error == "Only a superuser can change this."
    assert config.load().revision == 1


def test_the_console_key_is_seen_by_superusers_only(staff):
    client = staff(*REVEAL)
    assert (
        client.post("/admin/config/reveal", {"key": "app.app_key"}).status_code == 403
    )
    config.save({"app.app_key": "another-long-password"}, "root")
    path = "/admin/config/files/export"
    assert client.post(path, {"secrets": "1"}).status_code == 403
    assert client.post(path).status_code == 200
    assert 'name="secrets"' not in client.get("/admin/config/files").content.decode()


def test_who_signed_in_with_the_console_key_and_changes_it_stays(client):
    config.save({"app.app_key": "first-long-password"}, "ann")
    client.post("/admin/login/", {"password": "first-long-password"})
    form = {"revision": "2", "app.app_key": "another-long-password"}
    assert client.post("/admin/config/system", form).status_code == 302
    assert config.current().text("app.app_key") == "another-long-password"
    assert client.get("/admin/config/system").status_code == 200


def test_a_viewer_sees_the_form_without_the_means_to_change_it(staff):
    page = staff(*VIEW).get("/admin/config/system")
    text = page.content.decode()
    main = text[text.index("data-settings") :]
    assert "You may look at the settings, but not change them." in text
    assert "save-bar" not in main
    assert ">Reveal<" not in main
    assert ">Reset to default<" not in main


def test_the_menu_shows_the_page_to_those_who_may_see_it(staff):
    text = staff(*VIEW).get("/admin/").content.decode()
    assert 'href="/admin/config"' in text


def test_the_menu_hides_the_page_from_others(staff):
    assert 'href="/admin/config"' not in staff().get("/admin/").content.decode()
