import os

import pytest

from grokgateway import config
from grokgateway.config.layers import flatten, named

pytestmark = pytest.mark.django_db


def write(path, text):
    """Write with a new modification time even within the clock's resolution."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    later = max(before + 10**6, path.stat().st_mtime_ns)
    os.utime(path, ns=(later, later))


def test_each_layer_wins_over_those_before_it(settings, toml_file):
    write(
        toml_file,
        "[chat]\ntimeout = 61\n[image]\ntimeout = 61\n[voice]\ntimeout = 61\n",
    )
    config.save({"image.timeout": 62, "voice.timeout": 62}, "tester")
    settings.GROK_ENVIRON = {"GROK_VOICE_TIMEOUT": "63"}

    snapshot = config.load()

    names = ["nsfw.timeout", "chat.timeout", "image.timeout", "voice.timeout"]
    assert [(snapshot.number(n), snapshot.source(n)) for n in names] == [
        (60, "default"),
        (61, "file"),
        (62, "saved"),
        (63, "environment"),
    ]


def test_the_file_is_read_again_when_it_moved(toml_file):
    assert config.current().number("chat.timeout") == 60
    assert not config.refresh()

    write(toml_file, "[chat]\ntimeout = 70\n")
    assert config.refresh()
    assert config.current().number("chat.timeout") == 70
    assert not config.refresh()

    toml_file.unlink()
    assert config.refresh()
    assert config.current().number("chat.timeout") == 60


def test_bad_and_unknown_keys_of_the_file_are_reported(toml_file):
    write(
        toml_file,
        '[chat]\ntimeout = 1\ntimeuot = 9\n[app]\napp_key = "********"\n'
        '[features]\nimage_format = "base64"\n',
    )

    snapshot = config.current()

    assert snapshot.number("chat.timeout") == 60
    assert snapshot.text("app.app_key") == "grok2api"
    assert snapshot.text("features.image_format") == "base64"
    assert snapshot.problems == (
        "chat.timeuot in the configuration file is no known key; "
        "did you mean chat.timeout?",
        "chat.timeout in the configuration file must be from 5 to 1800; it is ignored.",
        "app.app_key in the configuration file holds a mask instead of a value; "
        "it is ignored.",
    )


@pytest.mark.parametrize("broken", ["[chat\ntimeout", ""])
def test_a_half_written_file_leaves_the_old_values(toml_file, broken):
    write(toml_file, '[app]\napi_key = "secret"\n')
    config.load()

    write(toml_file, broken)
    assert config.refresh()

    assert config.current().items("app.api_key") == ("secret",)
    assert "values before that are in use" in config.current().problems[0]


def test_a_file_that_is_no_text_is_reported(toml_file):
    toml_file.write_bytes(b"\xff\xfe")

    assert "cannot be read" in config.current().problems[0]


def test_legacy_names_in_the_file(toml_file):
    write(
        toml_file,
        '[proxy]\ncf_cookies = "old=1"\nuser_agent = " "\n'
        '[proxy.clearance]\ncf_cookies = "new=1"\nuser_agent = "Mine"\n'
        '[retry]\nretry_status_codes = "500"\n',
    )

    snapshot = config.current()

    assert snapshot.text("proxy.clearance.cf_cookies") == "old=1"
    assert snapshot.text("proxy.clearance.user_agent") == "Mine"
    assert snapshot.items("retry.on_codes") == ("500",)
    assert not snapshot.problems


def test_names_are_flattened_and_translated():
    found = named(flatten({"app": {"api_key": "a"}, "app.x": 1, "proxy.browser": "b"}))

    assert found.data == {"app.api_key": "a", "proxy.clearance.browser": "b"}
    assert found.unknown == ("app.x",)


@pytest.mark.parametrize(
    ("base", "derived"),
    [
        ("https://grok.com", "wss://grok.com"),
        ("http://127.0.0.1:9000/x", "ws://127.0.0.1:9000/x"),
    ],
)
def test_the_socket_address_follows_the_base(base, derived):
    snapshot = config.save({"upstream.base_url": base}, "tester")

    assert snapshot.text("upstream.ws_url") == derived
    assert snapshot.stored("upstream.ws_url") == ""


def test_a_given_socket_address_stays():
    snapshot = config.save({"upstream.ws_url": "wss://ws.example"}, "tester")

    assert snapshot.text("upstream.ws_url") == "wss://ws.example"


def test_warnings_of_things_hardly_meant(settings):
    settings.GROK_ENVIRON = {
        "GROK_PROXY_EGRESS_MODE": "single_proxy",
        "GROK_PROXY_CLEARANCE_MODE": "manual",
        "GROK_FEATURES_IMAGE_FORMAT": "local_url",
    }

    assert config.current().problems == (
        "proxy.egress.proxy_url is needed while proxy.egress.mode is single_proxy.",
        "proxy.clearance.mode is manual, but no cookies are set.",
        "features.image_format is local_url while app.app_url is empty: "
        "links are relative.",
    )


def test_a_warning_for_an_address_with_the_api_path():
    snapshot = config.save({"app.app_url": "https://a.example/v1"}, "tester")

    assert snapshot.problems == (
        "app.app_url ends in /v1; media links leave that out.",
    )
