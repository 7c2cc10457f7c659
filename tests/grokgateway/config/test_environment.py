import pytest
from django.core.exceptions import ImproperlyConfigured

from grokgateway import config
from grokgateway.config.checks import check_environment
from grokgateway.config.environment import examine
from grokgateway.config.registry import KEYS
from grokgateway.config.registry.keys import Kind
from grokgateway.config.values import parse

TEXTS = {
    "app.app_key": "a-long-password",
    "app.app_url": "https://gateway.example",
    "alerts.webhook_url": "https://hooks.example/x",
    "alerts.emails": "a@b.example",
    "proxy.egress.proxy_url": "http://127.0.0.1:8118",
    "proxy.egress.proxy_pool": "http://127.0.0.1:8118,socks5://127.0.0.1:9",
    "proxy.egress.resource_proxy_url": "http://127.0.0.1:8118",
    "proxy.egress.resource_proxy_pool": "http://127.0.0.1:8118",
    "proxy.clearance.flaresolverr_url": "http://127.0.0.1:8191",
    "proxy.egress.test_url": "https://trace.example/cdn-cgi/trace",
    "proxy.clearance.browser": "safari17",
    "retry.reset_session_status_codes": "403,502",
    "retry.on_codes": "[500, 502]",
    "upstream.base_url": "http://127.0.0.1:9000",
    "upstream.ws_url": "ws://127.0.0.1:9000",
    "upstream.assets_url": "http://127.0.0.1:9001",
    "upstream.accounts_url": "http://127.0.0.1:9002",
    "upstream.livekit_url": "ws://127.0.0.1:9003",
    "upstream.media_hosts": "127.0.0.1:9000",
    "upstream.statsig_signer_url": "https://signer.example",
}


def other_text(key):
    match key.kind:
        case Kind.FLAG:
            return "off" if key.default else "on"
        case Kind.NUMBER:
            return str(key.maximum)
        case _:
            return TEXTS.get(key.name) or (key.choices[-1] if key.choices else "other")


@pytest.mark.django_db
@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_a_variable_overrides_each_key(settings, key):
    text = other_text(key)
    settings.GROK_ENVIRON = {key.variable: text}

    snapshot = config.current()

    assert snapshot.source(key.name) == "environment"
    assert snapshot.stored(key.name) == parse(key, text) != key.default


def test_the_names_of_three_part_keys():
    found = examine({"GROK_PROXY_EGRESS_MODE": "proxy_pool"})

    assert found.values == {"proxy.egress.mode": "proxy_pool"}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("old", "key"),
    [
        ("GROK_PROXY_CF_COOKIES", "proxy.clearance.cf_cookies"),
        ("GROK_PROXY_USER_AGENT", "proxy.clearance.user_agent"),
        ("GROK_PROXY_CF_CLEARANCE", "proxy.clearance.cf_clearance"),
        ("GROK_PROXY_BROWSER", "proxy.clearance.browser"),
    ],
)
def test_legacy_flat_names_win_unless_empty(old, key):
    new = KEYS[key].variable

    assert examine({old: "older", new: "newer"}).values == {key: "older"}
    assert examine({old: " ", new: "newer"}).values == {key: "newer"}


def test_the_older_retry_name_only_fills_in():
    old, new = "GROK_RETRY_RETRY_STATUS_CODES", "GROK_RETRY_ON_CODES"

    assert examine({old: "500"}).values == {"retry.on_codes": ("500",)}
    assert examine({old: "500", new: "502"}).values == {"retry.on_codes": ("502",)}


def test_empty_is_not_set_and_warned_of_for_secrets():
    found = examine({"GROK_APP_API_KEY": "", "GROK_APP_APP_URL": ""})

    assert found.values == {}
    assert found.warnings == ("GROK_APP_API_KEY is empty and counts as not set.",)


def test_an_unknown_name_gets_the_nearest_one():
    found = examine({"GROK_APP_API_KEYS": "x", "GROK_ZZZZZZZZZZ": "x", "OTHER": "x"})

    assert found.warnings == (
        "GROK_APP_API_KEYS is no known variable; did you mean GROK_APP_API_KEY?",
        "GROK_ZZZZZZZZZZ is no known variable.",
    )


def test_a_short_password_is_taken_with_a_warning():
    found = examine({"GROK_APP_APP_KEY": "short"})

    assert found.values == {"app.app_key": "short"}
    assert "at least 12 characters" in found.warnings[0]


@pytest.mark.django_db
def test_a_bad_value_refuses_the_load_and_names_variable_and_rule(settings):
    settings.GROK_ENVIRON = {
        "GROK_LOGGING_MAX_FILES": "many",
        "GROK_PROXY_EGRESS_MODE": "tunnel",
    }

    with pytest.raises(ImproperlyConfigured) as caught:
        config.current()

    lines = str(caught.value).splitlines()
    assert lines[0].startswith("GROK_LOGGING_MAX_FILES (logging.max_files) must be a")
    assert "must be one of direct, single_proxy, proxy_pool" in lines[1]


def test_a_bad_secret_is_not_repeated(settings):
    found = examine({"GROK_ALERTS_WEBHOOK_URL": "hush-hush"})

    assert "hush-hush" not in found.faults[0]


def test_the_system_check_reports_both_kinds(settings):
    settings.GROK_ENVIRON = {"GROK_LOGGING_MAX_FILES": "0", "GROK_NONSENSE_NAME": "1"}

    messages = check_environment(None)

    assert [message.id for message in messages] == ["config.E001", "config.W001"]
    assert messages[0].is_serious()
    assert not messages[1].is_serious()


@pytest.mark.django_db
def test_warnings_reach_the_snapshot(settings):
    settings.GROK_ENVIRON = {"GROK_APP_API_KEYS": "x"}

    assert "GROK_APP_API_KEYS" in config.current().problems[0]
