"""What upstream's novelties become: rows, one notice, fixtures."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command

from gateway import sightings
from gateway.alerts import conditions, wording
from gateway.drift_tables import Drift
from gateway.upstream import drift
from gateway.upstream.decoder import ChatDecoder
from gateway.upstream.drift import Noticed, Oddity, Sentinel
from gateway.upstream.headers import Login
from grokgateway import config

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"result": {"response": {"hologram": {"title": "words"}}}}
NAME = "response:hologram"


@pytest.fixture(autouse=True)
def sentinel(monkeypatch):
    made = Sentinel()
    monkeypatch.setattr(drift, "HOME", made)
    with config.override({}):
        yield made


def meet(sentinel, account, frame=NEW):
    noticed = Noticed()
    if frame is not None:
        noticed.response(frame, frame["result"]["response"])
    sentinel.report(Login(account), noticed)


async def test_a_kind_that_several_accounts_meet_is_one_notice(sentinel):
    now = datetime.now(UTC)
    meet(sentinel, "anne")
    await sightings.follow()
    assert await notices(now) == []
    for account in ("anne", "bert", "carl"):
        meet(sentinel, account)
    for _ in range(4):
        meet(sentinel, "anne", None)
    await sightings.follow()
    (found,) = await notices(now)
    assert found.open_as == f"upstream_drift:{NAME}"
    told = wording.told(found.kind, found.about)
    assert told == f"Upstream sends something new: {NAME}, in 50.0 % of the answers."
    assert "words" not in str(found.about["sample"])
    assert await notices(now + timedelta(days=2)) == []


async def notices(now):
    return await sync_to_async(lambda: list(conditions.drifts(now)))()


async def test_a_new_field_is_listed_but_no_notice(sentinel):
    for account in ("anne", "bert"):
        meet(sentinel, account, {"result": {"response": {"token": "a", "mood": "b"}}})
    await sightings.follow()
    row = await Drift.objects.aget()
    assert (row.kind, row.name, row.streams) == ("field", "response:mood", 2)
    assert await notices(datetime.now(UTC)) == []


def test_the_sample_is_a_fixture_of_the_decoder(sentinel, tmp_path):
    meet(sentinel, "anne")
    sightings.written(*sentinel.taken())
    out = io.StringIO()
    call_command("drift", "--json", "--export", tmp_path, stdout=out)
    (told,) = json.loads(out.getvalue())
    assert (told["kind"], told["name"], told["accounts"]) == ("event", NAME, 1)
    fixture = tmp_path / "drift_event_response_hologram.sse"
    decoder = ChatDecoder("https://assets.example/", summary=False)
    assert decoder.feed(fixture.read_bytes()) == []
    assert list(decoder.noticed.samples) == [Oddity("event", NAME)]
    text = io.StringIO()
    call_command("drift", stdout=text)
    assert "100 % of answers, 1 accounts" in text.getvalue()


def test_nothing_unknown_is_said_in_words():
    out = io.StringIO()
    call_command("drift", stdout=out)
    assert out.getvalue() == "Nothing unknown was seen.\n"


def test_old_sightings_go(sentinel):
    meet(sentinel, "anne")
    sightings.written(*sentinel.taken())
    assert sightings.purge(datetime.now(UTC)) == 0
    assert sightings.purge(datetime.now(UTC) + timedelta(days=91)) == 1
