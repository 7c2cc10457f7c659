from gateway.conversation import prompting
from gateway.conversation.events import Source
from gateway.conversation.requests import Conversation, Message, Role, Text
from gateway.conversation.sources import tail, without_tail


def test_messages_become_labelled_parts_joined_by_a_blank_line():
    conversation = Conversation(
        "m",
        (
            Message(Role.SYSTEM, (Text("Be brief."),)),
            Message(Role.USER, (Text("Good"), Text("morning "))),
            Message(Role.ASSISTANT, (Text(""),)),
            Message(Role.USER, (Text("Again"),)),
        ),
    )
    assert prompting.prompt(conversation) == (
        "[system]: Be brief.\n\n[user]: Good\nmorning\n\n[user]: Again"
    )


def test_our_own_sources_section_is_cut_from_history():
    answer = "The sea." + tail([Source("https://a.example", "A")])
    assert without_tail(answer) == "The sea."
    assert without_tail("## Sources\nmine") == "## Sources\nmine"
