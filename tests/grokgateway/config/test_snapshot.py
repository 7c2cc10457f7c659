import asyncio
from dataclasses import FrozenInstanceError

import pytest
from django.db import connection

from grokgateway import config
from grokgateway.config import rows
from grokgateway.config.models import ConfigOverride


def test_override_needs_no_database_and_is_undone():
    with config.override({"chat.timeout": 5, "app.api_key": ["a"]}) as snapshot:
        assert config.current() is snapshot
        with config.override({"image.timeout": 6}):
            assert config.current().number("chat.timeout") == 5
            assert config.current().number("image.timeout") == 6
        assert config.current().items("app.api_key") == ("a",)
        assert config.current().source("chat.timeout") == "saved"
    with pytest.raises(config.NotLoaded):
        asyncio.run(ask())


async def ask():
    return config.current()


def test_override_wins_over_the_environment():
    with config.override({"upstream.base_url": "http://127.0.0.1:1"}):
        assert config.current().text("upstream.ws_url") == "ws://127.0.0.1:1"


def test_override_refuses_unknown_and_bad_values():
    with pytest.raises(config.UnknownKey), config.override({"chat.nothing": 5}):
        pass
    with pytest.raises(config.BadValue), config.override({"chat.timeout": 0}):
        pass


@pytest.mark.parametrize(
    ("getter", "name"),
    [
        ("flag", "chat.timeout"),
        ("number", "features.stream"),
        ("text", "app.api_key"),
        ("items", "app.app_url"),
        ("stored", "chat.nothing"),
        ("source", "chat.nothing"),
    ],
)
def test_a_wrong_name_or_type_is_a_mistake(getter, name):
    with config.override({}) as snapshot, pytest.raises(config.UnknownKey):
        getattr(snapshot, getter)(name)


def test_a_snapshot_does_not_change():
    with config.override({}) as snapshot:
        with pytest.raises(FrozenInstanceError):
            snapshot.revision = 5  # type: ignore[misc] # the mistake under test
        assert isinstance(snapshot.items("app.api_key"), tuple)
        assert "grok2api" not in repr(snapshot)


def test_a_flag_is_no_number():
    with config.override({"features.stream": False}) as snapshot:
        assert snapshot.flag("features.stream") is False


@pytest.mark.django_db
def test_the_first_call_loads_and_later_ones_ask_nobody(django_assert_num_queries):
    first = config.current()

    with django_assert_num_queries(0):
        assert config.current() is first


@pytest.mark.django_db
def test_once_loaded_an_event_loop_may_ask():
    loaded = config.load()

    assert asyncio.run(ask()) is loaded


@pytest.mark.django_db
def test_a_poll_is_one_query(django_assert_num_queries):
    config.load()

    with django_assert_num_queries(1):
        assert not config.refresh()


@pytest.mark.django_db
def test_the_first_poll_loads():
    assert config.refresh()
    assert config.current().revision == 0


@pytest.mark.django_db(transaction=True)
def test_it_works_before_the_first_migration(settings):
    settings.GROK_ENVIRON = {"GROK_CHAT_TIMEOUT": "7"}
    tables = [rows.overrides(), rows.revisions()]
    with connection.schema_editor() as editor:
        for table in tables:
            editor.delete_model(table)
    try:
        snapshot = config.current()
    finally:
        with connection.schema_editor() as editor:
            for table in tables:
                editor.create_model(table)

    assert snapshot.number("chat.timeout") == 7
    assert snapshot.revision == 0


@pytest.mark.django_db
def test_stored_values_that_cannot_be_used_never_stop_a_load():
    for name, value in {
        "chat.timeout": {"value": 0},
        "image.timeout": ["what"],
        "chat.gone": {"value": 1},
        "app.webui_key": {"sealed": "bm90IHNlYWxlZCBieSB1cyBhdCBhbGwsIG5vdCBhdCBhbGw="},
        "app.api_key": {"sealed": "%"},
    }.items():
        store(name, value)

    snapshot = config.current()

    assert snapshot.number("chat.timeout") == 60
    assert snapshot.text("app.webui_key") == ""
    assert sorted(snapshot.problems) == [
        "The saved key chat.gone is not known any more.",
        "The saved value of app.api_key cannot be decrypted with the keys of this "
        "gateway; it is ignored.",
        "The saved value of app.webui_key cannot be decrypted with the keys of this "
        "gateway; it is ignored.",
        "The saved value of chat.timeout must be from 5 to 1800; it is ignored.",
        "The saved value of image.timeout is not stored in a known form; "
        "it is ignored.",
    ]


def store(name, value):
    ConfigOverride.objects.create(
        key=name,
        value=value,
        revision=1,
        updated_at="2026-01-01T00:00:00Z",
        updated_by="tester",
    )
