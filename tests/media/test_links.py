from urllib.parse import parse_qs, urlsplit

import pytest

from grokgateway import config
from media import links
from media.models import Kind

ID = "0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000.0


@pytest.fixture
def app_url():
    with config.override({"app.app_url": "https://gate.example"}):
        yield


@pytest.fixture
def signed():
    with config.override({"cache.local.signed_links": True}):
        yield


@pytest.mark.parametrize(
    ("app_url", "host", "base"),
    [
        ("https://gate.example", "other.example", "https://gate.example"),
        ("https://gate.example/", "", "https://gate.example"),
        ("https://gate.example/v1", "", "https://gate.example"),
        ("https://gate.example/v1/", "", "https://gate.example"),
        ("https://gate.example/sub/v1", "", "https://gate.example/sub"),
        ("", "Named.example:8443", "http://named.example:8443"),
        ("", "localhost:8000", "http://localhost:8000"),
        ("", "192.168.1.9:8000", "http://192.168.1.9:8000"),
        ("", "[::1]:8000", "http://[::1]:8000"),
        ("", "[2001:db8::1]", "http://[2001:db8::1]"),
        ("", "stranger.example", ""),
        ("", "named.example/path", ""),
        ("", "named.example\r\nx: y", ""),
        ("", "user@named.example", ""),
        ("", "", ""),
    ],
)
def test_where_links_begin(settings, app_url, host, base):
    settings.ALLOWED_HOSTS = ["named.example"]
    with config.override({"app.app_url": app_url}):
        assert links.base(host) == base


def test_the_scheme_is_that_of_the_request(settings):
    settings.ALLOWED_HOSTS = ["named.example"]
    with config.override({"app.app_url": ""}):
        assert links.base("named.example", "https") == "https://named.example"


def test_a_link_is_whole_or_relative(app_url):
    assert links.link(Kind.IMAGE, ID) == f"/v1/files/image?id={ID}"
    link = links.link(Kind.VIDEO, ID, links.base())
    assert link == f"https://gate.example/v1/files/video?id={ID}"


class TestSigned:
    @pytest.fixture(autouse=True)
    def on(self, signed):
        pass

    def parts(self, now=NOW):
        query = parse_qs(urlsplit(links.link(Kind.IMAGE, ID, now=now)).query)
        assert query["id"] == [ID]
        return query["expires"][0], query["signature"][0]

    def left(self, expires, signature, kind=Kind.IMAGE, public_id=ID, now=NOW):
        return links.seconds_left(kind, public_id, expires, signature, now)

    def test_it_works_for_a_week(self):
        expires, signature = self.parts()
        left = self.left(expires, signature)
        assert links.LIFE_S <= left <= links.LIFE_S + links.STEP_S
        assert self.left(expires, signature, now=int(expires) - 1) == 1
        assert self.left(expires, signature, now=int(expires)) == 0

    def test_links_of_one_hour_are_equal(self):
        start = NOW - NOW % links.STEP_S
        assert self.parts(start) == self.parts(start + links.STEP_S - 1)
        assert self.parts(start) != self.parts(start + links.STEP_S)

    def test_it_opens_nothing_else(self):
        expires, signature = self.parts()
        later = str(int(expires) + 3600)
        assert not self.left(later, signature)
        assert not self.left(expires, signature, kind=Kind.VIDEO)
        assert not self.left(expires, signature, public_id=ID[::-1])
        assert not self.left(expires, signature[:-1])
        assert not self.left(expires, "")

    @pytest.mark.parametrize("expires", ["", "x", "-1", "1e9", "9" * 40, "\u0661"])
    def test_an_end_that_is_no_number_opens_nothing(self, expires):
        assert not self.left(expires, "0" * 64)

    def test_it_survives_a_change_of_the_secret_key(self, settings):
        expires, signature = self.parts()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"
        assert self.left(expires, signature)
        settings.SECRET_KEY_FALLBACKS = []
        assert not self.left(expires, signature)
