"""Every form of the corpus, whole and in all pieces."""

import pytest

from tests.gateway.conversation.tools.corpus import FORMS, PROSE, sieved


def cut_in_two(text):
    return ((text[:at], text[at:]) for at in range(1, len(text)))


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_found_whole_and_in_pieces(name):
    written, text, calls = FORMS[name]
    for pieces in ([written], written):
        found = sieved(pieces)
        assert (found.text, list(found.calls)) == (text, calls)
        assert found.correction == ""


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_found_wherever_it_is_cut(name):
    written, *_ = FORMS[name]
    whole = sieved([written])
    assert [p for p in cut_in_two(written) if sieved(p) != whole] == []


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_found_behind_text_and_when_nobody_can_ask_again(name):
    written, text, calls = FORMS[name]
    found = sieved([written], may_ask_again=False)
    assert (found.text, list(found.calls)) == (text, calls)
    if written.lstrip("` \n\rxmljson").startswith("<"):
        found = sieved(["So: ", written])
        assert found.text == f"So: {text}".rstrip()
        assert list(found.calls) == calls


@pytest.mark.parametrize("text", PROSE)
def test_prose_stays_as_it_is(text):
    for pieces in ([text], text, *cut_in_two(text)):
        found = sieved(pieces)
        assert (found.text, found.calls, found.correction) == (text, (), "")
