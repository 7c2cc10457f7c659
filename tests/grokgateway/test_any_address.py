"""Addresses of databases, Redis and proxies that nobody foresaw: read or refused."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.egress.proxies import BadProxy
from gateway.egress.proxies import parse as parse_proxy
from grokgateway import dsn
from grokgateway.environment import BadVariable, Environment

ROOT = Path("/root-dir")
PIECES = st.sampled_from(
    [
        *dsn.ENGINES,
        *(
            "redis",
            "rediss",
            "unix",
            "http",
            "socks5h",
            "://",
            ":",
            "/",
            "//",
            "@",
            "?",
        ),
        *(
            "&",
            "=",
            "#",
            "[",
            "]",
            "::1",
            "%",
            "%00",
            "%ff",
            "db",
            "6379",
            "99999",
            "\0",
        ),
        *("connect_timeout", "sslmode", "ssl", "require", "²", "{account}", "\ud800"),
    ]
)
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
HOSTS = st.from_regex(r"[a-z][a-z0-9]{0,20}(\.[a-z]{2,5})?", fullmatch=True)
PORTS = st.integers(1, 65535)
MARK = "secret-of-tests"


@given(TEXTS)
@example("mysql://h/d?connect_timeout=²")
def test_any_database_is_described_or_refused(text):
    try:
        found = dsn.database(text, variable="DATABASE_URL", root=ROOT)
    except BadVariable:
        return
    assert found["ENGINE"] in dsn.ENGINES.values()
    assert found["NAME"]


@given(TEXTS)
def test_a_refusal_does_not_tell_the_password(text):
    for scheme in ("nothing", "postgresql", "mysql"):
        with pytest.raises(BadVariable) as caught:
            dsn.database(
                f"{scheme}://u:{MARK}@h?{quote(text, '', errors='replace')}",
                variable="DATABASE_URL",
                root=ROOT,
            )
        assert MARK not in str(caught.value)


@given(
    st.sampled_from(["postgresql", "mysql", "mysql+pymysql"]),
    WORDS,
    WORDS,
    HOSTS,
    PORTS,
    WORDS,
)
def test_what_was_quoted_is_read_back(scheme, user, password, host, port, name):
    quoted = [quote(one, safe="") for one in (user, password, name)]
    text = "{}://{}:{}@{}:{}/{}".format(scheme, *quoted[:2], host, port, quoted[2])
    found = dsn.database(text, variable="DATABASE_URL", root=ROOT)
    read = [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert read == [user, password, host, str(port), name]


@given(TEXTS)
@example("redis://[")
def test_any_address_of_redis_is_taken_or_refused(text):
    try:
        url = dsn.chosen_redis(Environment({"REDIS_URL": text}))
    except BadVariable:
        return
    assert url == "" or url.lower().startswith(("redis:", "rediss:", "unix:"))


@given(TEXTS)
@example("http://[")
@example("socks5://h:²")
def test_any_proxy_is_read_or_refused(text):
    try:
        proxy = parse_proxy(text)
    except BadProxy:
        return
    assert 1 <= proxy.port <= 65535
    assert parse_proxy(proxy.url) == proxy


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), HOSTS, PORTS)
def test_a_proxy_is_shown_without_its_password(user, host, port):
    proxy = parse_proxy(f"http://{quote(user, safe='')}:{MARK}@{host}:{port}")
    assert proxy.password == MARK
    assert MARK not in proxy.shown
    assert MARK not in repr(proxy)
