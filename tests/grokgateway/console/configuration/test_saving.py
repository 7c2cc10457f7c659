"""What may happen between the look at the configuration and the save."""

import pytest
from django.http import QueryDict

from grokgateway import config
from grokgateway.console.configuration import saving

pytestmark = pytest.mark.django_db
NOBODY: frozenset[str] = frozenset()


def test_somebody_who_saves_in_between_makes_it_stale():
    now = saving.fresh()
    config.save({"chat.timeout": 70}, "ann")
    result = saving.save({"chat.timeout": "90"}, now, NOBODY, "bob")
    assert isinstance(result, saving.Stale)
    assert result.base is not None
    assert result.base["chat.timeout"] == 60
    assert result.now.number("chat.timeout") == 70
    assert [row.saved_by for row in result.later] == ["ann"]


def test_a_file_that_changes_in_between_is_told(settings):
    config.save({"proxy.egress.proxy_url": "http://proxy.example"}, "ann")
    now = saving.fresh()
    settings.CONFIG_LOCAL_PATH.write_text('[proxy.egress]\nmode = "single_proxy"\n')
    result = saving.save({"proxy.egress.proxy_url": ""}, now, NOBODY, "bob")
    assert isinstance(result, saving.Refused)
    assert list(result.errors) == ["proxy.egress.proxy_url"]


def test_a_form_from_the_future_is_no_accident_but_harmless():
    result = saving.attempt(saving.Posted({"chat.timeout": "90"}, 7, NOBODY), "bob")
    assert isinstance(result, saving.Stale)
    assert config.load().revision == 0


@pytest.mark.parametrize("number", ["", "x", "\u00b2", "9" * 5000])
def test_a_form_without_a_revision_is_as_old_as_can_be(number):
    posted = saving.read((), QueryDict(f"revision={number}"))
    assert posted.revision == 0
