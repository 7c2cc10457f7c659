"""No secret reaches a page, whatever was saved, typed, refused or contested."""

import pytest
from django.contrib.admin.models import LogEntry

from grokgateway import config
from grokgateway.console.configuration import outline

pytestmark = pytest.mark.django_db
OLD = "old-secret-value-1"
NEW = "new-secret-value-2"
HIDDEN = ("old-secret", "new-secret")
SECRETS = [key.name for key in config.KEYS.values() if key.secret]


def patch(secret):
    """A secret in every place that can hold one."""
    values = {name: f"{secret}-{number}" for number, name in enumerate(SECRETS)}
    values["alerts.webhook_url"] = f"https://hooks.example/{secret}"
    values["upstream.statsig_signer_url"] = f"https://signer.example/{secret}"
    login = f"http://user:{secret}@proxy.example"
    return {
        **values,
        "proxy.egress.proxy_url": f"{login}:1",
        "proxy.egress.resource_proxy_url": f"{login}:2",
        "proxy.egress.proxy_pool": f"{login}:3\n{login}:4",
        "proxy.egress.resource_proxy_pool": f"{login}:5",
    }


def group_of(slug, values):
    return {n: v for n, v in values.items() if config.KEYS[n].group == slug}


def told(page):
    text = page.content.decode()
    return [hidden for hidden in HIDDEN if hidden in text]


@pytest.fixture
def filled():
    config.save({k: v.split("\n") for k, v in patch(OLD).items()} | texts(), "ann")


def texts():
    return {k: v for k, v in patch(OLD).items() if config.KEYS[k].kind == "text"}


def test_no_page_shows_what_is_saved(console, filled):
    config.save({"admin.metrics_token": NEW}, "ann")
    paths = [f"/admin/config/{group.slug}" for group in outline.groups()]
    paths += ["/admin/config/history", "/admin/config/history/2/revert"]
    paths += ["/admin/config/history/1/revert", "/admin/config/files"]
    paths += ["/admin/config/search?q=proxy", "/admin/config/search?q=a"]
    for path in paths:
        page = console.get(path)
        assert page.status_code == 200
        assert told(page) == [], path


@pytest.mark.parametrize("slug", ["system", "proxy", "alerts"])
def test_a_refused_form_does_not_show_what_was_typed(filled, fill, slug):
    wrong = {"logging.max_files": "x", "proxy.clearance.timeout_sec": "x"}
    wrong["alerts.emails"] = "x"
    page = fill(slug, group_of(slug, patch(NEW)) | group_of(slug, wrong))
    assert page.context["errors"]
    assert told(page) == []


@pytest.mark.parametrize(
    "typed",
    [
        "http://user:new-secret/odd@proxy.example",
        "user:new-secret@proxy.example",
        "http://user:new-secret@@proxy.example:xyz",
        "//user:new-secret@proxy.example",
    ],
)
def test_a_malformed_proxy_does_not_show_its_password(fill, typed):
    page = fill("proxy", {"proxy.egress.proxy_url": typed})
    assert page.context["errors"]
    assert told(page) == []
    assert "Type it again" in page.content.decode()


@pytest.mark.parametrize("slug", ["system", "proxy", "alerts"])
def test_a_conflict_does_not_show_what_was_typed(filled, fill, slug):
    config.save({"logging.max_files": 9, "admin.metrics_token": "x" * 12}, "ann")
    page = fill(slug, group_of(slug, patch(NEW)), revision=1)
    assert page.status_code == 409
    assert told(page) == []


def test_a_preview_does_not_show_what_was_uploaded(console, filled):
    toml = f'[admin]\nmetrics_token = "{NEW}"\n[chat]\ntimeout = 90\n'
    page = console.post("/admin/config/files", {"text": toml}, follow=True)
    assert [step.name for step in page.context["plan"].steps] == [
        "admin.metrics_token",
        "chat.timeout",
    ]
    assert told(page) == []
    kept = str(dict(console.session))
    assert NEW not in kept


def test_a_text_that_is_no_toml_is_not_shown_again(console):
    page = console.post("/admin/config/files", {"text": f"{NEW} = = {NEW}"})
    assert page.context["errors"]
    assert told(page) == []


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("admin.metrics_token", f"{OLD}-{SECRETS.index('admin.metrics_token')}"),
        ("proxy.egress.proxy_url", f"http://user:{OLD}@proxy.example:1"),
    ],
)
def test_a_secret_is_revealed_on_a_page_of_its_own_and_noted(
    console, filled, key, shown
):
    page = console.post("/admin/config/reveal", {"key": key})
    assert shown in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == (key, "Secret revealed.")


def test_what_is_no_secret_is_not_revealed(console):
    path = "/admin/config/reveal"
    assert console.post(path, {"key": "chat.timeout"}).status_code == 404
    assert console.post(path, {"key": "no.such"}).status_code == 404
    assert console.get(path).status_code == 405
