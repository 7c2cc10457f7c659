"""What models write when they call tools, and what must come of it."""

import json
from dataclasses import dataclass

from gateway.conversation.events import ToolCall
from gateway.conversation.requests import Tool, ToolChoice, Tools
from gateway.conversation.tools import ToolSieve

WEATHER = json.dumps(
    {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    }
)
INPUT = (
    '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'
)
OFFERED = (
    Tool("get_weather", "Tells the weather.", WEATHER),
    Tool("ping"),
    Tool("Ping.Two"),
    Tool("patch", "Applies a patch.", INPUT, custom=True),
    Tool("mail__find", namespace="mail"),
)
TOOLS = Tools(OFFERED)
ONE_AT_MOST = Tools(OFFERED, parallel=False)
REQUIRED = Tools(OFFERED, ToolChoice.REQUIRED)
ONLY_PING = Tools(OFFERED, ToolChoice.REQUIRED, only="ping")


@dataclass(frozen=True)
class Outcome:
    text: str
    calls: tuple[ToolCall, ...] = ()
    correction: str = ""
    done: bool = False


def sieved(pieces, tools=TOOLS, *, may_ask_again=True):
    sieve = ToolSieve(tools, may_ask_again=may_ask_again)
    text = "".join(map(sieve.feed, pieces))
    done = sieve.done
    text += sieve.close()
    return Outcome(text, tuple(sieve.calls), sieve.correction, done)


def call(name, _text=None, **arguments):
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return ToolCall(name, text if _text is None else _text)


def element(name="get_weather", parameters='{"city":"Oslo"}'):
    return (
        f"<tool_call><tool_name>{name}</tool_name>"
        f"<parameters>{parameters}</parameters></tool_call>"
    )


def block(*elements):
    return f"<tool_calls>{''.join(elements or (element(),))}</tool_calls>"


OSLO = call("get_weather", city="Oslo")
PING = call("ping")
INDENTED = """\
<tool_calls>
  <tool_call>
    <tool_name>get_weather</tool_name>
    <parameters>{"city":"Oslo"}</parameters>
  </tool_call>
</tool_calls>"""
ENTRY = '{"name":"get_weather","arguments":{"city":"Oslo"}}'
INVOKE = '<invoke name="get_weather">'
PARTS = '<parameter name="city">Oslo</parameter>'


def with_city(written):
    return block(element(parameters=f'{{"city":{written}}}'))


BROKEN = with_city('"x')

# name: (what the model writes, the text that stays, the calls)
FORMS = {
    # A
    "asked": (block(), "", [OSLO]),
    "indented": (INDENTED, "", [OSLO]),
    "text before": (f"Let me look.\n\n{INDENTED}", "Let me look.", [OSLO]),
    "text after": (f"{INDENTED}\nDone, it rains.", "", [OSLO]),
    "crlf": (f"Hm.\r\n{INDENTED}\r\n".replace("\n", "\r\n"), "Hm.", [OSLO]),
    "two": (block(element(), element("ping", "{}")), "", [OSLO, PING]),
    "twice the same": (block(element(), element()), "", [OSLO, OSLO]),
    "no parameters": (
        "<tool_calls><tool_call><tool_name>ping</tool_name></tool_call></tool_calls>",
        "",
        [PING],
    ),
    "empty parameters": (block(element("ping", " \n")), "", [PING]),
    "closed parameters": (
        "<tool_calls><tool_call><tool_name>ping</tool_name><parameters/></tool_call>"
        "</tool_calls>",
        "",
        [PING],
    ),
    "upper case": (
        "<TOOL_CALLS><Tool_Call><TOOL_NAME>ping</TOOL_NAME></Tool_Call></TOOL_CALLS>",
        "",
        [PING],
    ),
    "space in tags": (
        "< tool_calls >< tool_call ><tool_name >ping</tool_name ><parameters\n>{}"
        "</ parameters></tool_call ></ tool_calls >",
        "",
        [PING],
    ),
    "name first": (block(element().replace("tool_name", "name")), "", [OSLO]),
    "tags in a string": (
        with_city(json.dumps("</parameters></tool_call></tool_calls>")),
        "",
        [call("get_weather", city="</parameters></tool_call></tool_calls>")],
    ),
    "a block in a string": (
        with_city(json.dumps(INDENTED)),
        "",
        [call("get_weather", city=INDENTED)],
    ),
    "json in the block": (f"<tool_calls>[{ENTRY}]</tool_calls>", "", [OSLO]),
    "one bad one good": (
        block(element("nope"), element("ping", "{}")),
        "",
        [PING],
    ),
    # B
    "bare": (element(), "", [OSLO]),
    "bare two": (f"{element()}\n\n{element('ping', '')}", "", [OSLO, PING]),
    "bare json": (f"Well.\n<tool_call>\n{ENTRY}\n</tool_call>", "Well.", [OSLO]),
    "bare json two": (f"<tool_call>{ENTRY}</tool_call>" * 2, "", [OSLO, OSLO]),
    "bare json list": (f"<tool_call>[{ENTRY},{ENTRY}]</tool_call>", "", [OSLO, OSLO]),
    "bare, text after": (f"{element()} That is it.", "", [OSLO]),
    "named tag": ('<tool_call name="ping">{}</tool_call>', "", [PING]),
    # C
    "object": (f'{{"tool_calls":[{ENTRY}]}}', "", [OSLO]),
    "object with functions": (
        '{"tool_calls": [{"id": "1", "type": "function", "function": {"name": '
        '"get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}]}',
        "",
        [OSLO],
    ),
    "object with other words": (
        '\n{ "tool_calls" : [ {"tool_name":"ping","input":{}},'
        '{"tool_name":"ping","parameters":{"a":1}} ] }\nSo be it.',
        "",
        [PING, call("ping", a=1)],
    ),
    # D
    "list": (f"[{ENTRY}]", "", [OSLO]),
    "list of two": (f' [\n{ENTRY},\n{{"tool_name":"ping"}}\n]\n', "", [OSLO, PING]),
    # E
    "function call": (
        "<function_call><name>get_weather</name><arguments>"
        '{"city":"Oslo"}</arguments></function_call>',
        "",
        [OSLO],
    ),
    "function call in json": (f"<function_call>{ENTRY}</function_call>", "", [OSLO]),
    # F
    "invoke": ('<invoke name="get_weather">{"city":"Oslo"}</invoke>', "", [OSLO]),
    "invoke unquoted": ("<invoke name=ping></invoke>", "", [PING]),
    "invoke single quotes": ("<invoke name='ping'>{}</invoke>", "", [PING]),
    "invoke closed": ('Yes <invoke name="ping"/>', "Yes", [PING]),
    "invoke with parameters": (
        '<invoke name="ping"><parameters>{"a":1}</parameters></invoke>',
        "",
        [call("ping", a=1)],
    ),
    "invoke with members": (
        f'<function_calls>\n<invoke name="get_weather">\n{PARTS}\n'
        '<parameter name="days">3</parameter>\n'
        '<parameter name="tags">["a", "b"]</parameter>\n</invoke>\n</function_calls>',
        "",
        [call("get_weather", city="Oslo", days=3, tags=["a", "b"])],
    ),
    "members of many lines": (
        '<invoke name="get_weather"><parameter name="city">\n3\n <b>x</b>\n'
        "</parameter></invoke>",
        "",
        [call("get_weather", city="3\n <b>x</b>")],
    ),
    "grok's own": (
        f'<xai:function_call name="get_weather">{PARTS}</xai:function_call>',
        "",
        [OSLO],
    ),
    # G
    "fence": (f"```\n{INDENTED}\n```", "", [OSLO]),
    "fence xml": (f"Here:\n\n```xml\n{INDENTED}\n```\nBye", "Here:", [OSLO]),
    "fence tool_calls": (f"```tool_calls\n{block()}\n```", "", [OSLO]),
    "fence json": (f'```json\n{{"tool_calls":[{ENTRY}]}}\n```', "", [OSLO]),
    "fence list": (f"``` \n[{ENTRY}]\n``` \n", "", [OSLO]),
    "fence upper case": (f"x\n```XML\r\n{element()}```", "x", [OSLO]),
    "fence invoke": ('```json <invoke name="ping">{}</invoke>```', "", [PING]),
    # several forms
    "A wins": (f"{element('ping', '')}\n{block()}", "", [OSLO]),
    # names
    "other case": (block(element("GET_Weather")), "", [OSLO]),
    "exact before other case": (
        block(element(" Ping.Two ", "")),
        "",
        [call("Ping.Two")],
    ),
    # arguments
    "entities": (
        block(element(parameters="{&quot;city&quot;:&quot;a &lt;&#x62;&gt;&quot;}")),
        "",
        [call("get_weather", city="a <b>")],
    ),
    "entities in good json": (
        with_city('"a &lt; b"'),
        "",
        [call("get_weather", city="a &lt; b")],
    ),
    "raw line break": (
        with_city('"a\nb\tc\r\n"'),
        "",
        [call("get_weather", city="a\nb\tc\r\n")],
    ),
    "trailing commas": (
        block(element(parameters='{"tags":["a,]",],"city":"x,}",}')),
        "",
        [call("get_weather", tags=["a,]"], city="x,}")],
    ),
    "all at once": (
        block(element(parameters='{"city":"a\nb &amp; c",\n}')),
        "",
        [call("get_weather", city="a\nb &amp; c")],
    ),
    "a string of json": (
        block(element(parameters=json.dumps('{"city":"Oslo"}'))),
        "",
        [OSLO],
    ),
    "cdata": (block(element(parameters='<![CDATA[{"city":"Oslo"}]]>')), "", [OSLO]),
    # ends that are missing
    "cut after the parameters": (
        block()[: -len("</tool_call></tool_calls>")],
        "",
        [OSLO],
    ),
    "cut in a tag": (block()[:-15], "", [OSLO]),
    "cut in the wrapper": (block()[:-3], "", [OSLO]),
    "no end of parameters": (block().replace("</parameters>", ""), "", [OSLO]),
    "no end of the name": (block().replace("</tool_name>", ""), "", [OSLO]),
    "no end of the call": (
        block(element().replace("</tool_call>", ""), element("ping", "")),
        "",
        [OSLO, PING],
    ),
    "cut in the second": (block(element(), "<tool_call><tool_name>pi"), "", [OSLO]),
    "no end of the invoke": (f"{INVOKE}{PARTS}", "", [OSLO]),
    "no end of a member": (f"{INVOKE}{PARTS[:-12]}</invoke>.", "", [OSLO]),
    "no end of anything": (f"<tool_call>{ENTRY}", "", [OSLO]),
    # custom tools and namespaces
    "custom": (
        block(element("patch", '{"input":"*** Begin\\n+a"}')),
        "",
        [ToolCall("patch", "*** Begin\n+a", custom=True)],
    ),
    "custom as it is": (
        block(element("patch", "\n*** Begin {\n+<a>\n")),
        "",
        [ToolCall("patch", "*** Begin {\n+<a>", custom=True)],
    ),
    "custom in members": (
        '<invoke name="patch"><parameter name="input">+a</parameter></invoke>',
        "",
        [ToolCall("patch", "+a", custom=True)],
    ),
    "namespace": (
        block(element("mail__find", '{"a":1}')),
        "",
        [ToolCall("find", '{"a":1}', namespace="mail")],
    ),
    # blocks beside blocks that are none
    "prose, then a call": (
        f"The <tool_calls> tag, as in `<tool_call>`: {block()}",
        "The <tool_calls> tag, as in `<tool_call>`:",
        [OSLO],
    ),
    "bad, then good": (
        f"First {block(element('nope'))}\nthen {block()}",
        f"First {block(element('nope'))}\nthen",
        [OSLO],
    ),
    "broken, then good": (f"Hm {BROKEN} and {block()}", f"Hm {BROKEN} and", [OSLO]),
}

# Text that is none, and stays as it is.
PROSE = [
    "",
    "Hello there.",
    "  white space around \n\n",
    "a < b and c > d, <to",
    "<tool_callsign> is a word, <invoked> too",
    "Use the <tool_calls> tag, then <tool_call>, then <invoke name=x>",
    "`<tool_calls>` and <tool_call/",
    "It ends in <tool_calls",
    "It ends in <function_call",
    "```python\nprint('<b>')\n```\n",
    "```xml\n<note/>\n```",
    "````xml\n<not a call>",
    "``` ```",
    '{"answer": 42}',
    '{"tool_call": []}',
    '```json\n{"answer": [1, 2]}\n```',
    "[1]: https://a.example",
    "[]",
    '["name"]',
    '[{"name":"nobody","arguments":{}}]',
    f"[{ENTRY}] and more",
    f"I say [{ENTRY}]",
    f'I say {{"tool_calls":[{ENTRY}]}}',
    "<<<<<tool_calls<tool_calls",
    "<invoke name='" + "x" * 300 + "'>{}</invoke>",
    "<     tool_calls>",
    " " * 300 + "x" + "\n" * 300,
]
