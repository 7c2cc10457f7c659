"""What upstream tells of pictures and films that are left (13.6)."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.sandbox.app import Sandbox
from gateway.upstream import media_quota, operations, weekly_credits
from gateway.upstream.headers import Login
from gateway.upstream.media_quota import MediaReading, parse
from tests.gateway.upstream.in_process import BASE, carried, chosen, recorded

SOME = {"available": True, "remainingQueries": 2, "windowSizeSeconds": 86400}
NULLS = dict.fromkeys(media_quota.KINDS)


def told(**kinds):
    return orjson.dumps({**NULLS, **kinds})


def test_each_kind_is_read_by_itself():
    none_left = {"available": False, "nextAvailableAt": "2026-08-18T04:47:49Z"}
    found = parse(told(image=SOME, video720p=none_left))
    again = datetime(2026, 8, 18, 4, 47, 49, tzinfo=UTC)
    assert found == {
        "image": MediaReading(True, 2, 86400, None),
        "video_720p": MediaReading(False, 0, 0, again),
    }
    assert parse(told()) == {}


@pytest.mark.parametrize("at", ["soon", "", None, 7])
def test_a_time_that_is_none_is_left_out(at):
    found = parse(told(video={"available": False, "nextAvailableAt": at}))
    assert found["video"].next_at is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        orjson.dumps({"image": None}),
        told(image={"remainingQueries": 2, "windowSizeSeconds": 1}),
        told(image={"available": "yes"}),
        told(image={"available": True, "windowSizeSeconds": 1}),
        told(image={"available": True, "remainingQueries": 1}),
    ],
)
def test_what_cannot_be_read_says_nothing(body):
    with pytest.raises(UpstreamFailure):
        parse(body)


@pytest.fixture
def sandbox(monkeypatch):
    made = Sandbox()
    made.state.settings.record = True
    with carried(made, monkeypatch.setattr):
        yield made


async def test_the_sandbox_tells_it_so(sandbox):
    settings = chosen("new")
    found = await media_quota.fetch(Login("sandbox-super-media3"), settings)
    assert {kind: one.remaining for kind, one in found.items()} == dict.fromkeys(
        media_quota.KINDS.values(), 3
    )
    assert set(await media_quota.fetch(Login("sandbox-basic-1"), settings)) == {
        *("image", "image_edit", "video")
    }
    none = await media_quota.fetch(Login("sandbox-super-media0-mediawin60"), settings)
    assert not any(one.available for one in none.values())
    next_at = none["video"].next_at
    assert next_at is not None
    left_s = next_at.timestamp() - datetime.now(UTC).timestamp()
    assert 50 < left_s <= 61
    asked = recorded(sandbox)[0]
    assert asked["headers"]["referer"] == f"{BASE}/imagine"
    assert asked["body"] == "{}"


async def test_credits_go_unsigned_and_need_no_body(sandbox):
    found = await weekly_credits.fetch(Login("sandbox-heavy-credits20"), chosen("new"))
    assert found is not None
    assert (found.percent, found.products) == (20.0, {"imagine": 20.0})
    (asked,) = recorded(sandbox)
    assert asked["body"] == "\0" * 5
    assert "x-statsig-id" not in asked["headers"]
    assert await weekly_credits.fetch(Login("sandbox-basic-1"), chosen("new")) is None


@pytest.mark.parametrize("ask", [media_quota.fetch, weekly_credits.fetch])
async def test_an_older_upstream_knows_of_neither(sandbox, ask):
    sandbox.state.settings.change([("quota_forms", "old")])
    with pytest.raises(UpstreamFailure) as caught:
        await ask(Login("sandbox-super-1"), chosen("old"))
    assert caught.value.absent
    assert not caught.value.charged
    sandbox.state.settings.change([("fault", "expired")])
    with pytest.raises(UpstreamFailure) as caught:
        await ask(Login("sandbox-super-1"), chosen("old"))
    assert caught.value.fault is UpstreamFault.CREDENTIAL


@pytest.mark.parametrize("forms", ["old", "both", "new"])
async def test_terms_are_accepted_with_or_without_the_second_step(sandbox, forms):
    sandbox.state.settings.change([("terms_forms", forms)])
    await operations.accept_terms(Login("sandbox-super-1"), chosen("new"))
    (account,) = sandbox.state.accounts.seen()
    assert account.terms_accepted
    assert account.terms_version == (0 if forms == "old" else 5)
