import re
import tomllib

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from grokgateway import config

pytestmark = pytest.mark.django_db
FILES = "/admin/config/files"
PREVIEW = f"{FILES}/preview"
EXPORT = f"{FILES}/export"
TOML = "[chat]\ntimeout = 90\nold = 1\n[image]\ntimeout = 2\n[voice]\ntimeout = 60\n"
VALUES = {
    "chat.timeout": 90,
    "retry.on_codes": ["500"],
    "admin.metrics_token": "a-secret-token",
    "proxy.egress.proxy_url": "http://me:pw-pw@proxy.example:1",
}


def upload(console, text):
    return console.post(FILES, {"text": text}, follow=True)


def test_a_preview_tells_what_would_happen_and_changes_nothing(console):
    plan = upload(console, TOML).context["plan"]
    assert [step.name for step in plan.steps] == ["chat.timeout"]
    assert plan.same == 1
    assert plan.refused == (("image.timeout", "must be from 5 to 1800"),)
    assert [name for name, _ in plan.unknown] == ["chat.old"]
    assert config.load().revision == 0


def test_a_file_is_taken_as_well(console):
    file = SimpleUploadedFile("config.toml", b"\xef\xbb\xbf" + TOML.encode())
    page = console.post(FILES, {"file": file}, follow=True)
    assert [step.name for step in page.context["plan"].steps] == ["chat.timeout"]


def test_an_import_is_done_after_the_preview(console):
    upload(console, TOML)
    answer = console.post(PREVIEW, {"revision": "0"})
    assert answer["Location"] == FILES
    assert config.load().number("chat.timeout") == 90
    assert console.get(PREVIEW)["Location"] == FILES


def test_an_import_waits_when_somebody_saved_meanwhile(console):
    upload(console, TOML)
    config.save({"voice.timeout": 30}, "ann")
    page = console.post(PREVIEW, {"revision": "0"})
    assert "Somebody saved meanwhile" in page.context["error"]
    assert config.load().number("chat.timeout") == 60
    assert page.context["plan"].steps[-1].name == "voice.timeout"
    console.post(PREVIEW, {"revision": "1"})
    assert config.load().number("chat.timeout") == 90


def test_a_need_that_is_left_unmet_is_told(console):
    upload(console, '[proxy.egress]\nmode = "single_proxy"\n')
    page = console.post(PREVIEW, {"revision": "0"})
    assert page.context["error"].startswith("Proxy: Is needed while")
    assert config.load().revision == 0


def test_a_file_can_be_forgotten(console):
    upload(console, TOML)
    console.post(PREVIEW, {"forget": "1", "revision": "0"})
    assert console.get(PREVIEW)["Location"] == FILES
    assert config.load().revision == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"text": "  "}, "Choose a file"),
        ({"text": "a = "}, "This is no TOML"),
        ({"text": "a = '\0'"}, "Choose a file"),
        ({"text": "a = " + "[" * 5000}, "too large"),
        ({"text": "#" * 600_000}, "too large"),
        ({"file": SimpleUploadedFile("x", b"#" * 600_000)}, "too large"),
        ({"file": SimpleUploadedFile("x", b"\xff\xfe")}, "no text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(console, form, told):
    page = console.post(FILES, form)
    assert told in str(page.context["errors"])


def test_an_export_leaves_secrets_out(console):
    config.save(VALUES, "ann")
    answer = console.post(EXPORT)
    text = answer.content.decode()
    assert "a-secret-token" not in text
    assert "pw-pw" not in text
    assert config.flatten(tomllib.loads(text)) == {
        "chat.timeout": 90,
        "retry.on_codes": ["500"],
    }
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/toml; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="grok-gateway-config-\d{8}-\d{4}\.toml"',
        answer["Content-Disposition"],
    )


def test_secrets_are_exported_on_request_and_that_is_noted(console):
    config.save(VALUES, "ann")
    text = console.post(EXPORT, {"secrets": "1"}).content.decode()
    assert config.flatten(tomllib.loads(text)) == VALUES
    assert LogEntry.objects.get().change_message == "Exported with secrets."


@pytest.mark.parametrize("form", [{}, {"secrets": "1"}])
def test_what_was_exported_can_be_imported(console, form):
    config.save(VALUES, "ann")
    text = console.post(EXPORT, form).content.decode()
    plan = upload(console, text).context["plan"]
    assert (plan.steps, plan.refused, plan.unknown) == ((), (), ())

    config.unset(list(VALUES), "ann")
    upload(console, text)
    console.post(PREVIEW, {"revision": "2"})
    now = config.load()
    kept = set(VALUES) if form else {"chat.timeout", "retry.on_codes"}
    assert {n for n in VALUES if now.source(n) == "saved"} == kept
    assert {n: config.plain(now.stored(n)) for n in kept} == {
        n: VALUES[n] for n in kept
    }
