"""What is told of the browser that we are to upstream."""

import pytest
from django.core.checks import run_checks

from gateway.egress.bundles import Bundle
from gateway.egress.home import Rows
from gateway.exits import browser
from gateway.upstream import impersonation
from grokgateway import config

ON = {"proxy.egress.impersonate": True}
CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/{}.0.0.0 Safari/537.36"


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(impersonation, "INSTALLED", True)
    monkeypatch.setattr(impersonation, "known", lambda: ("chrome136", "firefox144"))
    impersonation.profile.cache_clear()
    yield
    impersonation.profile.cache_clear()


def seen(**changed):
    named = {key.replace("__", "."): value for key, value in changed.items()}
    with config.override({**ON, **named}):
        return browser.seen(config.current())


def test_it_is_off_and_no_trouble_unless_asked_for(ways):
    told = seen(proxy__egress__impersonate=False)
    assert (told.profile, told.trouble) == ("", "")


def test_without_the_package_that_is_told(ways, monkeypatch):
    monkeypatch.setattr(impersonation, "INSTALLED", False)
    assert seen().trouble == browser.NOT_INSTALLED


@pytest.mark.parametrize(
    ("agent", "profile", "trouble"),
    [
        (CHROME.format(136), "chrome136", ""),
        (CHROME.format(139), "chrome136", browser.OTHER_VERSION),
        ("python-requests/2", "chrome136", browser.NO_BROWSER),
    ],
)
def test_a_user_agent_that_does_not_fit_is_told(
    ways, installed, agent, profile, trouble
):
    told = seen(proxy__clearance__user_agent=agent)
    assert (told.user_agent, told.profile, told.trouble) == (agent, profile, trouble)


def test_so_is_that_of_a_clearance_in_use(ways, installed):
    odd = Bundle("k", 1, "cf_clearance=x", CHROME.format(199))
    ways.rows = Rows(bundles={"k": odd})
    told = seen(proxy__clearance__user_agent=CHROME.format(136))
    assert (told.user_agent, told.trouble) == (odd.user_agent, browser.OTHER_VERSION)


def test_the_check_and_the_console_say_so(ways, monkeypatch, admin_client):
    monkeypatch.setattr(impersonation, "INSTALLED", False)
    with config.override(ON):
        assert "gateway.W001" in [one.id for one in run_checks()]
        page = admin_client.get("/admin/gateway/egressnode/").content.decode()
    assert "requirements/impersonate.txt" in page
    assert "TLS is Python's own, as Mozilla" in page
    with config.override({}):
        assert "gateway.W001" not in [one.id for one in run_checks()]
