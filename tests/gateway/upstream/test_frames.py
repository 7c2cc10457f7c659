import json
import time
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.fields import decode
from gateway.upstream.frames import Frames, ObjectScanner


def read(*pieces: bytes, limit: int = 1000):
    frames = Frames(limit)
    found = [value for piece in pieces for value in frames.feed(piece)]
    return found + frames.close()


def single_bytes(data: bytes):
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}\n', [{"a": 1}]),
        (b'data: {"a":1}\n\n', [{"a": 1}]),
        (b'data:{"a":1}\r\n', [{"a": 1}]),
        (b' \t data:  {"a":1} \r\n', [{"a": 1}]),
        (b'{"a":1}', [{"a": 1}]),
        (b'{"a":1}{"b":"}{"} x {"c":"\\"}"}\n', [{"a": 1}, {"b": "}{"}, {"c": '"}'}]),
        (b'{"a":1}\n{"b":{"c":[{}]}}\n', [{"a": 1}, {"b": {"c": [{}]}}]),
        (b'{bad}{"a":1}\n', [{"a": 1}]),
        (b'{"cut\n{"a":1}\n', [{"a": 1}]),
        (b'{"a":1} {"cut\n{"b":2}', [{"a": 1}, {"b": 2}]),
        (b'[{"a":1}]\n7\n"x"\nnull\n', []),
        (b'event: {"a":1}\nid: {"a":1}\n: {"a":1}\n[DONE]\n', []),
        (b'data: {"a":1}}} \n{"b":2}\n', [{"a": 1}, {"b": 2}]),
        (b'data: [DONE]\n{"a":1}\n', []),
        (b'{"a":1}\r\ndata: [DONE]\r\n\r\n{"b":1}{"c":1}\n', [{"a": 1}]),
        (b'{"a":"\\ud800b\\ud83d\\ude00"}\n', [{"a": "\ufffdb\U0001f600"}]),
        (b'{"a":"\xff"}\n', [{"a": "\ufffd"}]),
        ('{"a":"日本😀"}\n'.encode(), [{"a": "日本😀"}]),
        (
            b'{"a":NaN}\n{"a":' + b"[" * 400,
            [{"a": pytest.approx(float("nan"), nan_ok=True)}],
        ),
        (b"", []),
    ],
)
def test_every_form_of_line(data, expected):
    assert read(data) == expected
    assert read(*single_bytes(data)) == expected


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(max_size=4), st.text(max_size=9), max_size=3),
            st.sampled_from(["", "\n", "\r\n", "\n\n", " "]),
            st.sampled_from(["", "data: ", "data:"]),
        ),
        max_size=6,
    ),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_cuts_do_not_matter(parts, cuts):
    text = "".join(
        prefix + json.dumps(value, ensure_ascii=False) + end
        for value, end, prefix in parts
    )
    data = text.encode("utf-8", "replace")
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges) if a < b]
    assert read(*pieces) == read(data)
    assert len(read(data)) == len(parts)


def test_unfinished_line_gives_whole_objects_at_once():
    frames = Frames()
    assert frames.feed(b'{"a":1}{"b"') == [{"a": 1}]
    assert frames.feed(b":2}") == [{"b": 2}]
    assert frames.feed(b" \n") == []
    assert frames.feed(b'data: {"c":3}') == [{"c": 3}]
    assert frames.feed(b'\ndata: {"d":4}\n') == [{"d": 4}]
    assert frames.close() == []


def test_nothing_follows_the_end_mark():
    frames = Frames()
    assert frames.feed(b"data: [DO") == []
    assert frames.feed(b'NE]\n{"a":1}\n{"b"') == []
    assert frames.finished


def test_end_mark_without_line_end():
    frames = Frames()
    frames.feed(b"data: [DONE]")
    assert frames.close() == []
    assert frames.finished


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"' + b"x" * 50 + b'"}\n',
        b'{"a":1}{"a":"' + b"x" * 50 + b'"}\n',
        b'data:{"a":"' + b"x" * 50 + b'"}',
        b'{"a":"' + b"x" * 50 + b"\n",
        b'{"a":1}{"a":"' + b"x" * 50 + b"\n",
        b'event: {"a":"' + b"x" * 50 + b'"}\n',
        b"x" * 50,
    ],
)
def test_oversize(data):
    for pieces in ([data], single_bytes(data)):
        frames = Frames(40)
        found = []
        for piece in pieces:
            if not frames.oversize:
                found += frames.feed(piece)
        assert frames.oversize
        assert {"a": 1} in found or not found


def test_small_objects_may_fill_a_line_over_the_limit():
    data = b'{"a":1}' * 20
    assert read(data, limit=40) == [{"a": 1}] * 20
    assert read(data + b"\n", limit=40) == [{"a": 1}] * 20
    assert read(*single_bytes(data), limit=40) == [{"a": 1}] * 20
    assert read(b'{"a":1}\n' * 20, limit=40) == [{"a": 1}] * 20


def test_oversize_ends_a_long_read():
    frames = Frames(40)
    long = b'{"b":"' + b"x" * 50 + b'"}'
    assert frames.feed(b'{"a":1}\n' + long + b'\n{"c":1}\n') == [{"a": 1}]
    assert frames.oversize


@pytest.mark.parametrize("end", [b"", b"}"])
def test_large_frame_in_small_pieces_takes_linear_time(end):
    """With `}` at the end of each piece the scan is tried every time."""
    filling = (b"x" * 1023 + end)[-1024:] * 8000
    data = b'{"a":"' + filling[6:] + b'"}\n'
    began = time.perf_counter()
    frames = Frames()
    found = []
    for start in range(0, len(data), 1024):
        found += frames.feed(data[start : start + 1024])
    assert len(found) == 1
    assert time.perf_counter() - began < 3


def test_scanner_looks_at_each_byte_once():
    scanner = ObjectScanner()
    assert scanner.feed(b'no object {"a":"\\') == []
    assert scanner.feed(b'"}') == []
    assert scanner.size_bytes == 9
    assert scanner.feed(b'"}{') == [b'{"a":"\\"}"}']
    assert scanner.size_bytes == 1


@pytest.mark.parametrize(
    "raw", ["[]", "5", "{", '{"a":"\\ud800"', "[" * 100_000, b"\xff"]
)
def test_no_object(raw):
    assert decode(raw) is None


def test_decode_agrees_with_the_fast_parser():
    raw = '{"a":["\\u00e9",1.5,null,true]}'
    assert decode(raw) == orjson.loads(raw)


GOOD, PAGE = b'{"a": 1}\n', b"<html><p>Bad gateway</p></html>"


@pytest.mark.parametrize(
    ("body", "cut"),
    [
        (GOOD + PAGE, True),
        (GOOD + PAGE + b"\n", True),
        (GOOD + PAGE + b"\n\n", True),
        (GOOD + b"\x00\x01\xff\n", True),
        (PAGE, True),
        (PAGE + b"\n" + GOOD, False),
        (GOOD + b"\n\r\n: comment\nevent: end\n", False),
        (GOOD + b"[1, 2]\nnull\n42", False),
        (GOOD + b"data: oops\n\n", False),
        (GOOD, False),
        (b"", False),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_that_ends_in_something_else_is_cut(body, cut, size):
    frames = Frames()
    for start in range(0, len(body), size):
        frames.feed(body[start : start + size])
    frames.close()
    assert frames.truncated is cut
