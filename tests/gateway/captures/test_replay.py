"""Every transcript by every protocol: covered, written, read, gone through again."""

from pathlib import Path

import pytest

from gateway.captures import document, making
from gateway.captures.encoding import OWN, PLAIN
from gateway.captures.replay import play
from gateway.conversation.shaping import Shape
from gateway.errors import Kind
from gateway.tape import (
    Asked,
    Attached,
    Begun,
    Closed,
    Ended,
    Failed,
    Heard,
    Opened,
    Recipe,
    Shown,
    Tape,
)

TRANSCRIPTS = sorted(Path("tests/upstream").glob("*.sse"))
PROTOCOLS = ("openai_chat", "openai_responses", "anthropic_messages")
ASSETS = "https://assets.grok.com"
# Covered thoughts are sorted by other words than people's.
SHAPE = Shape(show_sources=True)


def recipe(protocol, stream=True):
    return Recipe(protocol, "resp_" + "0" * 32, 1, "m", stream, sealed=True)


def taped(raw, *, protocol="openai_chat", size=4096, form="rest", words=False):
    tape = Tape(words, recipe(protocol), SHAPE)
    tape.add(Begun())
    tape.add(Asked(form, ASSETS, summary=False))
    tape.add(Opened(3))
    if form == "rest":
        for at in range(0, len(raw), size):
            tape.heard(raw[at : at + size])
        tape.add(Closed())
    else:
        tape.add(Attached())
        for line in raw.splitlines():
            tape.heard(line)
    tape.add(Shown(("![a](https://example.org/a?sig=1)",)))
    tape.sent = bytearray(play(tape, OWN, "r").sent)
    return tape


def proven(tape):
    capture = making.made(tape, "r", {})
    assert capture.faithful
    again = document.loaded(document.dumped(capture))
    assert again.tape == capture.tape
    assert bytes(play(again.tape, PLAIN, "r").sent) == capture.sent
    before = [len(step.data) for step in tape.steps if isinstance(step, Heard)]
    after = [len(step.data) for step in again.tape.steps if isinstance(step, Heard)]
    assert before == after
    return capture


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda one: one.stem)
@pytest.mark.parametrize("words", [False, True], ids=["covered", "words"])
def test_a_transcript_goes_the_same_way(path, words):
    raw = path.read_bytes()
    for protocol in PROTOCOLS:
        for size in (7, 4096):
            tape = taped(raw, protocol=protocol, size=size, words=words)
            assert proven(tape).alike


@pytest.mark.parametrize(
    "path", [p for p in TRANSCRIPTS if "gateway" in p.stem], ids=lambda one: one.stem
)
def test_messages_of_the_gateway_go_the_same_way(path):
    for words in (False, True):
        tape = taped(path.read_bytes(), form="gateway", words=words)
        assert proven(tape).alike


def test_a_whole_answer_is_made_again():
    raw = Path("tests/upstream/whole_turn.sse").read_bytes()
    for protocol in PROTOCOLS:
        tape = taped(raw, protocol=protocol)
        tape.recipe = recipe(protocol, stream=False)
        tape.steps = [step for step in tape.steps if not isinstance(step, Opened)]
        tape.sent = bytearray(play(tape, OWN, "r").sent)
        assert tape.sent.startswith(b"{")
        assert proven(tape).alike


def test_another_judgement_of_a_failure_is_a_difference():
    tape = taped(b'{"error":{"message":"Too many requests","code":8}}\n')
    tape.steps[-1] = Failed("rate_limited", "rate_limited", 200)
    assert play(tape, PLAIN, "r").misjudged is None
    tape.steps[-1] = Failed("server", "server_error", 200)
    assert play(tape, PLAIN, "r").misjudged == ("server_error", "rate_limited")
    tape.steps[-1] = Failed("server", "server_error", 503, (), b"")
    assert play(tape, PLAIN, "r").misjudged is None


def test_a_session_that_is_refused_before_it_is_there():
    tape = Tape(False, recipe("openai_chat"), SHAPE)
    tape.add(Begun())
    tape.add(Asked("gateway", ASSETS, summary=False))
    tape.heard(b'{"event":{"type":"session.created"},"session_id":"conv-1"}')
    tape.heard(
        b'{"event":{"type":"error","error":{"code":"rate_limit","message":"x"}}}'
    )
    tape.add(Failed("rate_limited", "rate_limited", 200))
    tape.add(Ended(Kind.RATE_LIMITED, "Slow down.", None, 30, None, "rate_limit"))
    played = play(tape, PLAIN, "r")
    assert played.misjudged is None
    assert b"Slow down." in played.sent


def test_a_tape_without_a_recipe_is_refused():
    with pytest.raises(ValueError, match="recipe"):
        play(Tape(), PLAIN, "r")
