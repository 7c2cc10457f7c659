"""It looks by itself when something begins to fail: once, and seldom."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from gateway.alert_tables import Alert
from gateway.alerts import delivery
from gateway.doctor import records, watching
from gateway.doctor.asking import Asked
from gateway.doctor.findings import Case, Check, Report, failed
from gateway.doctor_tables import Examination
from gateway.egress.causes import Layer
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode
from gateway.exits import store
from grokgateway import config
from grokgateway.jobs.models import BatchItem, BatchJob

pytestmark = pytest.mark.django_db

PROXIED = {"proxy.egress.mode": "proxy_pool", "app.app_url": "https://g.example/"}


@pytest.fixture(autouse=True)
def settings_of_a_pool(ways):
    with config.override(PROXIED):
        yield


def alert(kind: str = "pool_empty", subject: str = "super") -> Alert:
    now = timezone.now()
    open_as = f"{kind}:{subject}"
    return Alert.objects.create(
        kind=kind, subject=subject, since=now, seen_at=now, open_as=open_as
    )


def out(name: str) -> None:
    row = store.fill(EgressNode(name=name), parse(f"http://{name}:1"))
    row.cooled_until, row.failures = timezone.now() + timedelta(hours=9), 1
    row.save()


def begun(paused=(), **later):
    return watching.begun(paused, timezone.now() + timedelta(**later))


def report(*nodes: str) -> Report:
    found = failed(
        Check.CONNECT, "cause_proxy_auth", layer=Layer.PROXY, cause="proxy_auth"
    )
    return Report(tuple(Case(node, "", "", (found,)) for node in nodes))


def test_nothing_is_done_while_nothing_fails():
    alert("pool_low")
    assert begun() is None
    assert not BatchJob.objects.exists()


def test_an_alert_is_looked_into_once_and_leads_to_what_was_found():
    told = alert()
    row = begun()
    assert row is not None
    told.refresh_from_db()
    assert told.examination == row.public_id
    assert (row.reason, row.by) == ("pool_empty:super", "doctor")
    item = BatchItem.objects.get()
    assert (item.target, item.job.kind) == (row.public_id, "doctor")
    assert begun(minutes=30) is None


@pytest.mark.parametrize(("minutes", "joins"), [(-1, True), (1, True), (5, False)])
def test_an_alert_that_begins_just_after_is_told_by_the_same(minutes, joins):
    out("mine")
    row = begun()
    assert row is not None
    told = alert("no_egress", "chat")
    told.since += timedelta(minutes=minutes)
    told.save()
    assert begun(seconds=30) is None
    told.refresh_from_db()
    assert told.examination == (row.public_id if joins else "")


def test_what_was_found_sound_explains_no_alert():
    out("mine")
    row = begun()
    assert row is not None
    records.close(row.public_id, Report(()))
    told = alert("no_egress", "chat")
    assert begun(seconds=30) is None
    told.refresh_from_db()
    assert told.examination == ""


def test_processes_share_one_pause():
    alert()
    assert begun()
    later = alert("no_egress", "chat")
    Alert.objects.filter(pk=later.pk).update(since=F("since") + timedelta(minutes=4))
    assert begun(minutes=5) is None
    assert begun(minutes=11)
    assert Examination.objects.count() == 2


def test_a_node_that_is_out_is_looked_at_alone_and_not_again_for_an_hour():
    out("mine")
    row = begun()
    assert row is not None
    assert row.asked["node"] == "mine"
    assert begun(minutes=20) is None
    assert begun(minutes=70)


def test_several_troubles_are_one_examination_of_all():
    out("mine")
    out("other")
    alert()
    row = begun(["chat auto"])
    assert row is not None
    assert row.asked["node"] == ""
    assert Examination.objects.count() == 1


def test_what_another_examination_saw_is_known():
    out("mine")
    row = records.open_one(Asked(), "somebody")
    records.close(row.public_id, report("mine", "pool-0"))
    assert begun() is None


def test_a_breaker_of_this_process_is_a_reason():
    row = begun(["chat auto"])
    assert row is not None
    assert row.reason == "upstream_paused:chat auto"
    assert begun(["chat auto"], minutes=20) is None


def test_direct_there_is_no_node_to_look_at():
    out("mine")
    with config.override({"proxy.egress.mode": "direct"}):
        assert begun() is None


async def test_it_can_be_switched_off(monkeypatch):
    def unasked(*_):
        raise AssertionError

    monkeypatch.setattr(watching, "begun", unasked)
    with config.override({"alerts.examine": False}):
        await watching.beat()


def test_the_alert_tells_what_was_found():
    told = alert()
    row = begun()
    assert row is not None
    told.refresh_from_db()
    assert delivery.body_of(told, ended=False)["doctor"] is None
    records.close(row.public_id, report("mine"))
    body = delivery.body_of(told, ended=False)
    assert body["doctor"] == {
        "sound": False,
        "verdict": "At fault is the proxy (Connection): "
        "The proxy does not accept its user name or password.",
        "address": f"https://g.example/admin/doctor/?run={row.public_id}",
    }


def test_old_examinations_go():
    row = records.open_one(Asked(), "somebody")
    assert records.purge(row.created_at + timedelta(days=29)) == 0
    assert records.purge(row.created_at + timedelta(days=31)) == 1
