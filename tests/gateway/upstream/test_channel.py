"""Where a login may travel, and that there is no other road."""

import ast

import httpx
import pytest

from gateway.upstream.channel import ForeignHost, Hosts, Target, UpstreamChannel
from gateway.upstream.headers import Login, json_headers
from tests import house
from tests.gateway.upstream.stand_in import Chosen

FOREIGN = [
    "http://grok.com/",
    "https://grok.com:444/",
    "https://evil.example/",
    "https://grok.com.evil.example/",
    "https://grok.com@evil.example/",
    "https://evil.example/#@grok.com/",
    "https://assets.grok.com.:8443/",
    "ftp://grok.com/",
    "//grok.com/",
    "https://[::1/",
    "",
]


def chosen(**changed: object) -> Chosen:
    return Chosen(
        **{
            "upstream__ws_url": "wss://ws.example",
            "upstream__media_hosts": ("imgen.x.ai", "127.0.0.1:9900", "cdn.example:81"),
            **changed,
        }
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://grok.com/rest",
        "https://grok.com:443/rest",
        "https://assets.grok.com/a",
        "https://accounts.x.ai/b",
        "https://ws.example/c",
        "wss://ws.example/c",
        "https://imgen.x.ai/d",
        "https://127.0.0.1:9900/e",
        "http://127.0.0.1:9900/e",
        "https://cdn.example:81/f",
    ],
)
def test_configured_hosts_are_targets(url):
    assert Hosts(chosen()).at(url).url == httpx.URL(url)


@pytest.mark.parametrize(
    "url",
    [
        *FOREIGN,
        "https://other.example/",
        "http://imgen.x.ai/",
        "http://cdn.example:81/",
        "https://cdn.example/",
    ],
)
def test_no_target_can_be_made_of_another_host(url):
    hosts = Hosts(chosen())
    with pytest.raises(ForeignHost):
        hosts.at(url)


def test_a_target_is_checked_however_it_is_made():
    with pytest.raises(ForeignHost):
        Target(Hosts(Chosen()), httpx.URL("https://evil.example/"))


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("users/u1/f1/content", "https://assets.grok.com/users/u1/f1/content"),
        ("/users/u1/f1/content", "https://assets.grok.com/users/u1/f1/content"),
        ("//evil.example/x", "https://assets.grok.com/evil.example/x"),
        ("@evil.example/x", "https://assets.grok.com/@evil.example/x"),
        ("https://assets.grok.com/x", "https://assets.grok.com/x"),
        ("https://imgen.x.ai/x", "https://imgen.x.ai/x"),
    ],
)
def test_files_lie_on_the_assets_host_or_a_media_host(named, url):
    assert str(Hosts(chosen()).asset(named).url) == url


@pytest.mark.parametrize(
    "named",
    [
        *[url for url in FOREIGN if "://" in url],
        "https://grok.com/rest/assets",
        "https://accounts.x.ai/",
        " https://evil.example/",
        "users/\x00/content",
    ],
)
def test_files_lie_nowhere_else(named):
    with pytest.raises(ForeignHost):
        Hosts(chosen()).asset(named)


async def test_a_target_of_other_settings_is_checked_again():
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    old, new = chosen(), chosen(upstream__media_hosts=())
    channel, transport = UpstreamChannel(Hosts(new)), httpx.MockTransport(answer)
    headers = json_headers(Login("tok"), new)
    target = Hosts(old).asset("https://imgen.x.ai/x")
    with pytest.raises(ForeignHost):
        await channel.send("GET", target, headers, None, {}, transport)
    assert sent == []
    target = Hosts(old).base("/x")
    response = await channel.send("GET", target, headers, None, {}, transport)
    assert response.status_code == 302
    assert sent[0].headers["cookie"] == "sso=tok; sso-rw=tok"


def test_nothing_else_of_the_product_makes_a_login_cookie():
    """The type is only as good as the absence of another way."""
    makers = {"gateway/upstream/channel.py", "gateway/upstream/cookies.py"}
    for path, text in house.texts(house.tracked()):
        if not path.startswith("gateway/") or not path.endswith(".py"):
            continue
        if path.startswith(("gateway/sandbox/", "gateway/bench/")):
            continue
        names = {
            getattr(node, "name", getattr(node, "id", getattr(node, "attr", "")))
            for node in ast.walk(ast.parse(text))
        }
        assert path in makers or "cookie_header" not in names, path
        assert path in makers or "sso=" not in text, path
