"""User agents, the TLS profile that is theirs, and the hints that go with them."""

import pytest

from gateway.egress.profiles import Fit, fit
from gateway.upstream.client_hints import client_hints

KNOWN = (
    *("chrome110", "chrome120", "chrome133a", "chrome136", "chrome151_macos"),
    *("chrome151", "chrome131_android", "edge101", "firefox135", "firefox144"),
    *("safari170", "safari184", "safari172_ios", "safari184_ios", "chrome", "tor145"),
)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
PHONE = "Mozilla/5.0 (Linux; Android 14; K)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
MATRIX = [
    (f"{MAC} {WEBKIT} Chrome/136.0.0.0 Safari/537.36", "chrome136", True, "136"),
    (f"{MAC} {WEBKIT} Chrome/151.0.0.0 Safari/537.36", "chrome151_macos", True, "151"),
    (f"{WINDOWS} {WEBKIT} Chrome/151.0.0.0 Safari/537.36", "chrome151", True, "151"),
    (f"{WINDOWS} {WEBKIT} Chrome/133.0.0.0 Safari/537.36", "chrome133a", True, "133"),
    (f"{WINDOWS} {WEBKIT} Chrome/139.0.0.0 Safari/537.36", "chrome136", False, "139"),
    (f"{WINDOWS} {WEBKIT} Chrome/199.0.0.0 Safari/537.36", "chrome151", False, "199"),
    (
        f"{PHONE} {WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36",
        *("chrome131_android", True, "131"),
    ),
    (
        f"{WINDOWS} {WEBKIT} Chrome/136.0.0.0 Safari/537.36 Edg/136.0.0.0",
        *("chrome136", True, "136"),  # one engine, and the nearest Edge is far away
    ),
    (f"{WINDOWS} {WEBKIT} Chrome/101.0.0.0 Edg/101.0.0.0", "edge101", True, "101"),
    (f"{IPHONE} CriOS/136.0.0.0 Mobile/1 Safari/604.1", "chrome136", True, "136"),
    (f"{WINDOWS[:-1]}; rv:144.0) Gecko/20100101 Firefox/144.0", "firefox144", True, ""),
    (
        f"{WINDOWS[:-1]}; rv:140.0) Gecko/20100101 Firefox/140.0",
        "firefox144",
        False,
        "",
    ),
    (f"{MAC} {WEBKIT} Version/18.4 Safari/605.1.15", "safari184", True, ""),
    (
        f"{IPHONE} {WEBKIT} Version/18.4 Mobile/15E1 Safari/604.1",
        *("safari184_ios", True, ""),
    ),
    ("curl/8.5.0", "chrome136", True, "136"),  # by the configured browser
]


@pytest.mark.parametrize(("agent", "name", "exact", "version"), MATRIX)
def test_a_user_agent_has_its_profile_and_its_hints(agent, name, exact, version):
    assert fit(agent, "chrome136", KNOWN) == Fit(name, exact)
    hints = dict(client_hints(agent, "chrome136"))
    if version:
        assert f'v="{version}"' in hints["Sec-Ch-Ua"]
    else:
        assert not hints


def test_without_any_sign_it_is_a_chrome():
    assert fit("x", "no-browser", KNOWN) == Fit("chrome120", True)


def test_without_profiles_there_is_none():
    assert fit(MATRIX[0][0], "chrome136", ()) is None
