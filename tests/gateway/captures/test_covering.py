"""What covers hide, and what they leave as it was."""

import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.captures.covering import Cover
from gateway.captures.redacting import cover_of
from gateway.captures.wire import rewrite
from gateway.egress import home
from gateway.egress.bundles import Bundle
from gateway.egress.home import Home, Rows
from gateway.egress.nodes import Node
from gateway.egress.proxies import parse
from gateway.tape import Tape
from grokgateway import config
from grokgateway.redaction import Redactor

SECRET = "hunter2hunter"
TOKEN = "eyJhbGciOi.JIUzI1NiJ9.abcdef"


def cover(*, words=True, names=(), phrases=(), hidden=(SECRET,)):
    return Cover(hidden, Redactor(), words=words, names=names, phrases=phrases)


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_characters_keep_their_length(text, words):
    told = cover(words=words).text(text)
    assert [len(c.encode("utf-8", "surrogatepass")) for c in told] == [
        len(c.encode("utf-8", "surrogatepass")) for c in text
    ]


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.integers(1, 9))
def test_bytes_keep_their_borders(data, words, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for lines in (True, False):
        told = rewrite(cover(words=words), pieces, lines=lines)
        assert list(map(len, told)) == list(map(len, pieces))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), JSON), st.booleans())
def test_json_stays_json(value, words):
    try:
        raw = orjson.dumps(value)
    except TypeError:  # a number of more than 64 bits
        return
    (told,) = rewrite(cover(words=words), [raw], lines=True)
    again = orjson.loads(told)
    assert shape(again) == shape(value)


def shape(value):
    if isinstance(value, dict):
        return [shape(one) for one in value.values()] if len(value) < 2 else "object"
    if isinstance(value, list):
        return [shape(one) for one in value]
    return len(value) if isinstance(value, str) else type(value)


@pytest.mark.parametrize("piece", ["x", "aB3", "?", "a.", "a=b&", "a@", "?a=b", '"'])
@pytest.mark.parametrize("words", [True, False])
def test_long_texts_take_no_longer_by_the_character(piece, words):
    one, text = cover(words=words), piece * (200_000 // len(piece))
    begun = time.process_time()
    assert len(one.text(text)) == len(text)
    assert time.process_time() - begun < 5  # what looks back takes minutes


def test_words_are_covered_and_the_wire_is_not():
    told = cover().text("Hello W\u00f6rld 42, <tool_calls> \u65e5\u672c \U0001f600!")
    assert told == ("Xxxxx X\u0436xxx 11, <tool_calls> \u6587\u6587 \U0001d54f!")


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        TOKEN,
        "ann@example.org",
        "497f0000-0000-4000-8000-000000000001",
        "gk-" + "k1" * 21 + "k",
        "0a1b2c3d" * 6,
        "0a+B2c/D" * 5 + "==",
        "xai-1234567890abcdef",
    ],
)
def test_secrets_go_in_either_way(words, secret):
    told = cover(words=words).text(f"before {secret} after")
    assert secret not in told
    assert ("before" in told) is not words


@pytest.mark.parametrize(
    "text",
    [
        "sso=abcdef123",
        "cf_clearance=abcdef123",
        "Authorization: Bearer abcdef123",
        "https://user:abcdef123@proxy.example:1",
        "https://example.org/p?sig=abcdef123",
        '"password": "abcdef123"',
        "https://assets.example/users/abcdef123/x.png",
    ],
)
def test_secrets_are_found_by_their_place(text):
    assert "abcdef123" not in cover(words=False).text(text)


def test_a_secret_in_two_pieces_is_seen_whole():
    lines = [
        b'{"result":{"response":{"token":"%s","messageTag":"final"}}}\n' % half
        for half in (b"it is " + SECRET[:5].encode(), SECRET[5:].encode())
    ]
    joined = b"".join(lines)
    (told,) = rewrite(cover(words=False), [joined], lines=True)
    texts = [orjson.loads(line) for line in told.splitlines()]
    said = "".join(one["result"]["response"]["token"] for one in texts)
    assert said.startswith("it is ")
    assert SECRET[:5] not in said
    assert len(said) == len("it is " + SECRET)


def test_names_become_others_and_stay_the_same():
    one = cover(names=("get_weather", "city"), phrases=("THE END",))
    told = one.text('get_weather {"city": "Oslo"} THE END')
    name, city, stop = one.term("get_weather"), one.term("city"), one.term("THE END")
    assert told == f'{name} {{"{city}": "Xxxx"}} {stop}'
    assert "weather" not in told
    assert cover(names=("get_weather",)).term("get_weather") != name


def test_addresses_stay_apart():
    one = cover()
    first, second = (
        one.address("https://a.example/first-page"),
        one.address("https://a.example/other-page"),
    )
    assert first != second
    assert first.startswith("https://")
    assert first.rpartition("/")[0] == second.rpartition("/")[0]
    assert (
        one.text(f"see [it]({'https://a.example/first-page'})") == f"xxx [xx]({first})"
    )


def test_json_within_a_text_is_covered_in_its_form():
    card = orjson.dumps({"id": "c1", "url": "https://a.example/", "title": "Bergen"})
    raw = orjson.dumps({"cardAttachment": {"jsonData": card.decode()}})
    (told,) = rewrite(cover(), [raw], lines=True)
    found = orjson.loads(orjson.loads(told)["cardAttachment"]["jsonData"])
    assert list(found) == ["id", "url", "title"]
    assert found["title"] == "Xxxxxx"
    assert found["url"].startswith("https://")
    assert b"example" not in told


def test_escapes_are_written_as_before():
    raw = rb'{"token":"\u0041\u00e9\u65e5\ud83d\ude00\n\"q\" \/"}'
    (told,) = rewrite(cover(), [raw], lines=True)
    assert told == rb'{"token":"\u0058\u0436\u6587\ud835\udd4f\n\"x\" \/"}'


def test_what_is_no_json_is_covered_too():
    (told,) = rewrite(cover(), [b"<html>Just a moment, Ann 12345\xff"], lines=True)
    assert told == b"<html>Just a moment, Xxx 11111\xff"


def test_secrets_of_the_ways_out_are_hidden_wherever_they_are_set(monkeypatch):
    """As when upstream, or what stands before it, says them in an answer."""
    ways = Home()
    monkeypatch.setattr(home, "HOME", ways)
    by_hand = Bundle("manual:n", 1, "cf_clearance=of-the-node", "", manual=True)
    solved = Bundle("k", 1, "cf_clearance=of-the-solver", "A/1")
    own = Node("n", parse("socks5://u:of-own-node@h:1"))
    ways.rows = Rows((own,), frozenset(), {"k": solved}, {"n": by_hand})
    values = {
        "proxy.egress.mode": "proxy_pool",
        "proxy.egress.proxy_pool": [
            "http://u:of-the-pool@h:1",
            "http://key-as-name@h:1",
        ],
        "proxy.egress.resource_proxy_pool": ["http://u:of-the-files@h:1"],
        "proxy.clearance.cf_cookies": "__cf_bm=of-the-cookies; x=1",
        "proxy.clearance.cf_clearance": "of-the-key-itself",
    }
    secrets = (
        *("of-the-node", "of-the-solver", "of-own-node", "of-the-pool"),
        *("key-as-name", "of-the-files", "of-the-cookies", "of-the-key-itself"),
    )
    with config.override(values):
        told = cover_of(Tape(keep_words=True)).text(f"I saw {', '.join(secrets)}.")
    assert told.startswith("I saw ")
    assert not [secret for secret in secrets if secret in told]
