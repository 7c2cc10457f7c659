"""The page with one button: which layer is at fault, and what to do."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.utils import timezone
from django.utils.translation import override

from gateway import catalog
from gateway.alert_tables import Alert
from gateway.doctor import records
from gateway.doctor.asking import Asked
from gateway.doctor.findings import Case, Check, Report, failed, note, ok, skipped
from gateway.doctor_tables import Examination
from gateway.egress import home
from gateway.egress.causes import Layer
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode
from gateway.exits import store
from grokgateway import config
from grokgateway.console import roles
from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account

PAGE = "/admin/doctor/"
REFUSED = failed(
    Check.CONNECT, "cause_proxy_auth", layer=Layer.PROXY, cause="proxy_auth"
)


@pytest.fixture(autouse=True)
def known(db, monkeypatch):
    catalog.synchronise()
    monkeypatch.setattr(home, "HOME", home.Home())
    with config.override({}):
        yield
    catalog.HOME.catalog = None


def ended(*findings, node="pool-0") -> Examination:
    row = records.open_one(Asked(), "root")
    case = Case(node, "acc_1", "grok-4.20-auto", findings)
    records.close(row.public_id, Report((case,)))
    row.refresh_from_db()
    return row


def text_of(client, where=PAGE):
    return client.get(where).content.decode()


def test_before_anything_was_examined(console):
    text = text_of(console)
    assert "Nothing was examined yet." in text
    assert re.search(r"<button [^>]*>Examine</button>", text)


def test_one_button_starts_a_job_and_leads_to_its_result(console):
    answer = console.post(PAGE, {"model": "grok-4.20-fast"})
    row = Examination.objects.get()
    assert row.asked["model"] == "grok-4.20-fast"
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"{PAGE}?run={row.public_id}",
    )
    job = BatchJob.objects.get()
    assert (job.kind, job.started_by, row.by) == ("doctor", "root", "root")
    entry = LogEntry.objects.get()
    assert (entry.object_repr, job.public_id in entry.change_message) == (
        row.public_id,
        True,
    )
    job_page = console.get(f"/admin/jobs/batchjob/{job.pk}/change/").content.decode()
    assert f'href="{answer["Location"]}"' in job_page
    waiting = console.get(answer["Location"])
    assert waiting["Refresh"] == "2"
    assert "The examination is under way." in waiting.content.decode()
    assert 'value="grok-4.20-fast" selected' in waiting.content.decode()


def test_a_job_that_was_stopped_is_not_waited_for(console):
    console.post(PAGE)
    batches.cancel(BatchJob.objects.get().public_id, timezone.now())
    answer = console.get(PAGE)
    assert "Refresh" not in answer
    assert "It was not finished." in answer.content.decode()


def test_the_ladder_with_what_was_seen_and_what_to_do(console):
    ended(
        ok(Check.NODE, "proxied", node="pool-0"),
        REFUSED.taking(12),
        note(Check.PROFILE, "no_browser"),
        skipped(Check.EXIT, "not_reached"),
        skipped(Check.QUOTA, "not_reached"),
    )
    text = text_of(console)
    assert "At fault is the proxy (Connection)" in text
    assert '<li aria-current="step">' in text
    assert "The proxy refuses its user name or password: correct them." in text
    assert "12 ms" in text
    assert "Set proxy.clearance.user_agent to a browser&#x27;s own." in text
    assert "Not reached: Exit address, Quota." in text
    assert "/admin/gateway/egressnode/?q=pool-0" in text
    assert "/admin/accounts/account/?q=acc_1" in text
    assert "<script>" not in text


def test_earlier_ones_stay_and_one_that_is_gone_is_not_found(console):
    first = ended(REFUSED)
    ended(ok(Check.CONNECT, "connected", ms=3))
    assert "Everything that was looked at is sound." in text_of(console)
    where = f"{PAGE}?run={first.public_id}"
    assert "At fault is the proxy" in text_of(console, where)
    assert console.get(f"{PAGE}?run=no-such").status_code == 404


@pytest.mark.parametrize(
    "query", ["account=acc_7", "node=mine", "model=grok-4.20-fast"]
)
def test_links_fill_the_form(console, query):
    store.fill(EgressNode(name="mine"), parse("http://h:1")).save()
    name, _, value = query.partition("=")
    text = text_of(console, f"{PAGE}?{query}")
    assert re.search(
        rf'(name="{name}"[^>]*value="{value}"|value="{value}" selected)', text
    )


@pytest.mark.parametrize("field", ["account", "node", "model"])
def test_what_is_not_there_is_said_at_its_field(console, field):
    answer = console.post(PAGE, {field: "no-such"})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Examination.objects.exists()


def test_viewers_read_and_start_nothing(client):
    viewer = User.objects.create_user("eva", is_staff=True)
    viewer.groups.add(Group.objects.get(name=roles.VIEWER))
    client.force_login(viewer)
    ended(REFUSED)
    text = text_of(client)
    assert "At fault is the proxy" in text
    assert "Examine</button>" not in text
    assert client.post(PAGE).status_code == 403
    assert not BatchJob.objects.exists()


def test_pages_lead_there(console):
    account = make_account()
    node = store.fill(EgressNode(name="mine"), parse("http://h:1"))
    node.save()
    row = ended(REFUSED)
    now = row.created_at
    Alert.objects.create(
        kind="pool_empty", since=now, seen_at=now, examination=row.public_id
    )
    found = f"{PAGE}?run={row.public_id}"
    of_account = f"{PAGE}?account={account.public_id}"
    for where, link in {
        "/admin/": found,
        f"/admin/accounts/account/{account.pk}/change/": of_account,
        "/admin/gateway/egressnode/": PAGE,
        f"/admin/gateway/egressnode/{node.pk}/change/": f"{PAGE}?node=mine",
        f"/admin/gateway/alert/{Alert.objects.get().pk}/change/": found,
    }.items():
        assert f'href="{link}"' in text_of(console, where), where


def test_it_speaks_chinese(console):
    ended(REFUSED)
    with override("en"):  # the language of a request outlives it
        answer = console.get(PAGE, headers={"accept-language": "zh-hans"})
    text = answer.content.decode()
    assert "\u4ee3\u7406\u4e0d\u63a5\u53d7" in text
    assert "Connection" not in text
