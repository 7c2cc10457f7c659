import json

import pytest

from gateway.conversation.tools.arguments import Unreadable, compact, object_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        (" \n", {}),
        ('""', {}),
        ('{"a":1}', {"a": 1}),
        ('{"a":12345678901234567890123}', {"a": 12345678901234567890123}),
        ("{&quot;a&quot;:1}", {"a": 1}),
        ("{&#34;a&#x22;:&#39;}".replace("&#39;", '"&apos;"'), {"a": "'"}),
        ('{"a":"&amp;"}', {"a": "&amp;"}),
        ('{"a":"&amp;",}', {"a": "&amp;"}),
        ('{"a":"x\ny\tz\r"}', {"a": "x\ny\tz\r"}),
        ('{"a":[1,2,],"b":{"c":1 , },\n}', {"a": [1, 2], "b": {"c": 1}}),
        ('{"a":",]\\",}",}', {"a": ',]",}'}),
        ("{&quot;a&quot;:1,}", {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('"{\\"a\\": 1,}"', {"a": 1}),
        ("<![CDATA[ {} ]]>", {}),
        ('{"a":"&#xD800; &#x110000; &nbsp;"}', {"a": "&#xD800; &#x110000; &nbsp;"}),
    ],
)
def test_what_can_be_read(text, value):
    assert object_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("{", '{"a"', '{"a":}', "{a:1}", "x", '{"a":1}}', '{"a":1} {}', '{"a": "'),
        *("[]", "1", "null", '"x"', '"[1]"', '"\\"{}\\""', "NaN", '{"a":NaN}'),
        *('{"a":-Infinity}', "{&quot;a&quot;", "[" * 5000, '{"a":' * 5000, '"\\'),
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_what_cannot_be_read(text):
    with pytest.raises(Unreadable):
        object_of(text)


def test_compact_keeps_letters_and_is_json():
    assert (
        compact({"a": "\u00e9", "b": [1, 2.5, None]})
        == '{"a":"\u00e9","b":[1,2.5,null]}'
    )


def test_compact_holds_nothing_that_utf8_cannot_carry():
    (value,) = json.loads(
        compact(object_of('{"a":"\\ud83d\\ude00 \\ud800 x"}'))
    ).values()
    assert value == "\U0001f600 \ufffd x"


@pytest.mark.parametrize("text", ['{"a":1e999}', '{"a":' * 990 + "1" + "}" * 990])
def test_what_can_be_read_but_not_be_written(text):
    try:
        written = compact(object_of(text))
    except Unreadable:
        return
    assert json.loads(written) == json.loads(text)
