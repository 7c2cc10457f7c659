"""The registry as people see it: every key once, named, with a control."""

import re

import pytest

from grokgateway import config
from grokgateway.config.registry.explanations import words
from grokgateway.console.configuration import outline, routes

ALL = list(config.KEYS.values())
CONTROL = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="([^":]+)"')


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_a_key_has_a_label_in_both_languages(key):
    assert key.name in words()["keys"]
    english, chinese = config.label(key, "en"), config.label(key, "zh-hans")
    assert english.isascii()
    assert english != key.name
    assert chinese


def test_no_label_is_left_over():
    assert words()["keys"].keys() == config.KEYS.keys()


def test_a_choice_has_a_name():
    choices = {choice for key in ALL for choice in key.choices}
    assert words()["choices"].keys() == choices
    assert config.choice("direct", "en") == "Direct, no proxy"
    assert not config.choice("direct", "zh-cn").isascii()


def test_two_keys_of_a_section_are_not_called_the_same():
    for group in outline.groups():
        for _, keys in outline.sections(group):
            labels = [config.label(key, "en") for key in keys]
            assert len(labels) == len(set(labels))


def test_a_key_without_a_label_is_called_by_its_name():
    key = config.Key("odd.new_thing", "odd", 1, "Odd.")
    assert config.label(key, "zh-hans") == "New thing"


def test_every_key_stands_on_the_pages_once_with_its_control(console):
    shown: list[str] = []
    for group in outline.groups():
        text = console.get(f"/admin/config/{group.slug}").content.decode()
        named = [name for name in CONTROL.findall(text) if name in config.KEYS]
        shown += dict.fromkeys(named)
        assert text.count("data-setting=") == len(set(named))
    assert sorted(shown) == sorted(config.KEYS)


def test_no_section_is_empty_and_none_collects_leftovers():
    for group in outline.TABS:
        titles = [title for title, _ in outline.sections(group)]
        assert titles == ([section.title for section in group.sections] or [""])


def test_a_new_group_of_the_registry_gets_a_tab(monkeypatch):
    monkeypatch.setattr(outline, "GROUPS", ("system", "novel"))
    assert [group.slug for group in outline.groups()][-1] == "novel"


def test_conditions_name_keys_of_the_same_group_and_their_values():
    for name, condition in outline.CONDITIONS.items():
        chooser = config.KEYS[condition.chooser]
        assert chooser.group == config.KEYS[name].group
        assert set(condition.values) <= set(chooser.choices or ("on", "off"))


def test_no_group_hides_behind_another_page():
    taken = {route for route, _, _ in routes.ROUTES}
    assert not {f"config/{group.slug}" for group in outline.groups()} & taken
