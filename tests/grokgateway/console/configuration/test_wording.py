import pytest

from grokgateway import config
from grokgateway.console.configuration.wording import (
    normal,
    told,
    told_number,
    told_text,
    without_login,
)

KEYS = config.KEYS
MASK = config.MASK


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [
        (60, "s", "60 s"),
        (90, "s", "90 s"),
        (7200, "s", "7200 s (2 h)"),
        (86_400, "s", "86400 s (24 h)"),
        (172_800, "s", "172800 s (2 d)"),
        (2048, "MiB", "2048 MiB (2 GiB)"),
        (512, "MiB", "512 MiB"),
        (0, "MiB", "0 MiB"),
        (30, "d", "30 d"),
        (8, "", "8"),
    ],
)
def test_numbers_are_told_with_their_unit(number, unit, words):
    assert told_number(number, unit).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("features.stream", True, "On"),
        ("features.stream", False, "Off"),
        ("retry.on_codes", ("429", "503"), "429, 503"),
        ("retry.on_codes", (), "empty"),
        ("app.app_url", "", "empty"),
        ("proxy.egress.mode", "direct", "Direct, no proxy"),
        ("app.api_key", ("one", "two"), "2 values set"),
        ("app.api_key", (), "not set"),
        ("app.app_key", "a-secret", "set"),
        (
            "proxy.egress.proxy_url",
            "http://a:b@c.example",
            f"http://a:{MASK}@c.example",
        ),
    ],
)
def test_values_are_told_in_words(key, value, words):
    assert told(KEYS[key], value) == words


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("features.stream", "on", "On"),
        ("chat.timeout", "soon", "soon"),
        ("app.app_key", "a-secret", "a new value"),
        ("app.app_key", "", "not set"),
    ],
)
def test_typed_text_is_told_in_words(key, text, words):
    assert told_text(KEYS[key], text) == words


@pytest.mark.parametrize(
    ("key", "text", "shape"),
    [
        ("features.stream", "anything", "off"),
        ("retry.on_codes", " 500,501\r\n\r\n502 ", "500\n501\n502"),
        ("chat.timeout", " 60 ", "60"),
        ("features.custom_instruction", "a\r\nb\r\n", "a\nb"),
    ],
)
def test_posted_text_is_brought_to_one_form(key, text, shape):
    assert normal(KEYS[key], text) == shape


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("http://a:b@c.example:1", f"http://{MASK}@c.example:1"),
        ("a:b/c@d@e.example", f"{MASK}@e.example"),
        ("http://c.example", "http://c.example"),
    ],
)
def test_a_login_is_taken_out(line, shown):
    assert without_login(line) == shown
