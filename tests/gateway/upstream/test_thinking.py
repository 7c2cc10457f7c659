import pytest

from gateway.upstream.fields import number
from gateway.upstream.thinking import RawThinking, Thought
from gateway.upstream.tool_cards import ToolUse, tool_use


def told(*steps: Thought | ToolUse) -> str:
    raw = RawThinking()
    shown = [raw.use(s) if isinstance(s, ToolUse) else raw.think(s) for s in steps]
    return "".join(shown) + raw.flush()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["Let", " me", " think", ".\n", "", "Yes"], "Let me think.\nYes"),
        (["go ", "go ", "go"], "go go go"),
        (["- One.", "- Two.\n", "- One."], "One.\nTwo.\nOne.\n"),
        (["part", "- One.", "part"], "part\nOne.\npart"),
        (["- ", "-", "-  "], "- --  "),
    ],
)
def test_pieces_and_sentences(pieces, expected):
    assert told(*(Thought(p, rollout="Grok") for p in pieces)) == expected


def test_headers_are_lines():
    assert told(Thought("Plan", "header"), Thought("", "header")) == "Plan\n"


def test_agents_are_named_when_they_change():
    told_by = [
        ("a", "Grok"),
        ("b", "Agent 1"),
        ("c", ""),
        ("d", "Agent 1"),
        ("e", "Grok"),
    ]
    expected = "a\n\n[Agent 1]\nbcd\n\n[Grok]\ne"
    assert told(*(Thought(p, rollout=r) for p, r in told_by)) == expected
    assert told(Thought("a", rollout="Agent 2")) == "[Agent 2]\na"


def test_tools_are_lines():
    search = ToolUse("web_search", "tides", "Agent 1")
    assert told(Thought("so"), search, ToolUse("new_tool")) == (
        "so\n[Agent 1] 🔍 web_search: tides\n🔧 new_tool\n"
    )


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (
            {"toolUsageCardId": "t", "webSearch": {"args": {"query": "a\n b"}}},
            "web_search a b",
        ),
        ({"webSearch": {"args": {"query": "", "q": "b"}}}, "web_search b"),
        (
            {"xKeywordSearch": {"args": {"query": "x", "url": "u"}}},
            "x_keyword_search x",
        ),
        ({"BrowsePage": {"args": {"url": "https://u"}}}, "browse_page https://u"),
        ({"imageSearch": {"args": {"imageDescription": "i"}}}, "image_search i"),
        ({"codeExecution": {"args": {"code": "1"}}}, "code_execution "),
        ({"webSearch": {"args": "odd"}}, "web_search "),
        ({"toolName": "webSearch", "args": {"query": "q"}}, "web_search q"),
        ({"tool_name": "x_search"}, "x_search "),
        ({}, "browse_page "),
        ("odd", "browse_page "),
    ],
)
def test_tool_cards(card, expected):
    token = "<xai:tool_name>browse_page</xai:tool_name>"
    found = tool_use({"toolUsageCard": card, "token": token, "rolloutId": "A"})
    assert found is not None
    assert f"{found.name} {found.argument}" == expected
    assert found.rollout == "A"


def test_nameless_tool_card():
    assert tool_use({"toolUsageCard": {"toolUsageCardId": "t"}, "token": None}) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (3.9, 3),
        ("7", 7),
        ("x", None),
        (True, None),
        (None, None),
        (1e400, None),
    ],
)
def test_numbers(value, expected):
    assert number(value) == expected
