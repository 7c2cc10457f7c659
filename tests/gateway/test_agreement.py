"""Processes tell one another of the forms upstream takes."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import agreement
from gateway.alerts import conditions, wording
from gateway.form_tables import SpokenForm
from gateway.upstream import dialects
from gateway.upstream.dialects import Dialects, Switch
from grokgateway import config

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shipped_settings():
    with config.override({}):
        yield


def turned(operation="chat", form="gateway", ago_s=0.0, for_s=3600.0):
    since = datetime.now(UTC).timestamp() - ago_s
    return Switch(operation, form, since, since + for_s)


async def learn(monkeypatch, *switches):
    """This process decided something, and tells of it."""
    own = Dialects()
    for switch in switches:
        own._news[switch.operation] = switch
    own.adopt(switches)
    monkeypatch.setattr(dialects, "HOME", own)
    await agreement.follow()
    assert own.news() == []


async def test_what_one_process_learns_another_speaks(monkeypatch):
    await learn(monkeypatch, turned())
    other = Dialects()
    monkeypatch.setattr(dialects, "HOME", other)
    assert other.form("chat", config.current()) == "rest"
    await agreement.follow()
    assert other.form("chat", config.current()) == "gateway"
    assert other.form("upload", config.current()) == "v2"


async def test_the_latest_word_counts(monkeypatch):
    await learn(monkeypatch, turned(ago_s=10))
    await learn(monkeypatch, turned(ago_s=0, for_s=0))
    await learn(monkeypatch, turned(ago_s=20))
    row = await SpokenForm.objects.aget()
    assert row.since == row.until


async def test_what_could_not_be_told_is_told_later(monkeypatch):
    own = Dialects()
    own._news["chat"] = turned()
    monkeypatch.setattr(dialects, "HOME", own)
    with monkeypatch.context() as broken:
        broken.setattr(agreement, "write", refuse)
        with pytest.raises(OSError, match="no database"):
            await agreement.follow()
    assert len(own.news()) == 1


def refuse(_switch):
    raise OSError("no database")


def test_a_form_in_use_is_one_notice_for_as_long_as_it_lasts():
    now = datetime.now(UTC)
    agreement.write(turned("image_edit", "v3"))
    (found,) = conditions.forms(now)
    assert found.open_as == "form_changed:image_edit"
    told = wording.told(found.kind, found.about)
    assert told == "Upstream does not take image_edit requests in the usual form."
    later = now + timedelta(hours=1)
    assert list(conditions.forms(later + timedelta(minutes=1))) == [found]
    assert list(conditions.forms(later + timedelta(minutes=20))) == []


def test_a_form_that_was_chosen_since_is_no_news():
    agreement.write(turned())
    with config.override({"upstream.chat_protocol": "gateway"}):
        assert list(conditions.forms(datetime.now(UTC))) == []


async def test_what_another_version_wrote_is_passed_over(monkeypatch):
    now = datetime.now(UTC)
    for operation, form in (("telepathy", "v9"), ("chat", "v9"), ("upload", "v3")):
        await SpokenForm.objects.acreate(
            operation=operation, form=form, since=now, until=now + timedelta(hours=1)
        )
    own = Dialects()
    monkeypatch.setattr(dialects, "HOME", own)
    await agreement.follow()
    assert own.form("upload", config.current()) == "v3"
    assert own.form("chat", config.current()) == "rest"


def test_a_word_from_the_future_gives_way():
    agreement.write(turned(ago_s=-3600))
    agreement.write(turned(for_s=0))
    row = SpokenForm.objects.get()
    assert row.since == row.until


async def test_a_process_that_starts_anew_speaks_what_was_agreed(monkeypatch):
    await learn(monkeypatch, turned(ago_s=60))
    fresh = Dialects()
    monkeypatch.setattr(dialects, "HOME", fresh)
    await agreement.follow()
    assert fresh.form("chat", config.current()) == "gateway"
    assert fresh.news() == []
