"""When alerts begin, are told, and end."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.alert_tables import Alert
from gateway.alerts import delivery, watching
from gateway.alerts.conditions import Condition
from gateway.upstream import webhooks
from gateway.upstream.webhooks import Undelivered
from grokgateway import config

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LOW = Condition("pool_low", "super", {"pool": "super", "active": 1, "of": 20})
ABOUT_WEBHOOK = {"alerts.webhook_url": "https://hooks.example/x?token=secret"}

pytestmark = pytest.mark.django_db


def after(**span):
    return NOW + timedelta(**span)


def told_after(found, now):
    due = watching.brought_up_to_date(found, now)
    for alert, _ended in due:
        alert.told_at = now
        alert.save()
    return [(alert.kind, ended) for alert, ended in due]


def test_what_lasts_is_told_once_and_when_it_is_over():
    assert told_after([LOW], NOW) == []
    assert told_after([LOW], after(seconds=30)) == []
    assert told_after([LOW], after(seconds=60)) == [("pool_low", False)]
    assert told_after([LOW], after(hours=1)) == []
    assert told_after([LOW], after(hours=25)) == [("pool_low", False)]
    assert told_after([], after(hours=26)) == [("pool_low", True)]
    assert told_after([], after(hours=27)) == []
    assert Alert.objects.get().ended_at == after(hours=26)


def test_what_is_over_at_once_is_never_told():
    told_after([LOW], NOW)
    assert told_after([], after(seconds=30)) == []


def test_it_may_come_back():
    told_after([LOW], NOW)
    told_after([], after(seconds=30))
    told_after([LOW], after(minutes=5))
    assert told_after([LOW], after(minutes=6)) == [("pool_low", False)]
    assert Alert.objects.count() == 2


def test_the_figures_of_an_alert_are_the_latest():
    told_after([LOW], NOW)
    told_after([Condition("pool_low", "super", {"active": 0})], after(seconds=30))
    assert Alert.objects.get().about == {"active": 0}


def test_what_was_not_delivered_is_tried_again():
    told_after([LOW], NOW)
    told_after([LOW], after(minutes=1))
    Alert.objects.update(failure="no answer")
    assert told_after([LOW], after(minutes=5)) == []
    assert told_after([LOW], after(minutes=12)) == [("pool_low", False)]


def test_old_alerts_go():
    told_after([LOW], NOW)
    told_after([], after(days=1))
    told_after([LOW], after(days=80))
    assert watching.purge(after(days=92)) == 1
    assert Alert.objects.get().ended_at is None


def alert(**values):
    return Alert(kind="pool_low", about=LOW.about, since=NOW, seen_at=NOW, **values)


@pytest.fixture
def posted(monkeypatch):
    bodies = []

    async def post(url, body):
        bodies.append((url, body))

    monkeypatch.setattr(webhooks, "post", post)
    return bodies


@pytest.mark.parametrize(
    ("ended", "status", "text"),
    [
        (False, "firing", "[Grok Gateway] Few super accounts are left: 1 of 20"),
        (True, "resolved", "[Grok Gateway] Over: Few super accounts are left"),
    ],
)
async def test_it_goes_to_the_webhook(posted, ended, status, text):
    with config.override(ABOUT_WEBHOOK):
        assert await delivery.deliver(alert(), ended=ended) == ""
    ((url, body),) = posted
    assert url == ABOUT_WEBHOOK["alerts.webhook_url"]
    assert body["status"] == status
    assert body["text"].startswith(text)
    assert body["details"] == LOW.about


async def test_it_goes_by_mail(mailoutbox, posted):
    with config.override({"alerts.emails": ("ops@gateway.example",)}):
        assert await delivery.deliver(alert()) == ""
    (mail,) = mailoutbox
    assert mail.to == ["ops@gateway.example"]
    assert "Few super accounts" in mail.subject
    assert "Look at why the others are out" in mail.body
    assert posted == []


async def test_without_a_way_nobody_is_told(mailoutbox, posted):
    assert await delivery.deliver(alert()) == ""
    assert (mailoutbox, posted) == ([], [])


async def test_a_failure_is_told_without_the_address(monkeypatch, caplog):
    async def post(url, body):
        raise Undelivered("the webhook's host answered 500")

    monkeypatch.setattr(webhooks, "post", post)
    with config.override(ABOUT_WEBHOOK):
        assert await delivery.deliver(alert()) == "the webhook's host answered 500"
    assert "secret" not in caplog.text
