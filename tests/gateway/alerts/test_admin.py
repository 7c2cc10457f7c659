"""Alerts in the console."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User

from gateway.alert_tables import Alert
from gateway.alerts import delivery
from grokgateway import config

LIST = "/admin/gateway/alert/"
TEST = f"{LIST}test/"


@pytest.fixture
def console(client, db):
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def delivered(monkeypatch):
    told = []

    async def deliver(alert, *, ended=False):
        told.append(alert.kind)
        return ""

    monkeypatch.setattr(delivery, "deliver", deliver)
    return told


def make_alert(**values):
    now = datetime.now(UTC)
    about = {"free_mb": 10, "floor_mb": 512}
    return Alert.objects.create(
        kind="disk_low", about=about, since=now, seen_at=now, **values
    )


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def test_alerts_are_listed_in_words(console):
    row = make_alert()
    text = console.get(LIST).content.decode()
    assert "Only 10 MB of disk are free, 512 MB are wanted." in text
    shown = console.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "Make room" in shown


def test_what_is_wrong_now_stands_above_all_else(console):
    make_alert()
    text = console.get("/admin/").content.decode()
    assert text.index("Only 10 MB of disk are free") < text.index("Three steps")
    Alert.objects.update(ended_at=datetime.now(UTC))
    text = console.get("/admin/").content.decode()
    assert "Only 10 MB" not in text
    assert 'id="panel-wrong"' in text


def test_a_test_is_sent(console, delivered):
    with config.override({"alerts.emails": ("ops@gateway.example",)}):
        answer = console.post(TEST, follow=True)
    assert delivered == ["test"]
    assert said(answer) == ["The test is delivered."]
    assert not Alert.objects.exists()


def test_without_a_way_nothing_is_sent(console, delivered):
    answer = console.post(TEST, follow=True)
    assert delivered == []
    assert said(answer) == ["Neither a webhook nor a mail address is set."]


def test_a_test_needs_the_permission_and_a_post(console, client, delivered):
    assert console.get(TEST).status_code == 405
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_alert"))
    client.force_login(user)
    assert client.post(TEST).status_code == 403
    assert "Send a test" not in client.get(LIST).content.decode()
    assert delivered == []
