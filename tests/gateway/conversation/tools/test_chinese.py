"""Calls among Chinese words, with full-width marks right beside the tags."""

import pytest

from gateway.conversation.requests import PastCall
from gateway.conversation.tools import written_back
from tests.gateway.conversation.tools.corpus import block, call, element, sieved

OSLO = call("get_weather", city="奥斯陆，挪威")
BLOCK = block(element(parameters='{"city":"奥斯陆，挪威"}'))
SAMPLES = [
    (BLOCK, "", [OSLO]),
    (f"好的，我来查一下天气。{BLOCK}", "好的，我来查一下天气。", [OSLO]),
    (f"好的：\u3000\n\n```xml\n{BLOCK}\n```\n请稍候。", "好的：", [OSLO]),
    (f"请看<tool_calls>标签。{BLOCK}查完了", "请看<tool_calls>标签。", [OSLO]),
    (
        "我用工具：<tool_call>{“name”:1}</tool_call>，不行。",
        "我用工具：<tool_call>{“name”:1}</tool_call>，不行。",
        [],
    ),
    (
        '查询<invoke name="get_weather"><parameter name="city">奥斯陆，挪威'
        "</parameter></invoke>，稍等",
        "查询",
        [OSLO],
    ),
    (
        '{"tool_calls":[{"name":"ping","arguments":{"问":"答"}}]}',
        "",
        [call("ping", 问="答")],
    ),
    (block(element("天气")), block(element("天气")), []),
    ("用 <工具> 与 ```xml 代码``` 无关<", "用 <工具> 与 ```xml 代码``` 无关<", []),
    (
        block(element(parameters='{"city":"奥斯陆\n挪威",}')),
        "",
        [call("get_weather", city="奥斯陆\n挪威")],
    ),
]


@pytest.mark.parametrize(("written", "text", "calls"), SAMPLES)
def test_calls_among_chinese_words(written, text, calls):
    in_two = ((written[:at], written[at:]) for at in range(1, len(written)))
    for pieces in ([written], written, *in_two):
        found = sieved(pieces)
        assert (found.text, list(found.calls)) == (text, calls)


def test_chinese_arguments_are_not_escaped():
    assert "奥斯陆" in OSLO.arguments
    assert "奥斯陆" in written_back((PastCall("1", OSLO.name, OSLO.arguments),))


def test_an_unknown_name_is_quoted_to_the_model():
    assert "no tool named 天气" in sieved([block(element("天气"))]).correction
