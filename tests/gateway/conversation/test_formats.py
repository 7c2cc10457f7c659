import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.formats import JsonSieve, instructions
from gateway.conversation.requests import Format

OBJECT = Format()
PERSON = Format(
    '{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}',
    "person",
    strict=True,
)
LOOSE = Format(PERSON.schema)
LIST = Format('{"type":"array","items":{"type":"integer"}}', strict=True)
ANY = Format("{}")


def sieved(pieces, wanted=OBJECT, *, hold=False):
    sieve = JsonSieve(wanted, hold=hold)
    shown = "".join(map(sieve.feed, pieces))
    done = sieve.done
    return shown + sieve.close(), done, sieve.correction


def test_the_model_is_told_what_to_write():
    assert "one JSON object" in instructions(OBJECT)
    told = instructions(PERSON)
    assert told.endswith(f"\nSchema person: {PERSON.schema}")
    assert f"\nSchema: {LIST.schema}" in instructions(LIST)


VALUE = '{"a": "} ] { [ \\" \\\\", "b": [1, {"c": []}], "d": "```"}'
FOUND = {
    "alone": (VALUE, VALUE),
    "space": (f" \n{VALUE}\n", VALUE),
    "fence": (f"```json\n{VALUE}\n```", VALUE),
    "bare fence": (f"```\n{VALUE}\n```", VALUE),
    "no end of the fence": (f"```JSON\r\n{VALUE}", VALUE),
    "words": (f"Here you are:\n\n{VALUE}\nAnything else?", VALUE),
    "words and fence": (f"Here:\n```json\n{VALUE}\n```\nBye {{}}", VALUE),
    "brackets in words": (f"As in [1], [see {{it}}] and {{x}}: {VALUE} [2]", VALUE),
    "two": (f'{VALUE} {{"b":2}}', VALUE),
    "empty": ("So: {}", "{}"),
    "spread": ('{ \n "a" : 1 }', '{ \n "a" : 1 }'),
    "a list of objects": ('x [ {"a":1} ] y', '[ {"a":1} ]'),
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("wanted", [OBJECT, ANY])
def test_json_is_found_whole_and_in_pieces(name, wanted):
    said, found = FOUND[name]
    if wanted is ANY and name == "brackets in words":
        found = "[1]"  # where a list may be wanted, this is one
    in_two = ((said[:at], said[at:]) for at in range(1, len(said)))
    for pieces in ([said], said, *in_two):
        assert sieved(pieces, wanted) == (found, True, "")


@pytest.mark.parametrize("name", FOUND)
def test_json_is_found_in_a_held_text(name):
    said, found = FOUND[name]
    held = sieved(said, hold=True)
    assert held[:2] == (found, False)
    assert ("not a JSON object" in held[2]) is (name == "a list of objects")
    json.loads(held[0])


def test_json_is_passed_as_it_comes():
    sieve = JsonSieve(OBJECT, hold=False)
    assert sieve.feed("Well, {") == ""
    assert sieve.feed(' "a"') == '{ "a"'
    assert sieve.feed(": 1") == ": 1"
    assert (sieve.done, sieve.feed("} or so")) == (False, "}")
    assert (sieve.done, sieve.feed(" on")) == (True, "")
    assert sieve.feed('{"b":2}') == ""
    assert sieve.close() == ""


@pytest.mark.parametrize(
    "said", ["", "I cannot do that.", "see [1] and {x} {", "```json\n", "{" + " " * 99]
)
def test_a_text_without_json_stays_as_it_is(said):
    for pieces in ([said], said):
        assert sieved(pieces) == (said, False, "")
        text, done, correction = sieved(pieces, hold=True)
        assert (text, done) == (said, False)
        assert "held no valid JSON" in correction


@pytest.mark.parametrize("said", ['{"a": ', '{"a": [1, {"b": "', "[{", '{"a": }'])
def test_json_without_end_is_shown_as_far_as_it_came(said):
    for pieces in ([said], said):
        assert sieved(pieces)[0] == said
        assert "no valid JSON" in sieved(pieces, hold=True)[2]


@pytest.mark.parametrize(
    ("said", "wanted", "problem"),
    [
        ('{"name":"Ada"}', PERSON, ""),
        ('{"name":3}', PERSON, "at name: 3 is not of type 'string'"),
        ("Sorry: {}", PERSON, "'name' is a required property"),
        ("{}", LOOSE, ""),
        ("[1,2]", LIST, ""),
        ('Here: [1,"2"]', LIST, "at 1: '2' is not of type 'integer'"),
        ("[1]", OBJECT, "it was not a JSON object"),
        ('"x"', OBJECT, "it was not a JSON object"),
        ('"x"', ANY, ""),
        ("```\n3\n```", ANY, ""),
        ('{"a":NaN}', OBJECT, "it held no valid JSON"),
        ("{}", Format("true"), ""),
    ],
)
def test_held_json_is_checked(said, wanted, problem):
    text, _, correction = sieved([said], wanted, hold=True)
    assert problem in correction
    assert bool(problem) is bool(correction)
    assert "\n" not in correction
    assert text in said


PIECES = ["{", "}", "[", "]", '"', "\\", " ", "\n", "a", "1", ",", ":", "```", '{"a":']


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), max_size=8),
    st.sampled_from([OBJECT, LIST, ANY]),
    st.booleans(),
)
def test_the_pieces_do_not_matter(pieces, wanted, hold):
    text = "".join(pieces)
    whole = sieved([text], wanted, hold=hold)
    assert sieved(pieces, wanted, hold=hold) == whole
    assert sieved(text, wanted, hold=hold) == whole
    assert whole[0] in text


@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize(
    "said", ["{", "[", "[[", "{ ", '{"', '{"a":', '"', "\\", " ", "`"]
)
@pytest.mark.parametrize("head", ["", '{"a":"', "```json\n"])
def test_hostile_text_takes_no_more_time_than_its_length(head, said, hold):
    text = head + said * (200_000 // len(said))
    pieces = [text[at : at + 64] for at in range(0, len(text), 64)]
    began = time.process_time()
    sieved(pieces, ANY, hold=hold)
    assert time.process_time() - began < 5
