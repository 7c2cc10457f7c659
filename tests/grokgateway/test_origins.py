import pytest

from grokgateway.origins import is_own


def scope(origin=None, host="localhost:8000"):
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return {"type": "websocket", "headers": headers}


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("https://LOCALHOST", "localhost"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://console.example", "inside:8000"),
    ],
)
def test_our_own_pages_may_connect(settings, origin, host):
    settings.CSRF_TRUSTED_ORIGINS = ["https://console.example"]
    assert is_own(scope(origin, host))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8000"),
        ("", "localhost:8000"),
        ("null", "localhost:8000"),
        ("http://evil.example", "localhost:8000"),
        ("http://localhost:9000", "localhost:8000"),
        ("http://localhost.evil.example:8000", "localhost:8000"),
        ("http://evil.example", "evil.example"),
        ("http://", ""),
    ],
)
def test_others_may_not(origin, host):
    assert not is_own(scope(origin, host))


def test_a_wildcard_of_hosts_opens_no_door_to_foreign_pages(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert is_own(scope("http://any.example", "any.example"))
    assert not is_own(scope("http://evil.example", "any.example"))
