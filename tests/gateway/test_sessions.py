from contextlib import aclosing
from dataclasses import replace

import pytest

from gateway import sessions, turn
from gateway.sessions import Sessions
from tests.gateway.ground import END, ask, said

GOOD = said("Hello") + END


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_session_is_remembered_for_an_hour():
    clock = Clock()
    known = Sessions(clock=clock)
    known.remember("s", 7)
    assert known.account_of("s") == 7
    clock.now = 3599.0
    assert known.account_of("s") == 7
    clock.now = 3601.0
    assert known.account_of("s") is None


def test_the_oldest_sessions_make_room():
    known = Sessions(limit=2)
    for number, name in enumerate("abc"):
        known.remember(name, number)
    assert [known.account_of(name) for name in "abc"] == [None, 1, 2]


def test_no_session_is_no_session():
    known = Sessions()
    known.remember("", 7)
    assert known.account_of("") is None


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(sessions.HOME, "sessions", Sessions())


async def ask_in(session):
    asked = replace(ask(), session=session)
    async with aclosing(turn.run(asked)) as batches:
        async for _ in batches:
            pass
    return asked.journal.attempts[-1].account


async def test_a_session_stays_on_its_account(stage, fresh):
    stage.add(*"abcdefgh")
    stage.upstream.will(*[GOOD] * 12)
    first = await ask_in("s1")
    others = {await ask_in("") for _ in range(7)}
    assert first not in others
    assert {await ask_in("s1") for _ in range(4)} == {first}


async def test_a_session_moves_on_when_its_account_cannot_serve(stage, fresh):
    stage.add("a", "b")
    stage.upstream.will(GOOD, 429, GOOD, GOOD)
    first = await ask_in("s1")
    second = await ask_in("s1")
    assert second != first
    assert await ask_in("s1") == second
