"""Rounds on an Imagine socket that says what it is told to."""

import base64
import json
from contextlib import aclosing, asynccontextmanager

import pytest

from gateway.egress.nodes import Scope
from gateway.errors import Kind, UpstreamFailure
from gateway.upstream import failures, imagine
from gateway.upstream.channel import Hosts
from gateway.upstream.headers import Login
from gateway.upstream.limits import Limits
from gateway.upstream.passage import Passage
from gateway.upstream.pictures import Picture, Preview, Progress, decoded
from gateway.upstream.websocket import Closed
from tests.gateway.upstream.stand_in import Chosen

SETTINGS = Chosen(
    image__timeout=60, image__stream_timeout=60, features__enable_nsfw=True
)
CLOSE, SILENCE = "close", "silence"
BYTES = b"\xff\xd8 a picture"


def slot(number, *, moderated=False):
    """The frames of one slot, from start to end."""
    name = f"{number:08x}-0000-4000-8000-000000000000"
    blob = base64.b64encode(BYTES + bytes((number,))).decode()
    return [
        {"type": "json", "current_status": "start_stage", "image_id": name},
        {"type": "image", "id": name, "url": f"images/{name}.png", "blob": blob},
        {
            "type": "json",
            "current_status": "completed",
            "image_id": name,
            "moderated": moderated,
        },
    ]


class Scripted:
    """Sockets in the order in which they are opened; each answers prompts in turn."""

    def __init__(self, *sockets):
        self.sockets = list(sockets)
        self.opened = 0
        self.sent = []
        self.waited = []

    @asynccontextmanager
    async def open(self, _login, _path, _settings):
        self.opened += 1
        script = self.sockets.pop(0)
        if isinstance(script, Exception):
            raise script
        yield Talk(self, list(script))


class Talk:
    passage = Passage(  # went no way yet
        Hosts(SETTINGS).base("/"), Login("t"), Scope.CHAT, SETTINGS, Limits(1.0, 1.0)
    )

    def __init__(self, home, rounds):
        self.home = home
        self.rounds = rounds
        self.frames = []

    async def send(self, message, _timeout_s):
        self.home.sent.append(json.loads(message))
        if "input_text" not in message:
            return
        if not self.rounds:
            raise Closed
        self.frames = list(self.rounds.pop(0))

    async def receive(self, timeout_s):
        self.home.waited.append(timeout_s)
        frame = self.frames.pop(0) if self.frames else SILENCE
        if frame == SILENCE:
            raise TimeoutError
        if frame == CLOSE:
            raise Closed
        return json.dumps(frame)


async def drawn(monkeypatch, home, n, settings=SETTINGS, **more):
    monkeypatch.setattr(imagine, "opened", home.open)
    made = imagine.generate(
        Login("t"), "kite", n=n, ratio="1:1", pro=False, settings=settings, **more
    )
    async with aclosing(made) as events:
        return [event async for event in events]


async def failed(monkeypatch, home, n):
    with pytest.raises(UpstreamFailure) as caught:
        await drawn(monkeypatch, home, n)
    return caught.value


def pictures(events):
    return [event for event in events if isinstance(event, Picture)]


def several(*numbers, **more):
    return [frame for number in numbers for frame in slot(number, **more)]


def prompts(home):
    return [one for one in home.sent if "text" in one["item"]["content"][0]]


@pytest.mark.parametrize(
    ("allowed", "adult"), [(True, True), (True, False), (False, True)]
)
async def test_adult_content_is_asked_for_only_where_it_is_allowed(
    monkeypatch, allowed, adult
):
    home = Scripted([several(1)])
    settings = Chosen(
        image__timeout=60, image__stream_timeout=60, features__enable_nsfw=allowed
    )
    await drawn(monkeypatch, home, 1, settings, adult=adult)
    asked = prompts(home)[0]["item"]["content"][0]["properties"]
    assert asked["enable_nsfw"] is (allowed and adult)


async def test_rounds_go_on_until_there_is_enough(monkeypatch):
    home = Scripted([several(1, 2, 3, 4), several(5, 6, 7, 8)])
    found = pictures(await drawn(monkeypatch, home, 6))
    assert [one.slot for one in found] == [0, 1, 2, 3, 4, 5]
    assert len({one.data for one in found}) == 6
    assert home.opened == 1
    first, second = prompts(home)
    ids = [one["item"]["content"][0]["requestId"] for one in (first, second)]
    assert ids[0] != ids[1]


async def test_paths_become_addresses(monkeypatch):
    (picture,) = pictures(await drawn(monkeypatch, Scripted([slot(1)]), 1))
    assert picture.url.startswith("https://assets.grok.com/images/")
    assert picture.data == BYTES + b"\x01"


async def test_a_round_that_brings_little_is_not_repeated_for_ever(monkeypatch):
    home = Scripted([slot(number) for number in range(20)])
    assert len(pictures(await drawn(monkeypatch, home, 8))) == 3
    assert len(prompts(home)) == 3


@pytest.mark.parametrize("ending", [[CLOSE], [SILENCE], []])
async def test_all_moderated_is_one_round(monkeypatch, ending):
    home = Scripted([several(1, 2, 3, 4, moderated=True) + ending, several(5, 6)])
    failure = await failed(monkeypatch, home, 4)
    assert failure.kind is Kind.CONTENT_POLICY
    assert len(prompts(home)) == 1
    assert home.waited[-1] == 0  # not a moment for more slots


async def test_moderated_after_pictures_ends_with_these(monkeypatch):
    home = Scripted([several(1, 2), several(3, 4, moderated=True), several(5, 6)])
    assert len(pictures(await drawn(monkeypatch, home, 9))) == 2
    assert len(prompts(home)) == 2


async def test_an_error_while_waiting_for_more_is_heard(monkeypatch):
    error = {"type": "error", "err_code": "rate_limit_exceeded", "err_msg": "slow"}
    home = Scripted([[*slot(1), error], slot(2)])
    assert len(pictures(await drawn(monkeypatch, home, 2))) == 1
    assert len(prompts(home)) == 1
    failure = await failed(monkeypatch, Scripted([[error]]), 2)
    assert failure.kind is Kind.RATE_LIMITED


@pytest.mark.parametrize("seen", [several(1, 2, 3, 4), []])
async def test_a_closed_socket_is_opened_again(monkeypatch, seen):
    home = Scripted([[*seen, CLOSE]], [several(5, 6, 7, 8, 9)])
    events = await drawn(monkeypatch, home, 5)
    assert len(pictures(events)) == 5
    assert home.opened == 2


async def test_a_socket_that_takes_no_second_prompt_is_opened_again(monkeypatch):
    home = Scripted([several(1, 2, 3, 4)], [several(5)])
    assert len(pictures(await drawn(monkeypatch, home, 5))) == 5
    assert home.opened == 2
    home = Scripted([several(1, 2, 3, 4)], [], [several(5)])
    assert len(pictures(await drawn(monkeypatch, home, 5))) == 4  # that was the last


async def test_what_was_made_stands_if_no_other_socket_opens(monkeypatch):
    gone = failures.timed_out(silent=False)
    home = Scripted([[*several(1, 2), CLOSE]], gone)
    assert len(pictures(await drawn(monkeypatch, home, 4))) == 2
    assert await failed(monkeypatch, Scripted(gone), 4) is gone


async def test_endless_closing_ends(monkeypatch):
    home = Scripted(*([[CLOSE]] for _ in range(9)))
    failure = await failed(monkeypatch, home, 4)
    assert failure.kind is Kind.UPSTREAM_ERROR
    assert home.opened == 2


async def test_silence_ends_the_request(monkeypatch):
    home = Scripted([[slot(1)[0]], several(2, 3)])
    failure = await failed(monkeypatch, home, 1)
    assert failure.kind is Kind.IDLE_TIMEOUT
    assert len(prompts(home)) == 1


async def test_waits_are_the_configured_ones(monkeypatch):
    home = Scripted([slot(1)])
    brief = Chosen(
        image__timeout=60, image__stream_timeout=7, features__enable_nsfw=False
    )
    await drawn(monkeypatch, home, 1, brief)
    assert set(home.waited) == {7}
    home = Scripted([slot(1)], [])
    brief = Chosen(
        image__timeout=3, image__stream_timeout=7, features__enable_nsfw=False
    )
    await drawn(monkeypatch, home, 1, brief)
    assert all(2.5 < waited <= 3 for waited in home.waited)


async def test_previews_come_before_pictures(monkeypatch):
    begin, final, end = slot(1)
    preview = {**final, "percentage_complete": 40}
    empty = {**preview, "blob": "?"}
    events = await drawn(
        monkeypatch, Scripted([[begin, empty, preview, final, end]]), 1
    )
    shown = [event for event in events if not isinstance(event, Progress)]
    assert [type(event) for event in shown] == [Preview, Picture]


@pytest.mark.parametrize(
    ("blob", "data"),
    [
        ("", None),
        ("aGk=", b"hi"),
        ("data:image/png;base64,aGk=", b"hi"),
        ("a", None),
        ("\u00e9", None),
        ("?", None),
        (base64.b64encode(b"x" * 200_000).decode(), b"x" * 200_000),
    ],
)
async def test_blobs(blob, data):
    assert await decoded(blob) == data


async def test_a_blob_has_a_limit(monkeypatch):
    monkeypatch.setattr("gateway.upstream.pictures.BLOB_CHARS", 8)
    assert await decoded("aGkhaGkh") == b"hi!hi!"
    assert await decoded("aGkhaGkhaGkh") is None
