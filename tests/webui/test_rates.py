"""Places of a visitor: taken, given back, run out."""

import asyncio

import pytest
from django.core.cache import caches

from grokgateway import config
from webui import rates
from webui.access import Visitor
from webui.errors import RateExceeded

ME = Visitor("key", "me", "192.0.2.1")
YOU = Visitor("key", "you", "192.0.2.1")


@pytest.fixture(autouse=True)
def limits():
    wanted = {"webui.chat_per_min": 2, "webui.image_runs": 1, "webui.voice_sessions": 1}
    with config.override(wanted):
        yield


async def test_turns_of_a_minute_are_counted_for_each_visitor():
    await rates.chat_turn(ME)
    await rates.chat_turn(ME)
    with pytest.raises(RateExceeded) as refused:
        await rates.chat_turn(ME)
    assert 50 < (refused.value.retry_after_s or 0) <= 60
    await rates.chat_turn(YOU)


async def test_without_a_key_an_address_is_one_visitor():
    for name in ("one", "two"):
        await rates.chat_turn(Visitor("open", name, "192.0.2.1"))
    with pytest.raises(RateExceeded):
        await rates.chat_turn(Visitor("open", "three", "192.0.2.1"))
    await rates.chat_turn(Visitor("open", "three", "192.0.2.2"))


async def test_an_image_run_gives_its_place_back():
    async with rates.image_run(ME):
        with pytest.raises(RateExceeded):
            async with rates.image_run(ME):
                pass
        async with rates.image_run(YOU):
            pass
    async with rates.image_run(ME):
        pass


async def test_a_long_image_run_keeps_its_place_and_gives_it_back(monkeypatch):
    monkeypatch.setattr(rates, "IMAGE_RUN_S", 0.3)
    async with rates.image_run(ME) as place:
        monkeypatch.setattr(rates, "IMAGE_RUN_S", 60)
        await rates.renew(place)
        await asyncio.sleep(0.4)
        with pytest.raises(RateExceeded):
            async with rates.image_run(ME):
                pass
    async with rates.image_run(ME):
        pass


async def test_a_cancelled_image_run_gives_its_place_back():
    async def run(begun):
        async with rates.image_run(ME):
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    task = asyncio.create_task(run(begun))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with rates.image_run(ME):
        pass


async def test_a_voice_session_holds_its_place_until_it_is_left():
    place = await rates.voice_session(ME)
    with pytest.raises(RateExceeded) as refused:
        await rates.voice_session(ME)
    assert 60 < (refused.value.retry_after_s or 0) <= rates.VOICE_SESSION_S
    assert refused.value.code == "voice_session_open"
    await rates.leave(place)
    await rates.voice_session(ME)


async def test_a_session_that_goes_on_keeps_its_place():
    place = await rates.voice_session(ME)
    kept = await rates.keep(place)
    assert kept is not None
    assert kept.until > place.until
    await rates.leave(kept)
    assert await rates.keep(kept) is None


async def test_a_place_that_ran_out_is_not_taken_from_the_next():
    place = await rates.voice_session(ME)
    await rates.leave(place)
    await rates.voice_session(ME)
    await rates.leave(place)
    assert await rates.keep(place) is None
    with pytest.raises(RateExceeded):
        await rates.voice_session(ME)


def test_two_that_come_at_once_take_different_places(monkeypatch):
    monkeypatch.setattr(caches["default"], "get_many", lambda _names: {})
    taken = [rates.take("chat", ME, 3, 60) for _ in range(3)]
    assert len({place.name for place in taken if isinstance(place, rates.Place)}) == 3
    assert isinstance(rates.take("chat", ME, 3, 60), float)
