import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from grokgateway import config
from grokgateway.config.registry import FORMER, KEYS, VARIABLES
from grokgateway.config.registry.explanations import chinese
from grokgateway.config.registry.keys import Kind
from grokgateway.config.values import parse

ALL = list(KEYS.values())
EXTRA = {
    "app.allow_anonymous": False,
    "app.docs_enabled": True,
    "app.check_updates": False,
    "admin.expose_tokens": False,
    "admin.metrics_token": "",
    "features.enforce_max_tokens": False,
    "limits.json_body_mb": 64,
    "limits.multipart_mb": 128,
    "limits.file_mb": 25,
    "limits.attachments": 8,
    "limits.attachments_mb": 64,
    "retention.responses_days": 30,
    "retention.requests_days": 30,
    "retention.events_days": 30,
    "retention.deleted_accounts_days": 30,
    "cache.local.max_age_days": 0,
    "cache.local.min_free_mb": 512,
    "cache.local.signed_links": False,
    "video.max_concurrent": 4,
    "video.queue_limit": 100,
    "video.total_sec": 1800,
    "video.expires_hours": 24,
    "webui.chat_per_min": 30,
    "webui.image_runs": 2,
    "webui.voice_sessions": 1,
    "upstream.statsig_value": "",
    "upstream.statsig_signer_url": "",
    "alerts.webhook_url": "",
    "alerts.emails": (),
    "features.enable_nsfw": False,
    "upstream.base_url": "https://grok.com",
    "upstream.chat_protocol": "auto",
    "app.app_key": "grok2api",
    "retry.on_codes": ("429", "401", "503"),
}


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_the_default_is_valid_and_already_clean(key):
    assert parse(key, key.default) == key.default


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_it_is_explained_in_both_languages(key):
    assert key.help.isascii()
    assert config.help_text(key, "en") == key.help
    assert not config.help_text(key, "zh-hans").isascii()


def test_no_help_is_left_over():
    assert chinese().keys() == KEYS.keys()


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_a_number_has_a_range(key):
    assert (key.kind is Kind.NUMBER) == (key.minimum < key.maximum)


def test_no_two_keys_share_a_variable():
    names = [name for key in ALL for name in key.variables]

    assert len(names) == len(set(names)) == len(VARIABLES)


def test_no_two_keys_share_a_name():
    assert len(KEYS) == sum(
        line.count(" = ") for line in config.defaults().splitlines() if line[0:1] != "#"
    ) + sum(not key.in_template for key in ALL)
    assert not FORMER.keys() & KEYS.keys()


def test_no_key_lies_beneath_another_one():
    assert not [
        (name, other) for name in KEYS for other in KEYS if other.startswith(f"{name}.")
    ]


def test_the_settled_defaults_are_shipped():
    assert {name: KEYS[name].default for name in EXTRA} == EXTRA


def test_the_committed_template_is_the_generated_one():
    committed = Path(settings.BASE_DIR, "config.defaults.toml").read_text("utf-8")

    assert committed == config.defaults()


def test_the_template_holds_every_default():
    flat = config.flatten(tomllib.loads(config.defaults()))

    expected = {k.name: config.plain(k.default) for k in ALL if k.in_template}
    assert flat == expected
    assert "proxy.clearance.cf_clearance" not in flat
