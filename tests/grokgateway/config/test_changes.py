import json

import pytest
from django.db import IntegrityError, transaction

from grokgateway import config
from grokgateway.config import rows
from grokgateway.config.models import ConfigHistory, ConfigOverride, ConfigRevision
from grokgateway.config.values import MASK

pytestmark = pytest.mark.django_db
BY = "tester"


def saved():
    return set(ConfigOverride.objects.values_list("key", flat=True))


def test_a_save_counts_at_once_and_says_who():
    snapshot = config.save({"chat.timeout": "90"}, BY)

    row = ConfigOverride.objects.get(key="chat.timeout")
    assert config.current() is snapshot
    assert snapshot.number("chat.timeout") == 90
    assert snapshot.revision == row.revision == 1
    assert (row.value, row.updated_by) == ({"value": 90}, BY)


def test_a_patch_may_be_nested():
    snapshot = config.save({"proxy": {"clearance": {"timeout_sec": 30}}}, BY)

    assert snapshot.number("proxy.clearance.timeout_sec") == 30


def test_only_values_that_differ_from_the_default_are_stored():
    config.save({"chat.timeout": 90, "image.timeout": 60}, BY)
    assert saved() == {"chat.timeout"}

    config.save({"chat.timeout": 60}, BY)
    assert saved() == set()


def test_a_default_over_another_value_of_the_file_is_stored(toml_file):
    toml_file.write_text("[chat]\ntimeout = 61\n")

    snapshot = config.save({"chat.timeout": 60}, BY)

    assert snapshot.number("chat.timeout") == 60
    assert saved() == {"chat.timeout"}


def test_nothing_is_saved_when_anything_is_wrong():
    with pytest.raises(config.Rejected) as caught:
        config.save(
            {
                "chat.timeout": 90,
                "image.timeout": 0,
                "chat.timeuot": 9,
                "app.app_key": "short",
            },
            BY,
        )

    assert sorted(caught.value.errors) == [
        ("app.app_key", "must have at least 12 characters"),
        ("chat.timeuot", "is no known key; did you mean chat.timeout?"),
        ("image.timeout", "must be from 5 to 1800"),
    ]
    assert caught.value.unknown == ("chat.timeuot",)
    assert saved() == set()
    assert config.load().revision == 0


def test_a_save_without_effect_makes_no_revision():
    config.save({"chat.timeout": 90}, BY)

    assert config.save({"chat.timeout": 90, "image.timeout": 60}, BY).revision == 1


def test_none_and_unset_reset_a_key():
    config.save({"chat.timeout": 90, "image.timeout": 90}, BY)

    config.save({"chat.timeout": None}, BY)
    snapshot = config.unset(["image.timeout", "voice.timeout"], BY)

    assert saved() == set()
    assert snapshot.revision == 3
    assert snapshot.source("image.timeout") == "default"


def test_unset_refuses_unknown_keys_but_clears_stale_rows():
    config.save({"chat.timeout": 90}, BY)
    ConfigOverride.objects.filter(key="chat.timeout").update(key="chat.gone")

    with pytest.raises(config.Rejected):
        config.unset(["chat.never"], BY)
    config.unset(["chat.gone"], BY)

    assert saved() == set()


def test_a_key_set_by_the_environment_is_locked(settings):
    settings.GROK_ENVIRON = {"GROK_PROXY_BROWSER": "safari17"}

    with pytest.raises(config.Rejected) as caught:
        config.save({"proxy.clearance.browser": "chrome120"}, BY)

    assert caught.value.errors == [
        (
            "proxy.clearance.browser",
            "is set by GROK_PROXY_BROWSER and cannot be changed here",
        )
    ]


@pytest.mark.parametrize(
    ("patch", "key"),
    [
        ({"proxy.egress.mode": "single_proxy"}, "proxy.egress.proxy_url"),
        ({"proxy.clearance.mode": "on_demand"}, "proxy.clearance.flaresolverr_url"),
        (
            {"proxy.clearance.mode": "flaresolverr"},
            "proxy.clearance.flaresolverr_url",
        ),
    ],
)
def test_a_choice_needs_its_companion(patch, key):
    with pytest.raises(config.Rejected) as caught:
        config.save(patch, BY)

    assert caught.value.errors[0][0] == key
    assert saved() == set()


def test_a_companion_in_the_same_patch_is_enough_and_cannot_be_taken_away():
    config.save(
        {
            "proxy.egress.mode": "single_proxy",
            "proxy.egress.proxy_url": "http://127.0.0.1:8118",
        },
        BY,
    )

    with pytest.raises(config.Rejected):
        config.unset(["proxy.egress.proxy_url"], BY)


def test_an_older_need_does_not_block_other_saves(settings):
    settings.GROK_ENVIRON = {"GROK_PROXY_EGRESS_MODE": "single_proxy"}

    assert config.save({"chat.timeout": 90}, BY).number("chat.timeout") == 90


def test_a_stale_revision_conflicts():
    config.save({"chat.timeout": 90}, BY, expected_revision=0)

    with pytest.raises(config.Conflict) as caught:
        config.save({"chat.timeout": 91}, BY, expected_revision=0)

    assert caught.value.revision == 1
    assert config.current().number("chat.timeout") == 90


def test_secrets_are_encrypted_in_the_rows_and_in_the_history():
    config.save(
        {"app.webui_key": "first-secret", "app.api_key": ["key-one", "key-two"]}, BY
    )
    config.save({"app.webui_key": "second-secret"}, BY)
    config.save({"proxy.egress.proxy_url": "http://u:hidden@127.0.0.1:1"}, BY)

    text = json.dumps(
        [
            *ConfigOverride.objects.values_list("value", flat=True),
            *ConfigHistory.objects.values_list("changes", flat=True),
        ]
    )
    assert not [w for w in ("first-", "second-", "key-one", "hidden") if w in text]
    config.forget()
    assert config.current().text("app.webui_key") == "second-secret"
    assert config.current().items("app.api_key") == ("key-one", "key-two")
    assert config.sealed_rows_exist()


def test_no_sealed_rows_without_secrets():
    config.save({"chat.timeout": 90}, BY)
    assert not config.sealed_rows_exist()

    config.save({"app.webui_key": "hush"}, BY)
    config.unset(["app.webui_key"], BY)
    assert config.sealed_rows_exist()


def test_a_sealed_value_belongs_to_its_key():
    config.save({"app.webui_key": "hush-hush-hush"}, BY)
    ConfigOverride.objects.filter(key="app.webui_key").update(key="app.app_key")

    assert config.load().text("app.app_key") == "grok2api"


def test_a_masked_secret_means_unchanged():
    config.save({"app.webui_key": "hush", "app.api_key": "a,b"}, BY)

    snapshot = config.save(
        {"app.webui_key": MASK, "app.api_key": MASK, "app.app_key": MASK}, BY
    )

    assert snapshot.revision == 1
    assert snapshot.text("app.webui_key") == "hush"
    assert snapshot.items("app.api_key") == ("a", "b")


def test_a_mask_that_stands_for_nothing_is_refused():
    with pytest.raises(config.Rejected, match="holds a mask"):
        config.save({"proxy.egress.proxy_url": f"http://u:{MASK}@127.0.0.1"}, BY)


def test_former_names_are_translated():
    snapshot = config.save({"proxy": {"cf_cookies": "a=1"}}, BY)

    assert snapshot.text("proxy.clearance.cf_cookies") == "a=1"
    assert saved() == {"proxy.clearance.cf_cookies"}


def test_a_change_can_be_reverted():
    config.save({"chat.timeout": 90, "app.webui_key": "first"}, BY)
    config.save({"chat.timeout": 91, "app.webui_key": "second", "nsfw.timeout": 9}, BY)

    snapshot = config.revert(2, "other")

    assert snapshot.number("chat.timeout") == 90
    assert snapshot.text("app.webui_key") == "first"
    assert snapshot.source("nsfw.timeout") == "default"
    entry = ConfigHistory.objects.get(revision=3)
    assert entry.saved_by == "other"
    assert str(entry) == "3 by other"


def test_an_unknown_change_cannot_be_reverted():
    with pytest.raises(config.Rejected):
        config.revert(5, BY)


def test_a_change_that_cannot_be_read_any_more_is_not_reverted():
    config.save({"chat.timeout": 90}, BY)
    ConfigHistory.objects.update(
        changes={"chat.timeout": {"before": {"value": 0}, "after": None}}
    )

    with pytest.raises(config.Rejected) as caught:
        config.revert(1, BY)
    assert caught.value.errors == [("chat.timeout", "must be from 5 to 1800")]


def test_the_last_hundred_changes_are_kept():
    config.save({"chat.timeout": 90}, BY)
    ConfigRevision.objects.update(number=500)
    ConfigHistory.objects.bulk_create(
        ConfigHistory(
            revision=number,
            saved_at="2026-01-01T00:00:00Z",
            saved_by=BY,
            changes={},
        )
        for number in range(2, 140)
    )

    config.save({"chat.timeout": 91}, BY)

    assert ConfigHistory.objects.count() == rows.HISTORY_KEPT
    assert ConfigHistory.objects.values_list("revision", flat=True)[0] == 501
    assert not ConfigHistory.objects.filter(revision=1).exists()


def test_a_poll_sees_what_another_process_wrote():
    config.load()
    mine = config.current()
    ConfigOverride.objects.create(
        key="chat.timeout",
        value={"value": 75},
        revision=1,
        updated_at="2026-01-01T00:00:00Z",
        updated_by="another process",
    )
    ConfigRevision.objects.create(id=1, number=1)

    assert config.refresh()
    assert mine.number("chat.timeout") == 60
    assert config.current().number("chat.timeout") == 75
    assert not config.refresh()


def test_there_is_one_revision_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        ConfigRevision.objects.create(id=2, number=1)
    assert str(ConfigRevision(number=4)) == "4"
    assert str(ConfigOverride(key="chat.timeout")) == "chat.timeout"


def test_subscribers_hear_of_changes_until_they_leave(caplog):
    config.load()
    heard: list[config.Snapshot] = []

    def broken(snapshot):
        raise ValueError("listener")

    leave_broken = config.subscribe(broken)
    leave = config.subscribe(heard.append)
    try:
        snapshot = config.save({"chat.timeout": 90}, BY)
    finally:
        leave_broken()
        leave()
    config.save({"chat.timeout": 91}, BY)

    assert heard == [snapshot]
    assert "listener for configuration changes failed" in caplog.text
