"""Addresses of proxies: what is taken, how it is shown."""

from urllib.parse import quote

import pytest

from gateway.egress.proxies import BadProxy, parse
from grokgateway.config.registry import rules


@pytest.mark.parametrize(
    ("text", "scheme", "port"),
    [
        ("http://h", "http", 80),
        ("https://h", "https", 443),
        ("http://h:3128/", "http", 3128),
        ("socks://h", "socks5h", 1080),
        ("socks5://h:9", "socks5h", 9),
        ("socks5h://h", "socks5h", 1080),
        ("socks4://h", "socks4a", 1080),
        ("socks4a://[::1]:7", "socks4a", 7),
        (" http://h:1 \n", "http", 1),
    ],
)
def test_names_are_always_looked_up_by_the_proxy(text, scheme, port):
    proxy = parse(text)
    assert (proxy.scheme, proxy.port) == (scheme, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h:1",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:70000",
        "http://h:x",
        "http://h/path",
        "http://h?q=1",
        "http://h#f",
        "http://a b",
        "http://h\x07",
        "http://u:p\n@h",
        "http://{account}@{account}:1",
        "http://{account}{account}:p@h",
        "http://u:{account}@h",
        "http://" + "h" * 8200,
        "http://a..b:1",
        "http://.:1",
        "http://" + "a" * 64 + ".x:1",
        "http://" + "a." * 127 + "x:1",
        "http://h%41:1",
        "http://a,b:1",
        "http://h\\x:1",
        "http://[::g]:1",
        "http://[v1.x]:1",
        "http://[fe80::1%25eth0]:1",
        "http://::1:1",
        "http://u%3Av:p@h:1",
        "http://u%0d%0av:p@h:1",
        "http://u:p%00@h:1",
        "http://u:%ff@h:1",
        "http://1.2.3.4:8080:u:p",
        "socks5://u:p%C3%A4@h:1",
        "socks5://" + "u" * 256 + ":p@h:1",
        "socks5://" + "u" * 240 + "{account}:p@h:1",
        "socks5://u:" + "p" * 256 + "@h:1",
        "socks5://:p@h:1",
        "socks4://%C3%A4@h:1",
    ],
)
def test_what_is_no_proxy_is_refused_without_telling_it(text):
    with pytest.raises(BadProxy) as caught:
        parse(text)
    told = str(caught.value).replace("{account}", "")
    assert not text or text not in told
    assert "http://h" not in told


def test_a_password_is_kept_whole_and_shown_nowhere():
    proxy = parse("socks5://us%40er:p%3Aw%2F%40@h:1")
    assert (proxy.username, proxy.password) == ("us@er", "p:w/@")
    assert parse(proxy.url) == proxy
    for text in (proxy.shown, repr(proxy), proxy.identity, f"{proxy}"):
        assert "p:w" not in text
        assert "p%3Aw" not in text
    assert proxy.shown == "socks5h://us@er:***@h:1"


@pytest.mark.parametrize(
    ("text", "host", "shown"),
    [
        ("http://[::1]:8080", "::1", "http://[::1]:8080"),
        (
            "socks5://u:p@[2001:DB8::0:1]",
            "2001:db8::1",
            "socks5h://u:***@[2001:db8::1]:1080",
        ),
        (
            "http://b\u00fccher.example:1",
            "xn--bcher-kva.example",
            "http://xn--bcher-kva.example:1",
        ),
        ("http://h.example.:1", "h.example.", "http://h.example.:1"),
        ("https://a_b-c:1", "a_b-c", "https://a_b-c:1"),
    ],
)
def test_hosts_are_as_they_can_be_looked_up(text, host, shown):
    proxy = parse(text)
    assert (proxy.host, proxy.shown) == (host, shown)
    assert parse(proxy.url) == proxy


@pytest.mark.parametrize(
    "password", ["p@:/?#[]", "100%25", "%20", "p\u00e4\u00df", "'\"<>&;|", "{}"]
)
def test_passwords_of_any_signs_come_through(password):
    proxy = parse(f"http://u:{quote(password, safe='')}@h:1")
    assert proxy.password == password
    assert parse(proxy.url) == proxy
    assert password not in proxy.shown


def test_a_name_without_a_password_is_a_key():
    for text in ("http://secret-key@h:1", "http://secret-key:@h:1"):
        proxy = parse(text)
        assert proxy.username == "secret-key"
        assert proxy.shown == "http://***@h:1"
        assert "secret-key" not in repr(proxy)


def test_the_same_exit_has_one_identity_whatever_its_password():
    first, second = parse("http://u:a@h:1"), parse("http://u:b@h:1")
    assert first.identity == second.identity
    assert first.identity != parse("http://v:a@h:1").identity


def test_an_account_gets_a_name_of_its_own():
    proxy = parse("http://user-{account}:p@h:1")
    assert proxy.per_account
    assert proxy.for_account(255).username == "user-00000000000000ff"
    assert proxy.for_account(255) != proxy.for_account(256)
    plain = parse("http://user:p@h:1")
    assert plain.for_account(255) is plain


@pytest.mark.parametrize(
    "address",
    [
        "http://h:1",
        "http://h:1/",
        "socks5://u-{account}:p@h:1",
        "http://h:1/path",
        "http://h:1?x=1",
        "http://h:1#f",
        "http://h:0",
        "http://h:99999",
        "http://{account}:1",
        "http://u:{account}@h:1",
        "http://{account}{account}@h:1",
        "http://" + "a" * 9000,
        "ftp://h:1",
        "h:1",
        "http://",
        "http://[::1]:1",
        "http://a..b:1",
        "http://u%3Av:p@h:1",
        "socks5://u:p%C3%A4@h:1",
        "socks5://:p@h:1",
    ],
)
def test_the_configuration_takes_what_can_be_used_and_nothing_else(address):
    try:
        parse(address)
        good = True
    except BadProxy:
        good = False
    assert (rules.PROXY_URL(address) is None) is good
