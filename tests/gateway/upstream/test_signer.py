"""Signed anti-bot values: who signs what, for how long, and what if nobody does."""

import asyncio
import gzip
import logging
from base64 import b64encode

import httpx
import orjson
import pytest

from gateway.errors import UpstreamFailure
from gateway.sandbox.app import Sandbox
from gateway.upstream import assets, operations, pool, quota, signer, weekly_credits
from gateway.upstream.assets import File
from gateway.upstream.headers import Login
from gateway.upstream.signer import KEPT_S, MOST, PAUSE_S, Signatures, meta_of
from tests.gateway.upstream.in_process import carried, chosen, recorded

SIGNER = "http://127.0.0.1:7/sign"
LOGIN = Login("sandbox-super-1")
META = "c2FuZGJveA"  # of the sandbox's page
SIGNED = {"upstream__statsig_signer_url": SIGNER}
FILE = File("a.txt", "text/plain", b64encode(b"a"))


def made(number):
    return b64encode(bytes([number]) * 70).decode()


class Signer:
    """Answers with values that count up, or with what is set."""

    def __init__(self):
        self.asked: list[httpx.Request] = []
        self.answer: httpx.Response | Exception | None = None

    async def __call__(self, request):
        self.asked.append(request)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        return httpx.Response(200, json={"x-statsig-id": made(len(self.asked))})

    def questions(self):
        return [orjson.loads(one.content) for one in self.asked]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(signer, "HOME", Signatures(clock))
    return clock


@pytest.fixture
def signing(clock, monkeypatch):
    found = Signer()
    transport = httpx.MockTransport(found)
    monkeypatch.setattr(signer, "Transport", lambda: transport)
    return found


@pytest.fixture
def sandbox(monkeypatch):
    found = Sandbox()
    found.state.settings.record = True
    with carried(found, monkeypatch.setattr):
        yield found


def sent(sandbox, path=quota.PATH):
    """The values that calls to this path were sent with."""
    calls = [one for one in recorded(sandbox) if one["path"] == path]
    return [one["headers"].get("x-statsig-id") for one in calls]


async def ask(mode="fast", **changed):
    settings = chosen("old", **{**SIGNED, **changed})
    return await quota.fetch(LOGIN, mode, settings)


async def test_a_signer_learns_nothing_of_a_login(sandbox, signing):
    assert await ask()
    (question,) = signing.asked
    assert orjson.loads(question.content) == {
        "method": "POST",
        "path": quota.PATH,
        "environment": {"metaContent": META},
    }
    assert str(question.url) == SIGNER
    assert "cookie" not in question.headers
    assert LOGIN.token not in str(question.headers.raw)
    page, call = recorded(sandbox)
    assert page["path"] == "/index"
    assert page["headers"]["sec-fetch-mode"] == "navigate"
    assert not {"x-statsig-id", "content-type", "origin"} & set(page["headers"])
    assert call["headers"]["x-statsig-id"] == made(1)


async def test_a_value_is_kept_for_an_hour_by_path(sandbox, signing, clock):
    for _ in range(3):
        await ask()
    await operations.show_adult_content(LOGIN, chosen("old", **SIGNED), enabled=False)
    assert len(signing.asked) == 2
    assert [one["path"] for one in recorded(sandbox)].count("/index") == 1
    clock.now += KEPT_S
    await ask()
    assert sent(sandbox) == [made(1)] * 3 + [made(3)]
    assert [one["path"] for one in recorded(sandbox)].count("/index") == 2


async def test_many_at_once_ask_once(sandbox, signing):
    await asyncio.gather(*[ask() for _ in range(9)])
    assert len(signing.asked) == 1
    assert sent(sandbox) == [made(1)] * 9


async def test_without_a_signer_or_with_a_value_nobody_is_asked(sandbox, signing):
    await ask(upstream__statsig_signer_url="")
    await ask(upstream__statsig_value="own")
    assert signing.asked == []
    assert sent(sandbox)[1] == "own"


@pytest.mark.parametrize("form", ["old", "new"])
async def test_what_goes_unsigned(sandbox, signing, form):
    settings = chosen(form, **SIGNED)
    await assets.upload_all(LOGIN, [FILE], settings)
    await weekly_credits.fetch(LOGIN, settings)
    assert signing.asked == []
    await operations.accept_terms(LOGIN, settings)
    assert [one["path"] for one in signing.questions()] == [operations.TERMS_SET_PATH]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://127.0.0.1:6/"}),
        httpx.Response(200, content=b"{}"),
        httpx.Response(200, content=b"no json"),
        httpx.Response(200, content=b"[]"),
        httpx.Response(200, json={"x-statsig-id": made(1)[:-4]}),
        httpx.Response(200, json={"x-statsig-id": "!" * 96}),
        httpx.Response(200, json={"x-statsig-id": made(1) + "\r\nx: y"}),
        httpx.Response(200, json={"x-statsig-id": made(1), "more": "x" * 5000}),
        httpx.Response(
            200,
            headers={"content-encoding": "gzip"},
            content=gzip.compress(orjson.dumps({"x-statsig-id": made(1)})),
        ),
        httpx.ConnectError("no"),
        httpx.ReadTimeout("slow"),
    ],
)
async def test_where_nothing_good_comes_nothing_is_sent(
    sandbox, signing, answer, caplog
):
    caplog.set_level(logging.INFO)
    signing.answer = answer
    assert await ask()
    assert sent(sandbox) == [None]
    assert len(signing.asked) == 1
    assert "x-statsig-id could be had" in caplog.text
    assert LOGIN.token not in caplog.text


async def test_a_signer_that_fails_is_left_alone_for_a_while(sandbox, signing, clock):
    signing.answer = httpx.Response(500)
    for _ in range(4):
        await ask()
    assert len(signing.asked) == 1
    clock.now += PAUSE_S
    signing.answer = None
    await ask()
    assert sent(sandbox)[-1] == made(2)


async def test_an_older_value_is_sent_while_the_signer_fails(sandbox, signing, clock):
    await ask()
    clock.now += KEPT_S + 1
    signing.answer = httpx.Response(500)
    await ask()
    assert sent(sandbox) == [made(1)] * 2


async def test_the_page_is_read_anew_if_what_is_known_is_not_taken(
    sandbox, signing, clock
):
    signer.HOME.learn("http://127.0.0.1:9", "outdated")
    signing.answer = httpx.Response(422)
    await ask()
    metas = [one["environment"]["metaContent"] for one in signing.questions()]
    assert metas == ["outdated", META]


class Guarded:
    """Takes one value only; `pages` are by path."""

    def __init__(self):
        self.taken = made(2)
        self.refusal = httpx.Response(403, json={"code": 7, "message": "denied"})
        self.pages = {"/index": (200, f'<meta name="{signer.MARKER}" content="m">')}
        self.values = []

    async def __call__(self, request):
        path = request.url.path
        if request.method == "GET":
            status, text = self.pages.get(path, (404, ""))
            return httpx.Response(status, text=text)
        self.values.append(request.headers.get("x-statsig-id"))
        if self.values[-1] != self.taken:
            return self.refusal
        return httpx.Response(200, json={"remainingQueries": 1, "totalQueries": 2})


@pytest.fixture
def guarded():
    found = Guarded()
    with pool.carried_by(httpx.MockTransport(found)):
        yield found


async def test_a_refused_value_is_replaced_once(guarded, signing):
    assert await ask()
    assert guarded.values == [made(1), made(2)]
    guarded.taken = made(9)
    await ask()
    assert guarded.values[2:] == [made(2), made(3)]


async def test_a_blocked_account_is_no_matter_of_signatures(guarded, signing):
    told = {"code": 7, "message": "User is blocked [WKE=unauthorized:blocked-user]"}
    guarded.refusal = httpx.Response(403, json=told)
    with pytest.raises(UpstreamFailure):
        await ask()
    assert guarded.values == [made(1)]


@pytest.mark.parametrize(
    ("pages", "known"),
    [
        ({"/index": (404, ""), "/": (200, '<meta name="X" content="m">')}, True),
        ({"/index": (404, '<meta name="X" content="m">')}, True),
        ({"/index": (200, "<html>")}, False),
        ({"/index": (500, '<meta name="X" content="m">')}, False),
        ({"/index": (302, '<meta name="X" content="m">')}, False),
    ],
)
async def test_where_the_page_is(guarded, signing, pages, known):
    guarded.pages = {
        path: (status, text.replace("X", signer.MARKER))
        for path, (status, text) in pages.items()
    }
    guarded.taken = made(1) if known else None
    await ask()
    assert guarded.values == [guarded.taken]
    assert len(signing.asked) == int(known)


@pytest.mark.parametrize(
    ("page", "content"),
    [
        ('<meta name="grok-site-verification" content="a b">', "a b"),
        ("<META content='x&amp;y' NAME='grok-site-verification'/>", "x&y"),
        ('<meta name="grok\u2010site\u2011verification" content="d">', "d"),
        ('<meta name="other" content="o"><p>', ""),
        ('<meta name="grok-site-verification">', ""),
        ("<meta " * 10_000, ""),
    ],
)
def test_what_the_page_says(page, content):
    assert meta_of(page) == content


def test_memory_has_bounds():
    kept = Signatures()
    for number in range(MOST + 10):
        kept.keep(("b", "s", "POST", str(number)), b"v")
    assert kept.fresh(("b", "s", "POST", "9")) is None
    assert kept.fresh(("b", "s", "POST", "10")) == b"v"
