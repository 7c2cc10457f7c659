"""What is kept out of logs and captures from the start."""

import pytest

from grokgateway import config, redaction, startup

COOKIES = "__cf_bm=first-value; cf_clearance=second-value"


@pytest.fixture
def redactor(monkeypatch):
    fresh = redaction.Redactor()
    monkeypatch.setattr(redaction, "current", lambda: fresh)
    return fresh


@pytest.mark.parametrize(
    ("key", "value", "hidden"),
    [
        ("app.api_key", ("one-key", "another"), ["one-key", "another"]),
        ("app.app_key", "a console key", ["a console key"]),
        ("proxy.clearance.cf_cookies", COOKIES, ["first-value", "second-value"]),
        ("proxy.egress.proxy_url", "http://u:pass-word@h:1", ["pass-word"]),
        (
            "alerts.webhook_url",
            "https://hooks.example/services/abcdef-012345?key=0123456789-abc",
            ["abcdef-012345", "0123456789-abc"],
        ),
    ],
)
def test_secrets_of_the_settings_are_hidden(redactor, key, value, hidden):
    with config.override({key: value}):
        startup.follow(config.current())
    for secret in hidden:
        assert secret not in redactor.text(f"before {secret} after")
    assert redactor.text("from hooks.example by services u") == (
        "from hooks.example by services u"
    )


def test_what_is_shipped_is_no_secret(redactor):
    with config.override({}):
        startup.follow(config.current())
    assert redactor.text("taken over from grok2api") == "taken over from grok2api"


def test_secrets_of_the_start_are_hidden_unless_they_may_be_words(redactor, settings):
    settings.SECRET_KEY = "a-secret-key-of-django"
    settings.EMAIL_HOST_PASSWORD = "postgres"
    with config.override({}):
        startup.follow(config.current())
    told = redactor.text("a-secret-key-of-django and postgres")
    assert told == "*** and postgres"
