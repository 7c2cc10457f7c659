import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.drafts import steps
from accounts.models import Account, ImportDraft, ImportPart
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account, make_token

BEGIN = "/admin/accounts/account/import/"


@pytest.fixture
def console(client, db):
    client.force_login(get_user_model().objects.create_superuser("operator"))
    return client


def sent(client, text="", name="", **more):
    data = {"pool": "super"} | more
    if name:
        data["file"] = SimpleUploadedFile(name, text.encode())
    else:
        data["pasted"] = text
    return client.post(BEGIN, data)


def page_of(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "{a}\n{b}"),
        ("many.TXT", "{a}\n{b}"),
        ("many.json", '{{"super": ["{a}", {{"token": "{b}"}}]}}'),
        ("many.csv", "Token,Tier\n{a},super\n{b},\n"),
    ],
)
def test_what_is_pasted_or_chosen_is_shown_before_anything_changes(console, name, text):
    tokens = {"a": make_token(), "b": make_token()}
    preview = sent(console, text.format(**tokens), name).url
    page = page_of(console, preview)
    assert "New: 2" in page
    assert "made-up" not in page
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("", "", "Paste accounts or choose a file."),
        ("many.exe", "x", "A .txt, .json or .csv file"),
    ],
)
def test_what_cannot_be_read_is_refused(console, name, text, told):
    response = sent(console, text, name)
    assert told in response.content.decode()
    assert not ImportDraft.objects.exists()


def test_a_file_that_is_too_large_is_refused(console, monkeypatch):
    monkeypatch.setattr("webui.console.importing.LIMIT_BYTES", 3)
    assert "larger than" in sent(console, "four", "a.txt").content.decode()


def test_unreadable_lines_are_shown_and_can_be_downloaded(console):
    bad = "sso-rw=verysecretverysecret"
    path = sent(console, f"{make_token()}\n{bad}\n").url
    page = page_of(console, path)
    assert "line 2" in page
    assert bad not in page
    got = console.get(path + "rejected.csv")
    assert "no-store" in got["Cache-Control"]
    assert "line 2,a cookie line without an sso cookie" in got.content.decode()
    assert bad not in got.content.decode()


def test_starting_makes_a_job_and_its_page_shows_the_way_back(console):
    path = sent(console, make_token()).url
    started = console.post(path + "start/")
    assert started.url == path
    running = console.get(path)
    assert running["Refresh"]
    job = BatchJob.objects.get()
    assert f"/admin/jobs/batchjob/{job.pk}/change/" in running.content.decode()
    assert not Account.objects.exists()

    steps.run("store 0", job.params["draft"])
    BatchJob.objects.update(status="done", ok=1, processed=1)
    ended = console.get(path)
    assert "Refresh" not in ended
    undo = ImportDraft.objects.get().undo
    assert f"/admin/accounts/restorepoint/{undo}/undo/" in ended.content.decode()
    assert job.public_id in LogEntry.objects.get().change_message
    assert console.get(f"/admin/jobs/batchjob/{job.pk}/change/").status_code == 200


def test_replacing_needs_the_number_typed_back(console):
    for _ in range(2):
        make_account(pool="super")
    path = sent(console, make_token()).url
    assert "2 accounts of super" in page_of(console, path)
    for count in ("", "x", "3", "9" * 5000):
        refused = console.post(path + "start/", {"replace": "1", "count": count})
        assert refused.status_code == 200
        assert 'class="errornote"' in refused.content.decode()
    assert not BatchJob.objects.exists()
    console.post(path + "start/", {"replace": "1", "count": "2"})
    targets = BatchJob.objects.get().items.values_list("target", flat=True)
    assert set(targets) == {"store 0", "take-out 0"}


def test_replacing_is_a_permission_of_its_own(client, db):
    user = get_user_model().objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="add_account"))
    client.force_login(user)
    make_account(pool="super")
    path = sent(client, make_token()).url
    assert "Replace" not in page_of(client, path)
    client.post(path + "start/", {"replace": "1", "count": "1"})
    assert not BatchJob.objects.exists()


def test_a_forgotten_import_leaves_nothing(console):
    path = sent(console, make_token()).url
    console.post(path + "discard/")
    assert not ImportDraft.objects.exists()
    assert not ImportPart.objects.exists()
    assert console.get(path).status_code == 404


def test_it_is_started_by_post_and_once(console):
    path = sent(console, make_token()).url
    assert console.get(path + "start/").status_code == 405
    console.post(path + "start/")
    console.post(path + "start/")
    assert BatchJob.objects.count() == 1


def test_without_permission_there_is_no_page(client, db):
    client.force_login(get_user_model().objects.create_user("viewer", is_staff=True))
    assert client.get(BEGIN).status_code == 403
    assert sent(client, make_token()).status_code == 403


def test_pages_carry_no_inline_style_or_script(console):
    path = sent(console, f"{make_token()}\nsso-rw=x").url
    for page in (page_of(console, BEGIN), page_of(console, path)):
        body = page[page.index("<main") :]
        assert not re.search(r"<script(?![^>]*src)|<style|\sstyle=|\son\w+=", body)
