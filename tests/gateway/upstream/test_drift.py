"""Unknown frames: counted, never in the way, and nobody's words are kept."""

import contextlib
import json

import orjson
import pytest

from gateway.conversation.events import TextDelta
from gateway.upstream.decoder import ChatDecoder, StreamError
from gateway.upstream.drift import (
    MOST,
    PER_STREAM,
    SAMPLE_BYTES,
    WITNESSES,
    Noticed,
    Oddity,
    Sentinel,
    sample_of,
)
from gateway.upstream.headers import Login
from tests.gateway.upstream.test_decoder import TRANSCRIPTS

SECRET = "a secret of 73 people"


def frame(**response):
    return {"result": {"response": response}}


def event(**fields):
    return {"session_id": "conv-1", "event": fields}


def heard(*frames):
    """The words, and what was noticed."""
    decoder = ChatDecoder("https://assets.example/", summary=False)
    data = b"".join(orjson.dumps(one) + b"\n" for one in frames)
    events = decoder.feed(data) + decoder.close()
    words = "".join(one.text for one in events if isinstance(one, TextDelta))
    return words, decoder.noticed


@pytest.mark.parametrize(
    ("odd", "oddity"),
    [
        (frame(hologram={"title": SECRET}), Oddity("event", "response:hologram")),
        (frame(token="", mood="good"), Oddity("field", "response:mood")),
        (frame(token={"text": SECRET}), Oddity("type", "response:token:dict")),
        (frame(isThinking="yes"), Oddity("type", "response:isThinking:str")),
        (frame(**{"a b": 1}), Oddity("event", "response:odd")),
        (
            event(type="response.telepathy", thought=SECRET),
            Oddity("event", "response.telepathy"),
        ),
        (
            event(type="response.chunk", chunk={"hologram": {"title": SECRET}}),
            Oddity("field", "chunk:hologram"),
        ),
        (event(type=7), Oddity("type", "event.type:int")),
        ({"event": [1]}, Oddity("type", "event:list")),
    ],
)
def test_what_is_unknown_is_noticed_and_goes_by(odd, oddity):
    words, noticed = heard(frame(token="one "), odd, frame(token="two"))
    assert words == "one two"
    assert list(noticed.samples) == [oddity]
    sample = noticed.samples[oddity]
    assert SECRET not in sample
    again, same = heard(json.loads(sample))
    assert again == ""
    assert list(same.samples) == [oddity]


def test_a_new_field_beside_words_costs_no_word():
    words, noticed = heard(frame(token="one ", mood="x"), frame(token="two", mood="y"))
    assert words == "one two"
    assert len(noticed.samples) == 1


@pytest.mark.parametrize("name", [n for n in TRANSCRIPTS if n != "gateway_odd"])
def test_what_we_know_is_not_odd(name):
    decoder = ChatDecoder("https://assets.example/", summary=False)
    with contextlib.suppress(StreamError):
        decoder.feed(TRANSCRIPTS[name])
    assert [one for one in decoder.noticed.samples if one.kind == "event"] == []


def test_samples_are_small_and_shapes_only():
    wide = {f"key{n}": [SECRET] * 50 for n in range(500)}
    deep: dict[str, object] = {}
    for _ in range(50):
        deep = {"deeper": deep, "number": 73}
    for one in (frame(hologram=wide), frame(hologram=deep), frame(**{SECRET: SECRET})):
        sample = sample_of(one)
        assert len(sample) <= SAMPLE_BYTES
        assert "secret" not in sample
        assert "73" not in sample
        assert isinstance(json.loads(sample), dict)


def test_memory_has_bounds():
    noticed = Noticed()
    for number in range(1000):
        noticed.response({}, {f"field{number}": 1})
    assert len(noticed.samples) == PER_STREAM
    sentinel = Sentinel()
    for number in range(1000):
        one = Noticed()
        one.samples[Oddity("field", f"f{number}")] = "{}"
        one.samples[Oddity("field", "common")] = "{}"
        sentinel.report(Login(f"token {number}"), one)
    streams, found = sentinel.taken()
    assert streams == 1000
    assert len(found) == MOST
    assert found[Oddity("field", "common")].streams == 1000
    assert len(found[Oddity("field", "common")].witnesses) == WITNESSES
    assert sentinel.taken() == (0, {})
