import pytest

from gateway.upstream.summary import SummaryThinking, best_clauses
from gateway.upstream.thinking import Thought
from gateway.upstream.tool_cards import ToolUse


def told(*steps: Thought | ToolUse | str) -> str:
    summary = SummaryThinking()
    shown = []
    for step in steps:
        if isinstance(step, ToolUse):
            shown.append(summary.use(step))
        else:
            thought = Thought(step, step=1) if isinstance(step, str) else step
            shown.append(summary.think(thought))
    return "".join(shown) + summary.flush()


def later(text: str) -> Thought:
    return Thought(text, step=3)


def test_sections_in_order_with_each_title_once():
    assert told(
        Thought("Thinking about your request", "header"),
        Thought("", "header"),
        Thought("Reading the question", "header", 1),
        "- The user asks for a price",
        later("- Browsing the shops."),
        later("- Verifying the list."),
        Thought("Cross-check of sums", "header", 3),
        later("- The shop confirmed three euro."),
        later("- Confirmed by a second shop!"),
    ) == (
        "Understanding\n- Reading the question.\n- The user asks for a price.\n"
        "\nResearch Scope\n- Browsing the shops.\n"
        "\nVerification\n- Verifying the list.\n- Cross-check of sums.\n"
        "\nKey Findings\n- The shop confirmed three euro.\n"
        "- Confirmed by a second shop!\n"
    )


def test_nothing_comes_before_the_language_is_known():
    summary = SummaryThinking()
    assert summary.think(Thought("- 1 + 1")) == ""
    assert summary.think(Thought("- 2 + 2")) == ""
    assert summary.use(ToolUse("code_execution")) == ""
    assert summary.think(Thought("- 3 + 3")).startswith("Understanding\n- 1 + 1.\n")
    assert summary.flush() == ""


def test_what_waits_comes_at_the_end():
    assert told("- 1 + 1") == "Understanding\n- 1 + 1.\n"
    assert told() == ""


@pytest.mark.parametrize("sentence", ["- 用户想知道潮汐", "- 潮汐表 a"])
def test_chinese_from_the_first_chinese_sentence(sentence):
    assert told(sentence).startswith("理解问题\n- ")
    assert told(sentence).endswith("。\n")


def test_repetitions_are_dropped():
    once = told("- The user asks.", "- the USER, asks https://a.example/")
    assert once == "Understanding\n- The user asks.\n"
    assert told("- ...") == ""


def test_each_topic_once_per_section():
    shown = told(
        later("- Searching for prices."),
        later("- Searching for more prices."),
        later("- Confirmed a price of 3."),
        later("- Confirmed a price of 4."),
        later("- Confirmed a price of 5."),
    )
    assert shown == (
        "Research Scope\n- Searching for prices.\n"
        "\nKey Findings\n- Confirmed a price of 3.\n- Confirmed a price of 4.\n"
    )


def test_late_bullets():
    shown = told(
        later("- Searching around."),
        "- An early thought about it.",
        later("- Checking notes."),
        later("- Searching too late."),
        "- Another early thought.",
        later("- Found a good shop."),
        "- A third early thought.",
        later("- Checking the colour."),
        later("- Checking the price."),
        later("- Checking the official page."),
    )
    assert shown == (
        "Research Scope\n- Searching around.\n- An early thought about it.\n"
        "\nVerification\n- Checking notes.\n- Another early thought.\n"
        "\nKey Findings\n- Found a good shop.\n- Checking the price.\n"
        "- Checking the official page.\n"
    )


def test_rumours_are_no_findings():
    shown = told(later("- The latest rumours say so."))
    assert shown == "Verification\n- The latest rumours say so.\n"


def test_findings_before_any_search_are_assumptions():
    assert told("- It was released in May.").startswith("Understanding\n")
    searched = told(
        ToolUse("web_search", "tea", "Agent 1"), "- It was released in May."
    )
    assert "Key Findings\n- It was released in May.\n" in searched


def test_tools():
    assert told(
        ToolUse("web_search", "tea", "Agent 1"),
        ToolUse("web_search", "milk", "Agent 2"),
        ToolUse("web_search", "sugar", "Grok"),
        ToolUse("image_search", "a cup"),
        ToolUse("new_tool", "unknown"),
        ToolUse("web_search"),
        ToolUse("x_search", "tea talk"),
        ToolUse("browse_page", "https://tea.example/"),
        ToolUse("code_execution"),
        ToolUse("chatroom_send", "Tea found. Thanks!"),
    ) == (
        "Research Scope\n- Searching the web for tea.\n"
        "- Several agents work on this in parallel.\n"
        "- Searching the web for milk.\n- Searching the web for sugar.\n"
        "- Looking for images of a cup.\n"
        "\nVerification\n- Checking posts on X about tea talk.\n"
        "- Reading tea.example/.\n- Running code to check the result.\n"
        "\nKey Findings\n- Tea found.\n"
    )


def test_the_best_clauses_in_their_order():
    message = "Hi. A confirmed. B. C 3. D. E; F. official price 4!\nG。H"
    best = best_clauses(message)
    assert len(best) == 6
    assert best == ["Hi.", "A confirmed.", "B.", "C 3.", "D.", "official price 4!"]


def test_tokens_are_joined_to_sentences():
    shown = told(
        "The", " user", " asks", ".", " Who", " knows", later("Well"), later("!")
    )
    assert shown == (
        "Understanding\n- The user asks.\n- Who knows.\n\nResearch Scope\n- Well!\n"
    )
