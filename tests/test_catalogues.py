"""English and Chinese are complete, and what is compiled is what is written."""

import textwrap

import polib
import pytest

from tests import catalogues
from tests.catalogues import Text


@pytest.fixture(scope="module")
def found():
    return catalogues.collected()


@pytest.mark.parametrize("language", catalogues.COMPLETE)
def test_every_text_is_translated(found, language):
    """If not: `make messages`, then fill what is empty in locale/."""
    catalogue = catalogues.catalogue(language)
    known = {entry.msgid for entry in catalogue if entry.translated()}
    assert [text for text, _plural in found if text not in known] == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_nothing_is_kept_that_no_page_says(found, language):
    used = {text for text, _plural in found}
    kept = catalogues.catalogue(language)
    assert [entry.msgid for entry in kept if entry.msgid not in used] == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_what_is_compiled_is_what_is_written(language):
    written = catalogues.catalogue(language)
    compiled = (catalogues.folder(language) / "django.mo").read_bytes()
    assert written.to_binary() == compiled


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_translations_take_the_same_values(language):
    for entry in catalogues.catalogue(language):
        told = [entry.msgstr, *entry.msgstr_plural.values()]
        for text in filter(None, told):
            allowed = {*values(entry.msgid), *values(entry.msgid_plural)}
            assert values(text) <= allowed, f"{entry.msgid} -> {text}"


def values(text):
    return set(catalogues.VALUES.findall(text))


def test_texts_are_found_in_python():
    source = textwrap.dedent(
        """
        from django.utils.translation import gettext_lazy as _
        title = _("one " "text")
        ngettext("%d thing", "%d things", 3)
        _(variable)
        """
    )
    assert list(catalogues.of_python(source, "x.py")) == [
        Text("one text", "", "x.py"),
        Text("%d thing", "%d things", "x.py"),
    ]


def test_texts_are_found_in_templates(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    page = tmp_path / "page.html"
    page.write_text(
        "{% load i18n %}{% if x %}{% translate 'Plain 5%' %}{% endif %}"
        "{% blocktranslate trimmed count n=x %}\n {{ n }} one\n"
        "{% plural %} {{ n }} many {% endblocktranslate %}"
    )
    assert list(catalogues.of_templates([page])) == [
        Text("Plain 5%%", "", "page.html"),
        Text("%(n)s one", "%(n)s many", "page.html"),
    ]


def test_merging_keeps_translations_and_drops_what_is_gone():
    old = polib.POFile()
    old.metadata = {"Plural-Forms": catalogues.USUAL}
    old.append(polib.POEntry(msgid="kept", msgstr="behalten"))
    old.append(polib.POEntry(msgid="gone", msgstr="weg"))
    new = catalogues.merged(old, {("kept", ""): ["a"], ("new", "news"): ["b"]})
    assert [(e.msgid, e.msgstr) for e in new] == [("kept", "behalten"), ("new", "")]
    assert catalogues.untranslated(new) == ["new"]
