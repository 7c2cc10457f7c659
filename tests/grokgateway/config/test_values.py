import pytest

from grokgateway.config.registry import KEYS
from grokgateway.config.values import (
    MASK,
    BadValue,
    is_masked,
    parse,
    plain,
    shown,
    unmask,
)

GOOD = [
    ("features.stream", " Yes ", True),
    ("features.stream", "off", False),
    ("features.stream", 1, True),
    ("features.stream", False, False),
    ("logging.max_files", " 30 ", 30),
    ("logging.max_files", 30.0, 30),
    ("logging.file_level", "debug", "DEBUG"),
    ("logging.file_level", "", ""),
    ("app.app_url", " https://a.example/base/ ", "https://a.example/base"),
    ("app.api_key", "a, b,,a", ("a", "b")),
    ("app.api_key", '["a,b", "c"]', ("a,b", "c")),
    ("app.api_key", 12345, ("12345",)),
    ("app.api_key", "a\nb", ("a", "b")),
    ("retry.on_codes", [429, "503"], ("429", "503")),
    ("proxy.egress.proxy_url", "socks5h://u:p@h:1080", "socks5h://u:p@h:1080"),
    ("proxy.clearance.browser", "Chrome136", "chrome136"),
    ("proxy.clearance.user_agent", "A\u2013B\u200b \u201cC\u201d\u4e2d", 'A-B "C"'),
    ("proxy.clearance.cf_clearance", " ab c\u00a0d ", "abcd"),
    ("upstream.base_url", "http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
    ("upstream.base_url", "http://localhost:9000", "http://localhost:9000"),
    ("upstream.base_url", "http://[::1]:9000", "http://[::1]:9000"),
    ("upstream.base_url", "http://10.1.2.3", "http://10.1.2.3"),
    ("upstream.ws_url", "ws://192.168.0.2:1", "ws://192.168.0.2:1"),
    ("upstream.ws_url", "", ""),
    (
        "upstream.media_hosts",
        "A.example,b:81,[::1]:9",
        ("a.example", "b:81", "[::1]:9"),
    ),
    ("upstream.media_hosts", "[::1]", ("[::1]",)),
    ("alerts.emails", "a@b.example", ("a@b.example",)),
]
BAD = [
    ("features.stream", "maybe", "true or false"),
    ("features.stream", [], "true or false"),
    ("logging.max_files", "0", "from 1 to 365"),
    ("logging.max_files", 366, "from 1 to 365"),
    ("logging.max_files", "x", "whole number"),
    ("logging.max_files", "", "whole number"),
    ("logging.max_files", True, "whole number"),
    ("logging.max_files", 1.5, "whole number"),
    ("logging.file_level", "LOUD", "one of DEBUG, INFO"),
    ("features.image_format", "", "one of grok_url"),
    ("features.custom_instruction", "\u4e2d" * 11_000, "at most 32768 bytes"),
    ("features.custom_instruction", "a\0b", "null character"),
    ("app.app_url", "gateway.example", "absolute URL"),
    ("app.app_url", "ftp://gateway.example", "absolute URL"),
    ("app.app_url", "https://", "absolute URL"),
    ("app.app_url", "https://a b", "absolute URL"),
    ("app.app_url", "https://a:99999", "absolute URL"),
    ("app.app_url", "https://[::1", "absolute URL"),
    ("app.app_url", True, "must be a text"),
    ("app.app_url", ["https://a"], "must be a text"),
    ("app.api_key", {"a": 1}, "list of texts"),
    ("app.api_key", ["a", True], "list of texts"),
    ("app.api_key", '["a"', "comma-separated or a JSON array"),
    ("proxy.egress.proxy_pool", "ftp://h", "must begin with"),
    ("proxy.clearance.browser", "chrome 136!", "profile name"),
    ("proxy.clearance.cf_cookies", "a=1\r\nX: y", "line breaks"),
    ("proxy.clearance.user_agent", "", "must not be empty"),
    ("retry.on_codes", "429,abc", "100 to 599"),
    ("retry.on_codes", "99", "100 to 599"),
    ("retry.on_codes", "600", "100 to 599"),
    ("upstream.base_url", "http://8.8.8.8", "only for loopback and private"),
    ("upstream.base_url", "http://0.0.0.0", "only for loopback and private"),
    ("upstream.base_url", "http://grok.com", "only for loopback and private"),
    ("upstream.base_url", "wss://grok.com", "absolute URL"),
    ("upstream.base_url", "", "must not be empty"),
    ("upstream.livekit_url", "ws://livekit.example", "only for loopback"),
    ("upstream.media_hosts", "https://a.example", "host or host:port"),
    ("upstream.media_hosts", "a.example:0", "host or host:port"),
    ("upstream.media_hosts", "a.example:x", "host or host:port"),
    ("upstream.media_hosts", "a/b", "host or host:port"),
    ("alerts.emails", "nobody", "e-mail"),
]


@pytest.mark.parametrize(("name", "data", "value"), GOOD)
def test_it_reads_good_data(name, data, value):
    assert parse(KEYS[name], data) == value


@pytest.mark.parametrize(("name", "data", "rule"), BAD)
def test_it_refuses_bad_data(name, data, rule):
    with pytest.raises(BadValue, match=rule):
        parse(KEYS[name], data)


def test_secrets_are_masked_whole():
    assert shown(KEYS["app.webui_key"], "hush") == MASK
    assert shown(KEYS["app.api_key"], ("a", "b")) == MASK
    assert shown(KEYS["app.webui_key"], "") == ""
    assert shown(KEYS["app.api_key"], ()) == []


def test_addresses_hide_their_password_only():
    pool = KEYS["proxy.egress.proxy_pool"]

    assert shown(pool, ("http://u:p@h:1", "socks5://h")) == [
        f"http://u:{MASK}@h:1",
        "socks5://h",
    ]
    assert shown(KEYS["proxy.egress.proxy_url"], "http://:p@h") == f"http://:{MASK}@h"


def test_a_shown_value_comes_back_as_it_was():
    values: dict[str, str | tuple[str, ...]] = {
        "app.webui_key": "hush",
        "app.api_key": ("a", "b"),
        "proxy.egress.proxy_url": "http://u:p@h:1",
        "proxy.egress.proxy_pool": ("http://u:p@h:1", "socks5://h"),
    }
    for name, value in values.items():
        key = KEYS[name]
        assert parse(key, unmask(key, shown(key, value), value)) == value


def test_a_list_with_a_masked_item_may_change_around_it():
    key = KEYS["proxy.egress.proxy_pool"]
    data = ["socks5://new", f"http://u:{MASK}@h:1"]

    assert unmask(key, data, ("http://u:p@h:1",)) == ["socks5://new", "http://u:p@h:1"]


def test_a_mask_of_something_else_stays_a_mask():
    key = KEYS["proxy.egress.proxy_url"]

    assert is_masked(unmask(key, f"http://u:{MASK}@other", "http://u:p@h"))
    assert unmask(KEYS["features.stream"], MASK, True) == MASK


def test_plain_values_are_what_json_knows():
    assert plain(("a",)) == ["a"]
    assert plain(5) == 5


def test_a_list_may_begin_with_a_bracketed_address():
    key = KEYS["upstream.media_hosts"]

    assert parse(key, "[::1]:9,a.example") == ("[::1]:9", "a.example")
