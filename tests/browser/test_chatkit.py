"""The voice page with a room that does as told (console-webui 10, item 11)."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.surfing import browser
from tests.e2e.conftest import POOLS
from tests.e2e.gateway_process import running_gateway
from tests.gateway.sandbox.process import running_sandbox

PAGE = "/webui/chatkit"
TOKEN = "**/webui/api/voice/token"
LIBRARY = "**/livekit-client.umd.js"
ROOMS = (Path(__file__).parent / "rooms.js").read_text()
NOWHERE = "ws://127.0.0.1:9"
NAME = "voice.test"  # a name that is not this computer's own
FLAGS = (
    "--use-fake-device-for-media-stream",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
)
COUNT_FRAMES = """() => {
  const own = requestAnimationFrame;
  window.frames_drawn = 0;
  window.requestAnimationFrame = (draw) => { window.frames_drawn += 1; own(draw) };
}"""
SETTLED_MS = 400  # colours of buttons change slowly
THEMES, WIDTHS = ("light", "dark"), (360, 1440)


@pytest.fixture(scope="module")
def chromium():
    with browser(*FLAGS) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    with running_sandbox() as upstream:
        with running_gateway(
            folder,
            upstream.url,
            POOLS,
            GROK_APP_APP_KEY="a console key for tests",
            GROK_APP_WEBUI_ENABLED="true",
            GROK_UPSTREAM_LIVEKIT_URL=NOWHERE,
            ALLOWED_HOSTS=f"127.0.0.1,{NAME}",
        ) as running:
            yield running


@pytest.fixture
def come(gateway, visit):
    """The voice page, in a room that is ours: `come()`."""

    def at(*, permissions=("microphone",), rooms=ROOMS, path=PAGE, **options):
        visitor = visit(gateway, permissions=list(permissions), **options)
        visitor.tokens = []
        visitor.page.on(
            "request",
            lambda request: (
                visitor.tokens.append(request) if "voice/token" in request.url else None
            ),
        )
        if rooms:
            visitor.page.route(LIBRARY, lambda route: route.fulfill(body=rooms))
        visitor.go(path)
        return visitor

    return at


@pytest.fixture
def visitor(come):
    visitor = come()
    yield visitor
    leave(visitor)


def leave(visitor):
    """Give the place back, and wait until the gateway knows."""
    end = visitor.page.locator("[data-end]")
    if end.is_visible():
        with visitor.page.expect_response("**/voice/end"):
            end.click()


def state(visitor, name):
    expect(visitor.page.locator("[data-voice]")).to_have_attribute("data-state", name)


def start(visitor):
    visitor.page.get_by_role("button", name="Start").click()


def live(visitor):
    start(visitor)
    state(visitor, "live")
    visitor.page.evaluate("room.grokJoins()")


def problem(visitor, title):
    box = visitor.page.get_by_role("alert").filter(has_text=title)
    expect(box).to_be_visible()
    return box


def emit(visitor, name, *values):
    given = ", ".join(values)
    visitor.page.evaluate(f"() => {{ room.emit('{name}', {given}) }}")


def test_a_session_goes_through_all_its_states(visitor):
    page = visitor.page
    state(visitor, "idle")
    start(visitor)
    state(visitor, "live")
    line = page.locator("[data-line]")
    expect(line).to_contain_text("about to join")
    page.evaluate("room.grokJoins()")
    expect(line).to_contain_text("Grok is listening")
    emit(visitor, "ActiveSpeakersChanged", "[room.grok]")
    state(visitor, "speaking")
    emit(visitor, "ActiveSpeakersChanged", "[{identity: 'me'}]")
    state(visitor, "live")
    page.get_by_role("button", name="Pause").click()
    state(visitor, "paused")
    assert page.evaluate("room.published.muted")
    page.get_by_role("button", name="Resume").click()
    state(visitor, "live")
    assert not page.evaluate("room.published.muted")
    page.get_by_role("button", name="Mute sound").click()
    state(visitor, "muted")
    assert page.evaluate("document.querySelector('audio').muted")
    page.get_by_role("button", name="Sound on").click()
    emit(visitor, "Reconnecting")
    state(visitor, "reconnecting")
    emit(visitor, "Reconnected")
    state(visitor, "live")
    expect(page.locator("[data-timer]")).not_to_have_text("00:00")
    assert len(visitor.tokens) == 1
    leave(visitor)
    state(visitor, "ended")
    assert page.evaluate("room.left && room.published.media.readyState") == "ended"
    assert visitor.faults() == []


def test_what_is_asked_for_is_what_was_chosen(visitor):
    page = visitor.page
    page.get_by_role("combobox", name="Voice").select_option("rex")
    page.get_by_label("Speed").select_option("1.5")
    page.get_by_label("Personality").select_option("custom")
    start(visitor)
    expect(
        page.get_by_text("A custom personality needs an instruction.")
    ).to_be_visible()
    assert visitor.tokens == []
    page.get_by_label("Instruction").fill("Answer in verse.")
    live(visitor)
    assert json.loads(visitor.tokens[0].post_data) == {
        "voice": "rex",
        "personality": "custom",
        "speed": 1.5,
        "instruction": "Answer in verse.",
    }
    joined = page.evaluate("room.joined")
    assert joined["url"] == NOWHERE
    assert joined["token"].count(".") == 2
    expect(page.get_by_text("Changes apply to the next session.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("combobox", name="Voice")).to_have_value("rex")


def test_what_is_said_is_written_down(visitor):
    page = visitor.page
    live(visitor)
    log = page.get_by_role("log")
    page.evaluate("room.says('Good evening.')")
    page.evaluate("room.says('And to you', {id: 's2', by: {identity: 'me'}})")
    page.evaluate("room.says('And to you, friend', {id: 's2', by: {identity: 'me'}})")
    same = "[{id: 's1', text: 'Good evening!', final: true}]"
    emit(visitor, "TranscriptionReceived", same, "room.grok")
    data = {"type": "transcript", "role": "assistant", "text": "<b>By data</b>"}
    sent = f"new TextEncoder().encode({json.dumps(json.dumps(data))})"
    emit(visitor, "DataReceived", sent)
    emit(visitor, "DataReceived", "new Uint8Array([255, 1])")
    expect(log.get_by_role("listitem")).to_have_text(
        ["GrokGood evening!", "YouAnd to you, friend", "Grok<b>By data</b>"]
    )
    assert visitor.faults() == []


def test_devices_are_named_and_can_be_changed(visitor):
    page = visitor.page
    page.get_by_role("button", name="Test").click()
    page.wait_for_function("() => document.querySelector('[data-level]').value > 0")
    live(visitor)
    choices = page.get_by_label("Microphone").locator("option")
    assert choices.count() > 1
    before = page.evaluate("room.published.media.id")
    page.get_by_label("Microphone").select_option(index=2)
    page.wait_for_function("before => room.published.media.id !== before", arg=before)
    page.wait_for_function("() => document.querySelector('[data-level]').value > 0")
    assert len(visitor.tokens) == 1


def test_a_new_session_ends_the_one_before(visitor):
    live(visitor)
    with visitor.page.expect_response("**/voice/end"):
        visitor.page.get_by_role("button", name="New session").click()
    visitor.page.wait_for_function("() => rooms.length === 2")
    state(visitor, "live")
    assert visitor.page.evaluate("rooms[0].left && !rooms[1].left")
    assert len(visitor.tokens) == 2


def test_a_lost_connection_is_told_and_can_be_tried_again(visitor):
    live(visitor)
    emit(visitor, "Disconnected", "14")
    state(visitor, "lost")
    box = problem(visitor, "The connection was lost")
    box.get_by_role("button", name="Try again").click()
    state(visitor, "live")
    expect(box).to_have_count(0)
    emit(visitor, "Disconnected", "5")
    state(visitor, "ended")
    closed = problem(visitor, "The room was closed")
    closed.get_by_role("button", name="Close this message").click()
    expect(closed).to_have_count(0)


def test_a_second_session_says_when_the_first_will_be_over(come, visitor):
    live(visitor)
    other = come()
    start(other)
    box = problem(other, "Another voice session is open")
    expect(box).to_contain_text(":")
    state(other, "error")
    leave(visitor)
    box.get_by_role("button", name="Try again").click()
    state(other, "live")
    leave(other)
    assert [fault for fault in other.faults() if "429" not in fault] == []


def test_a_microphone_that_is_denied_costs_no_token(come):
    visitor = come(permissions=())
    start(visitor)
    problem(visitor, "The microphone is not allowed")
    state(visitor, "error")
    assert visitor.tokens == []
    assert visitor.faults() == []


def test_a_page_that_is_not_encrypted_says_so(come, gateway):
    visitor = come(permissions=())
    visitor.home = gateway.url.replace("127.0.0.1", NAME)
    visitor.go(PAGE)
    start(visitor)
    box = problem(visitor, "This page is not encrypted")
    expect(box).to_contain_text(f"Open {NAME}")
    expect(box.get_by_role("button", name="Try again")).to_be_hidden()
    assert visitor.tokens == []


MICROPHONES = {
    "NotFoundError": "There is no microphone",
    "NotReadableError": "The microphone cannot be used",
    "TypeError": "The microphone failed",
}


def test_other_troubles_with_the_microphone(come):
    visitor = come()
    for name, title in MICROPHONES.items():
        visitor.page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = "
            "() => Promise.reject(new DOMException('so it is', name)) }",
            name,
        )
        start(visitor)
        problem(visitor, title)
    visitor.page.evaluate("navigator.mediaDevices.getUserMedia = null")
    start(visitor)
    problem(visitor, "This browser cannot talk")
    assert visitor.tokens == []


REFUSALS = [
    (503, {"code": "tier_required"}, "Voice needs an account of the tier super"),
    (429, {"code": "rate_limit_exceeded"}, "The limit is reached"),
    (401, {"code": "invalid_api_key"}, "You are no longer signed in"),
    (400, {"code": "invalid_value", "message": "speed: odd"}, "speed: odd"),
    (502, {"code": "upstream_error", "message": "It broke."}, "It broke."),
    (500, None, "HTTP 500"),
    (0, None, "The gateway cannot be reached"),
]


def refusing(status, body):
    def refuse(route):
        if status:
            route.fulfill(status=status, body=body, headers={"Retry-After": "90"})
        else:
            route.abort()

    return refuse


def test_each_refusal_of_the_gateway_has_its_words(come):
    visitor = come()
    for status, error, title in REFUSALS:
        body = json.dumps({"error": error}) if error else "<html>"

        visitor.page.route(TOKEN, refusing(status, body))
        start(visitor)
        problem(visitor, title)
        state(visitor, "error")
        visitor.page.unroute(TOKEN)
    assert len(visitor.tokens) == len(REFUSALS)


def test_a_room_that_does_not_open(visitor):
    titles = ("refused to let you in", "The voice server cannot be reached")
    for reason, title in enumerate(titles):
        fails = f"throw Object.assign(new Error('no'), {{reason: {reason}}})"
        visitor.page.add_init_script(f"plan = {{connect: async () => {{ {fails} }}}}")
        visitor.page.reload()
        with visitor.page.expect_response("**/voice/end"):
            start(visitor)
        expect(problem(visitor, title)).to_contain_text("127.0.0.1:9")
        state(visitor, "error")


def test_the_real_client_tells_of_a_server_it_cannot_reach(come):
    visitor = come(rooms=None)
    with visitor.page.expect_response("**/voice/end"):
        start(visitor)
    problem(visitor, "The voice server cannot be reached")
    said = visitor.faults(axe=False)
    assert [one for one in said if "Content Security Policy" in one] == []
    off_host = [one for one in said if one.startswith("off host")]
    assert all(NOWHERE.removeprefix("ws") in one for one in off_host)


def test_a_file_that_does_not_come_is_told(come):
    visitor = come(rooms=None)
    visitor.page.route(LIBRARY, lambda route: route.abort())
    start(visitor)
    problem(visitor, "A part of this page could not be loaded")
    assert visitor.tokens == []


def test_the_page_in_every_theme_and_width(visitor):
    page = visitor.page
    for theme in THEMES:
        for width in WIDTHS:
            visitor.show(theme, width)
            visitor.go(PAGE)
            assert visitor.faults() == [], (theme, width)
    live(visitor)
    page.evaluate("room.says('Good evening.')")
    emit(visitor, "AudioPlaybackStatusChanged", "room.canPlaybackAudio = false")
    silenced = problem(visitor, "The browser holds the sound back")
    for theme in THEMES:
        for width in WIDTHS:
            visitor.show(theme, width)
            page.evaluate(
                "theme => document.documentElement.dataset.theme = theme", theme
            )
            page.wait_for_timeout(SETTLED_MS)
            assert visitor.faults() == [], (theme, width)
    page.locator("h1").click()
    expect(silenced).to_have_count(0)


def test_less_motion_stops_the_orb(come):
    visitor = come(reduced_motion="reduce")
    page = visitor.page
    page.evaluate(COUNT_FRAMES)
    live(visitor)
    assert page.evaluate("window.frames_drawn") == 0
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function("() => window.frames_drawn > 2")
    leave(visitor)


def test_leaving_the_page_gives_the_place_back(visitor):
    live(visitor)
    visitor.go("/webui/login")
    visitor.go(PAGE)
    start(visitor)
    state(visitor, "live")
