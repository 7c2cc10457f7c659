"""Pictures over the Imagine socket of a running sandbox."""

import asyncio
import logging
import re
import time
from contextlib import aclosing

import orjson
import pytest

from gateway.errors import Kind, UpstreamFault
from gateway.upstream import imagine, pool
from gateway.upstream.headers import Login
from gateway.upstream.pictures import Moderated, Preview, Progress
from tests.e2e.making import (
    LOGIN,
    collected,
    downloaded,
    drawn,
    failed,
    percents,
    pictures,
    prompts,
    settings,
    size,
)
from tests.gateway.upstream.stand_in import Chosen, serving, whole


@pytest.fixture(autouse=True)
async def recording(sandbox):
    sandbox.reset()
    sandbox.settings(record=True)
    yield
    sandbox.settings(record=False)
    await pool.current().aclose()


async def test_a_picture_with_previews_and_progress(sandbox):
    events = await drawn(sandbox, "a red kite", ratio="16:9")
    (picture,) = pictures(events)
    assert size(picture.data) == ("JPEG", (384, 216))
    previews = [event for event in events if isinstance(event, Preview)]
    assert previews
    assert size(previews[0].data) == ("PNG", (384, 216))
    assert percents(events) == sorted(set(percents(events)))
    assert percents(events)[-1] == 100
    assert await downloaded(sandbox, picture.url) == (picture.data, "image/jpeg")


async def test_other_prompts_give_other_pictures(sandbox):
    kite = pictures(await drawn(sandbox, "a kite"))[0]
    assert kite.data != pictures(await drawn(sandbox, "a boat"))[0].data
    stock = [
        pictures(await drawn(sandbox, f"{prompt} [[stock]]"))[0].data
        for prompt in ("a kite", "a boat")
    ]
    assert stock[0] == stock[1]


@pytest.mark.parametrize(("pro", "sent"), [(False, 2), (True, 3)])
async def test_ten_pictures_take_rounds_on_one_socket(sandbox, pro, sent):
    events = await drawn(sandbox, "ten kites", 10, pro=pro)
    found = pictures(events)
    assert len({one.data for one in found}) == 10
    assert len({one.slot for one in found}) == 10
    stats = sandbox.stats()["endpoints"]
    assert stats["/ws/imagine/listen"] == 1
    assert len(prompts(sandbox)) == sent


async def test_what_is_sent(sandbox):
    await drawn(sandbox, "a \udcff kite", ratio="2:3", pro=True)
    upgrade, reset, _ = sandbox.requests(3)
    headers = upgrade["headers"]
    assert headers["cookie"] == "sso=sandbox-heavy-1; sso-rw=sandbox-heavy-1"
    assert headers["origin"] == sandbox.url
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert headers["accept-language"].startswith("zh-CN")
    assert headers["cache-control"] == headers["pragma"] == "no-cache"
    assert not {"x-statsig-id", "x-xai-request-id", "baggage"} & set(headers)
    assert orjson.loads(reset["body"])["item"]["content"] == [{"type": "reset"}]
    (prompt,) = prompts(sandbox)
    assert prompt["text"] == "a \ufffd kite"
    assert prompt["properties"] == {
        "section_count": 0,
        "is_kids_mode": False,
        "enable_nsfw": False,
        "skip_upsampler": False,
        "enable_side_by_side": True,
        "is_initial": False,
        "aspect_ratio": "2:3",
        "enable_pro": True,
    }


@pytest.mark.parametrize("pro", [False, True])
async def test_all_moderated_ends_at_once(sandbox, pro):
    begun = time.monotonic()
    failure = await failed(drawn(sandbox, "bad [[moderated]]", 4, pro=pro))
    assert time.monotonic() - begun < 0.8
    assert failure.kind is Kind.CONTENT_POLICY
    assert failure.fault is UpstreamFault.POLICY
    assert not failure.retryable
    assert len(prompts(sandbox)) == 1


async def test_partly_moderated_gives_the_rest(sandbox):
    events = await drawn(sandbox, "so-so [[moderated=5]]", 4)
    assert len(pictures(events)) == 2
    assert sum(isinstance(event, Moderated) for event in events) == 10
    assert len(prompts(sandbox)) == 2


async def test_rounds_have_an_end(sandbox):
    events = await drawn(sandbox, "few [[slots=1]]", 4)
    assert len(pictures(events)) == 2
    assert len(prompts(sandbox)) == 2


@pytest.mark.parametrize(
    ("asked", "kind", "fault"),
    [
        ("[[error=8]]", Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED),
        ("[[error=7]]", Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.CHALLENGE),
        ("[[error=odd]]", Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
        ("[[close_after=0]]", Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT),
        ("[[close_after=3]]", Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT),
        ("[[reset_after=3]]", Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT),
    ],
)
async def test_faults_of_a_round(sandbox, asked, kind, fault):
    failure = await failed(drawn(sandbox, f"kite {asked} [[slots=4]]", 1))
    assert (failure.kind, failure.fault) == (kind, fault)


@pytest.mark.parametrize("cut", ["close_after", "error_after", "reset_after"])
async def test_what_a_cut_round_has_shown_stands(sandbox, cut):
    error = "[[error=8]]" if cut == "error_after" else ""
    events = await drawn(sandbox, f"kite {error}[[{cut}=14]] [[slots=4]]", 4)
    assert len(pictures(events)) == 4
    assert len(prompts(sandbox)) == 1


async def test_a_socket_closed_after_each_round_is_opened_again(sandbox):
    events = await drawn(sandbox, "kites [[close_round]]", 10)
    assert len(pictures(events)) == 10
    assert sandbox.stats()["endpoints"]["/ws/imagine/listen"] == 2


@pytest.mark.parametrize("form", ["nostart", "completed_first", "nostart]][[slots=1"])
async def test_other_orders(sandbox, form):
    assert len(pictures(await drawn(sandbox, f"kite [[{form}]]"))) == 1


async def test_silence_is_a_timeout(sandbox):
    failure = await failed(
        drawn(sandbox, "kite [[stall_after=5]]", image__stream_timeout=0.3)
    )
    assert failure.kind is Kind.IDLE_TIMEOUT
    failure = await failed(drawn(sandbox, "kite [[noresult]]", image__timeout=0.3))
    assert failure.kind is Kind.UPSTREAM_TIMEOUT


async def test_silence_after_pictures_ends_with_them(sandbox):
    prompt = "kite [[nocompleted]] [[slots=2]]"
    events = await drawn(sandbox, prompt, 2, image__stream_timeout=0.3)
    assert len(pictures(events)) == 2


async def test_completed_without_pictures_is_no_result(sandbox, monkeypatch):
    monkeypatch.setattr(imagine, "LATE_PICTURE_S", 0.1)
    monkeypatch.setattr(imagine, "MORE_SLOTS_S", 0.1)
    failure = await failed(drawn(sandbox, "kite [[nourl]]"))
    assert (failure.kind, failure.fault) == (Kind.UPSTREAM_ERROR, UpstreamFault.EMPTY)
    assert len(prompts(sandbox)) == 2


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("sandbox-heavy-blocked", UpstreamFault.CREDENTIAL),
        ("sandbox-heavy-expired", UpstreamFault.CREDENTIAL),
        ("sandbox-heavy-bare401", UpstreamFault.UNAUTHORIZED),
        ("sandbox-heavy-ratelimited", UpstreamFault.RATE_LIMITED),
        ("sandbox-heavy-challenged", UpstreamFault.CHALLENGE),
        ("sandbox-heavy-err503", UpstreamFault.SERVER),
        ("sandbox-heavy-reset", UpstreamFault.TRANSPORT),
    ],
)
async def test_a_refused_upgrade_costs_nothing(sandbox, token, fault):
    events = imagine.generate(
        *(Login(token), "kite"), n=1, ratio="1:1", pro=False, settings=settings(sandbox)
    )
    failure = await failed(collected(events))
    assert failure.fault is fault
    assert not failure.charged
    assert token not in str(failure)


async def test_leaving_early_closes_the_socket(sandbox):
    chosen = settings(sandbox)
    prompt = "kite [[delay_ms=50]]"
    events = imagine.generate(
        LOGIN, prompt, n=4, ratio="1:1", pro=False, settings=chosen
    )
    async with aclosing(events) as told:
        assert isinstance(await anext(told), Progress)
    for _ in range(100):
        if sandbox.stats()["open_streams"] == 0:
            break
        await asyncio.sleep(0.02)
    assert sandbox.stats()["closed_early"] == 1


LATER = {"upstream__imagine_protocol": "v3"}


@pytest.mark.parametrize(("n", "pro"), [(1, False), (10, False), (6, True)])
async def test_the_later_form_makes_all_in_one_round(sandbox, n, pro):
    events = await drawn(sandbox, "kites", n, pro=pro, ratio="16:9", **LATER)
    found = pictures(events)
    assert len({one.data for one in found}) == n
    assert size(found[0].data) == ("JPEG", (384, 216))
    assert sum(isinstance(event, Preview) for event in events) == n
    assert percents(events)[-1] == 100
    (asked,) = prompts(sandbox)
    assert re.fullmatch("img_[0-9a-f]{32}", asked["requestId"])
    assert asked["properties"] == {
        "section_count": 0,
        "is_kids_mode": False,
        "enable_nsfw": False,
        "skip_upsampler": False,
        "enable_side_by_side": True,
        "is_initial": False,
        "aspect_ratio": "16:9",
        "enable_pro": pro,
        "num_generations": n,
    }


async def test_the_later_form_has_no_second_round(sandbox):
    begun = time.monotonic()
    events = await drawn(sandbox, "so-so [[moderated=2]]", 4, **LATER)
    assert len(pictures(events)) == 2
    failure = await failed(drawn(sandbox, "bad [[moderated]]", 2, **LATER))
    assert failure.kind is Kind.CONTENT_POLICY
    assert time.monotonic() - begun < 0.8
    assert len(prompts(sandbox)) == 2


async def test_the_one_round_may_take_three_times_as_long(sandbox):
    prompt = "kite [[delay_ms=150]]"  # four frames
    brief = {"image__timeout": 0.3}
    assert len(pictures(await drawn(sandbox, prompt, 1, **LATER, **brief))) == 1
    failure = await failed(drawn(sandbox, "kite [[noresult]]", 1, **LATER, **brief))
    assert failure.kind is Kind.UPSTREAM_TIMEOUT


async def test_slots_that_come_late_are_waited_for(sandbox):
    brief = {"image__stream_timeout": 0.3}
    events = await drawn(sandbox, "few [[slots=1]]", 4, **LATER, **brief)
    assert len(pictures(events)) == 1
    assert len(prompts(sandbox)) == 1


@pytest.mark.parametrize(
    ("taken", "protocol", "ratio"),
    [("new", "v2", "1:1"), ("old", "v3", "1:1"), ("both", "v3", "7:5")],
)
async def test_what_is_not_taken_is_an_error(sandbox, taken, protocol, ratio):
    sandbox.settings(imagine_forms=taken)
    form = {"upstream__imagine_protocol": protocol}
    try:
        failure = await failed(drawn(sandbox, "kite", ratio=ratio, **form))
    finally:
        sandbox.settings(imagine_forms="both")
    assert failure.kind is Kind.UPSTREAM_REJECTED
    assert failure.fault is UpstreamFault.REJECTED


async def test_nobody_listens():
    chosen = Chosen(
        upstream__base_url="http://127.0.0.1:9",
        image__timeout=5,
        image__stream_timeout=5,
        features__enable_nsfw=False,
    )
    events = imagine.generate(
        LOGIN, "kite", n=1, ratio="1:1", pro=False, settings=chosen
    )
    failure = await failed(collected(events))
    assert failure.fault is UpstreamFault.TRANSPORT
    assert failure.retryable
    assert not failure.charged


async def test_cookies_follow_no_redirect(sandbox):
    async def elsewhere(peer, _request):
        await peer.send(whole(b"{}"))

    async def away(peer, _request):
        location = f"Location: {other.url.replace('http', 'ws', 1)}/ws\r\n"
        await peer.send(whole(b"", location, "302 Found"))

    async with serving(elsewhere) as other, serving(away) as here:
        chosen = settings(sandbox, upstream__ws_url=here.url.replace("http", "ws", 1))
        failure = await failed(
            collected(
                imagine.generate(
                    LOGIN, "kite", n=1, ratio="1:1", pro=False, settings=chosen
                )
            )
        )
    assert failure.status == 302
    assert len(here.requests) == 1
    assert other.requests == []


async def test_no_log_shows_the_login(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    await drawn(sandbox, "a kite")
    assert LOGIN.token not in caplog.text
