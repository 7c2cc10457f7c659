"""Frames and JSON as the wire wants them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols import sse

TRICKY = ['","', '"', "\\", '\\","', ",", '",', "a\\", "", "\n", "\ud800", "\u2028"]


@given(st.lists(st.text() | st.sampled_from(TRICKY), min_size=1))
def test_a_run_is_its_texts_one_by_one(texts):
    expected = b"".join(b"<%b>" % sse.dumps(text) for text in texts)
    assert sse.run(b"<", texts, b">") == expected


@pytest.mark.parametrize("text", TRICKY)
def test_every_text_is_json(text):
    assert orjson.loads(sse.run(b"", [text], b"")) == text.replace("\ud800", "\ufffd")


def test_surrogates_are_replaced_at_any_depth():
    given = {"a\udfff": ["x\ud800", {"b": ("\ud83d\ude00", 1, None)}]}
    expected = {"a\ufffd": ["x\ufffd", {"b": ["\U0001f600", 1, None]}]}
    assert orjson.loads(sse.dumps(given)) == expected
