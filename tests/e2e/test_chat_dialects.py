"""Both forms of a chat against the same expectations, over a running sandbox."""

import asyncio
import base64
import time
import uuid

import orjson
import pytest

from gateway.conversation.events import (
    Citation,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
)
from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import assets, chat, drift, identity, pool
from gateway.upstream.assets import File
from gateway.upstream.headers import Login
from tests.e2e.making import settings

PAGE = "https://example.org/page-"
LIMIT_S = 10


@pytest.fixture(params=["rest", "gateway"])
def form(request):
    return request.param


@pytest.fixture(autouse=True)
async def fresh(sandbox, monkeypatch):
    monkeypatch.setattr(identity, "HOME", identity.Known())
    sandbox.reset()
    yield
    await pool.current().aclose()


@pytest.fixture
def hear(sandbox, form):
    """All events of one turn."""

    async def heard(prompt, *files, mode="fast", account="heavy-1", **changed):
        name = f"sandbox-{account}"
        chosen = settings(sandbox, upstream__chat_protocol=form, **changed)
        turn = chat.Turn(f"[user]: {prompt}", mode, files)
        found = []
        async with asyncio.timeout(LIMIT_S):
            async with chat.ask(Login(name, user_of(name)), turn, chosen) as replies:
                async for events in replies:
                    found += events
        return found

    return heard


def user_of(name):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


@pytest.fixture
def fail(hear):
    async def failed(prompt, **more):
        with pytest.raises(UpstreamFailure) as caught:
            await hear(prompt, **more)
        return caught.value

    return failed


def text(events):
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def thinking(events):
    """Without the name of the agent, which only the older form tells with a tool."""
    said = "".join(e.text for e in events if isinstance(e, ReasoningDelta))
    return said.replace("[Grok] ", "")


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("more", ["", " [[delay_ms=2]]", " [[v3]]", " [[badjson]]"])
async def test_words_come_as_they_are(hear, more):
    events = await hear(f"[[tokens=5]]{more}")
    assert text(events) == "tok1 tok2 tok3 tok4 tok5 "
    assert events == [TextDelta(f"tok{n} ") for n in range(1, 6)]


@pytest.mark.parametrize(
    "prompt", ["[[unicode]]", "[[surrogate=pair]]", "[[bigframe]]"]
)
async def test_odd_texts(hear, prompt):
    known = {"[[surrogate=pair]]": "a \ufffd\ufffd", "[[bigframe]]": "x" * 65536}
    said = text(await hear(prompt))
    assert said == known.get(prompt, said)
    assert said


async def test_thinking_in_sentences_and_tokens(hear):
    events = await hear("[[thinking=2]] [[text=Yes]]")
    assert thinking(events) == (
        "Thinking about your request\nThis is thought number 1.\n"
        "This is thought number 2.\n"
    )
    assert (
        thinking(await hear("[[thinking_tokens=2]] [[text=Yes]]")) == "think1 think2 "
    )


async def test_late_thinking_is_told_late(hear):
    events = await hear("[[late_thinking]] [[text=one two]]")
    assert [event.late for event in of(ReasoningDelta, events)] == [True]
    assert text(events) == "one two"


@pytest.mark.parametrize("more", ["", " [[v3]]"])
async def test_searches_sources_and_citations(hear, more):
    events = await hear(f"[[citations]] [[xposts]] [[text=High water]]{more}")
    assert text(events) == (f"High water [[1]]({PAGE}1) and [[2]]({PAGE}2) more.")
    first, second = of(Citation, events)
    assert (first.url, first.title) == (f"{PAGE}1", "Page 1")
    assert text(events)[second.start : second.end] == f" [[2]]({PAGE}2)"
    assert of(Searched, events) == [Searched("tide tables")]
    assert [(one.url, one.type) for one in of(Source, events)] == [
        (f"{PAGE}1", "web"),
        (f"{PAGE}2", "web"),
        (f"{PAGE}3", "web"),
        ("https://x.com/reader/status/77", "x_post"),
        ("https://x.com/sailor/status/78", "x_post"),
    ]
    assert "web_search: tide tables" in thinking(events)


async def test_pictures_in_a_chat(hear, sandbox):
    events = await hear("[[image=2]] [[text=Here]]")
    assert [one.url for one in of(MediaReady, events)] == [
        f"{sandbox.url}/users/u1/generated/img-{n}/image.jpg" for n in (1, 2)
    ]
    assert [one.percent for one in of(MediaProgress, events)][:5] == [
        0,
        25,
        50,
        75,
        100,
    ]
    assert of(MediaReady, await hear("[[moderated]] [[text=No]]")) == []


@pytest.mark.parametrize("upload", ["v2", "v3"])
async def test_attachments(hear, sandbox, upload):
    chosen = settings(sandbox, upstream__upload_protocol=upload)
    file = File("tide.txt", "text/plain", base64.b64encode(b"high"))
    ids = await assets.upload_all(Login("sandbox-heavy-1"), [file], chosen)
    assert text(await hear("[[files]]", *ids)) == "tide.txt (text/plain, 4 bytes)"


async def test_an_attachment_of_another_account_is_refused(sandbox, form):
    chosen = settings(sandbox, upstream__chat_protocol=form)
    turn = chat.Turn("[user]: hi", "fast", ("nobody's",))
    with pytest.raises(UpstreamFailure):
        async with chat.ask(Login("sandbox-heavy-1"), turn, chosen) as replies:
            await anext(replies)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("blocked", UpstreamFault.CREDENTIAL),
        ("expired", UpstreamFault.CREDENTIAL),
        ("bare401", UpstreamFault.UNAUTHORIZED),
        ("forbidden", UpstreamFault.FORBIDDEN),
        ("policy", UpstreamFault.POLICY),
        ("ratelimited", UpstreamFault.RATE_LIMITED),
        ("challenged", UpstreamFault.CHALLENGE),
        ("err500", UpstreamFault.SERVER),
        ("err503", UpstreamFault.SERVER),
        ("reset", UpstreamFault.TRANSPORT),
    ],
)
async def test_refusals(fail, sandbox, fault, expected):
    account = f"heavy-{fault}"
    failure = await fail("hi", account=account)
    assert failure.fault is expected
    assert sandbox.stats()["accounts"][f"sandbox-{account}"]["modes"] == {}


@pytest.mark.parametrize(
    ("error", "kind", "fault"),
    [
        ("7", Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.CHALLENGE),
        ("8", Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED),
        ("usage", Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED),
        ("unavailable", Kind.UPSTREAM_UNAVAILABLE, UpstreamFault.SERVER),
        ("nested", Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
        ("listed", Kind.UPSTREAM_ERROR, UpstreamFault.SERVER),
    ],
)
async def test_errors_in_the_answer(fail, error, kind, fault):
    failure = await fail(f"[[tokens=3]] [[error={error}]] [[error_after=1]]")
    assert (failure.kind, failure.fault) == (kind, fault)


async def test_a_spent_quota(hear, fail):
    account = "heavy-quota1"
    assert text(await hear("[[text=Once]]", account=account)) == "Once"
    failure = await fail("[[text=Twice]]", account=account)
    assert failure.kind is Kind.RATE_LIMITED


async def listen(asked, said):
    async with asked as replies:
        async for events in replies:
            said += events


@pytest.mark.parametrize("cut", ["reset_after=2", "close_mid=2"])
async def test_an_answer_that_is_cut_in_the_middle(sandbox, form, cut):
    chosen = settings(sandbox, upstream__chat_protocol=form)
    turn = chat.Turn(f"[user]: [[tokens=9]] [[delay_ms=5]] [[{cut}]]", "fast")
    said: list[object] = []
    with pytest.raises(UpstreamFailure) as caught:
        await listen(chat.ask(Login("sandbox-heavy-1"), turn, chosen), said)
    assert text(said) == "tok1 tok2 "
    assert caught.value.kind is Kind.UPSTREAM_ERROR
    assert caught.value.sent


async def test_silence(fail):
    prompt = "[[tokens=9]] [[delay_ms=1]] [[stall_after=2]]"
    failure = await fail(prompt, chat__timeout=0.3)
    assert failure.kind is Kind.IDLE_TIMEOUT


@pytest.mark.parametrize(
    "prompt", ["[[tokens=99]] [[delay_ms=30]]", "[[first_ms=5000]]"]
)
async def test_leaving_lets_go_of_upstream_within_a_second(hear, sandbox, prompt):
    listening = asyncio.create_task(hear(prompt))
    await asyncio.to_thread(until, lambda: sandbox.stats()["open_streams"] == 1)
    started = time.monotonic()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    await asyncio.to_thread(until, lambda: sandbox.stats()["open_streams"] == 0)
    assert time.monotonic() - started < 1
    assert sandbox.stats()["closed_early"] == 1


def until(check):
    deadline = time.monotonic() + LIMIT_S
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ["blocked", "expired", "bare401"])
async def test_a_dead_session_is_known_before_the_upgrade(sandbox, fault):
    """Where the user is not known yet, the session is asked for it (13.1)."""
    chosen = settings(sandbox, upstream__chat_protocol="gateway")
    asked = chat.ask(Login(f"sandbox-heavy-{fault}"), chat.Turn("hi", "fast"), chosen)
    with pytest.raises(UpstreamFailure) as caught:
        await listen(asked, [])
    assert caught.value.fault is UpstreamFault.CREDENTIAL
    assert not caught.value.sent
    assert list(sandbox.stats()["endpoints"]) == ["/api/auth/session"]


async def test_the_user_is_asked_for_once(sandbox):
    chosen = settings(sandbox, upstream__chat_protocol="gateway")
    for _ in range(2):
        turn = chat.Turn("[[text=Yes]]", "fast")
        await listen(chat.ask(Login("sandbox-heavy-1"), turn, chosen), [])
    assert sandbox.stats()["endpoints"] == {"/api/auth/session": 1, "/ws/mgw/": 2}


async def test_an_unknown_kind_of_frame_breaks_nothing(
    hear, sandbox, form, monkeypatch
):
    monkeypatch.setattr(drift, "HOME", drift.Sentinel())
    for account in ("heavy-1", "heavy-2"):
        assert text(await hear("[[text=one two]]", account=account)) == "one two"
        sandbox.settings(drift="hologram")  # in mid-run
    try:
        for account in ("heavy-1", "heavy-2"):
            assert text(await hear("[[text=one two]]", account=account)) == "one two"
    finally:
        sandbox.settings(drift="")
    streams, found = drift.HOME.taken()
    assert streams == 4
    ((oddity, sighting),) = found.items()
    separator = ":" if form == "rest" else "."
    assert oddity == drift.Oddity("event", f"response{separator}hologram")
    assert len(sighting.witnesses) == 2
    assert "Something new" not in sighting.sample


async def test_computer_use_has_the_older_form_only(hear, sandbox):
    said = text(await hear("[[text=Yes]]", mode="grok_4_3"))
    assert said == "Yes"
    assert list(sandbox.stats()["endpoints"]) == ["/rest/app-chat/conversations/new"]


async def test_what_a_session_says(sandbox):
    sandbox.settings(record=True)
    chosen = settings(
        sandbox,
        upstream__chat_protocol="gateway",
        proxy__clearance__cf_clearance="fresh",
        features__custom_instruction="Be brief.",
    )
    file = File("a.txt", "text/plain", base64.b64encode(b"a"))
    (identity,) = await assets.upload_all(Login("sandbox-heavy-1"), [file], chosen)
    turn = chat.Turn("[user]: hi", "fast", (identity,))
    async with chat.ask(Login("sandbox-heavy-1"), turn, chosen) as replies:
        assert [events async for events in replies]
    _, session, upgrade, *said = sandbox.requests(20)
    sandbox.settings(record=False)
    assert session["path"] == "/api/auth/session"
    assert not {"origin", "content-type", "x-statsig-id"} & set(session["headers"])
    user_id = upgrade["query"].removeprefix("uid=")
    assert upgrade["headers"]["cookie"] == (
        "sso=sandbox-heavy-1; sso-rw=sandbox-heavy-1; cf_clearance=fresh; "
        f"x-userid={user_id}"
    )
    assert not [name for name in upgrade["headers"] if name.startswith("sec-ch-")]
    creation, message, wish = (orjson.loads(one["body"]) for one in said)
    assert creation["event"]["session"] == {
        "model": "fast",
        "x_grok": {
            "protocol_capabilities": ["conversation_attached", "custom_methods_v1"],
            "use_chunk": True,
            "enable_side_by_side": True,
            "force_side_by_side": False,
            "enable_image_generation": True,
            "image_generation_count": 2,
            "disable_text_follow_ups": False,
            "disable_artifact": True,
            "force_concise": False,
            "keep_context": False,
            "is_temporary": True,
            "disable_memory": True,
        },
    }
    assert creation["event"]["event_id"].startswith("evt_init_")
    assert message["session_id"] == wish["session_id"] == "conv-1"
    assert message["event"]["file_attachment_ids"] == [identity]
    assert message["event"]["item"]["x_grok"]["input_chunks"] == [
        {"mention": {"target": {"file_mention": {"file_id": identity}}}},
        {"text": {"text": "[system]: Be brief.\n\n[user]: hi"}},
    ]
    assert wish["event"]["type"] == "response.create"
