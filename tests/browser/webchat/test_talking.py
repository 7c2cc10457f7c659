"""Answers that are streamed, stopped, cut and kept; the keys that lead there."""

import re
from urllib.parse import urlsplit

from tests.browser.chatting import Chat
from tests.browser.relay import Relay

SLOW = "[[tokens=400]] [[delay_ms=25]]"
COMPOSING = """
field => {
  const press = (told) => field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, ...told }),
  );
  press({ isComposing: true });
  press({ keyCode: 229 });
}
"""


def test_an_answer_is_streamed_kept_and_told_of(chat):
    asked = "Weather? [[thinking=2]] [[citations]] [[text=It is *sunny* today.]]"
    chat.ask(asked, "It is sunny today.")
    facts = chat.answers.last.locator("[data-part=facts]").inner_text()
    assert re.search("Grok .* began after .* tokens read", facts)
    reasoning = chat.answers.last.locator("details.reasoning")
    assert reasoning.get_attribute("open") is None
    reasoning.locator("summary").click()
    assert "thought number 1" in reasoning.inner_text()
    chat.answers.last.locator("details.sources summary").click()
    links = chat.answers.last.locator("details.sources a")
    assert links.count() == 3
    assert links.first.get_attribute("rel") == "noopener noreferrer"
    assert chat.page.locator("[role=status][data-part=status]").inner_text() == (
        "The answer is complete."
    )
    chat.reload()
    chat.until_heard("It is sunny today.")
    assert chat.visitor.faults(axe=False) == []


def test_stop_keeps_what_was_written(chat):
    chat.page.set_viewport_size({"width": 1440, "height": 400})
    chat.say(SLOW)
    chat.until_heard("tok200")
    jump = chat.page.locator("[data-part=jump]")
    assert not jump.is_visible()
    chat.page.locator("[data-part=scroller]").hover()
    chat.page.mouse.wheel(0, -300)
    jump.click()
    chat.page.wait_for_selector("[data-part=jump]", state="hidden")
    chat.field.focus()
    chat.field.press("Escape")
    chat.wait("stopped")
    record = chat.until_kept("stopped")
    assert record["text"].startswith("tok1 tok2 ")
    assert record["text"] == chat.heard(record["id"])
    chat.ask("And now? [[text=More.]]", "More.")
    assert chat.answers.first.locator(".prose").inner_text().startswith("tok1 tok2")


def test_a_reload_loses_no_character_that_came(chat):
    chat.say(SLOW)
    chat.until_heard("tok40")
    chat.reload()
    record = chat.until_kept("interrupted")
    assert record["text"] == chat.heard(record["id"])
    assert record["text"].startswith("tok1 tok2 ")
    chat.until_heard("tok40")
    chat.answers.last.get_by_role("button", name="Try again").click()
    chat.wait("streaming")
    chat.field.press("Escape")


def test_a_line_that_breaks_leaves_what_came_and_another_try(context, gateway):
    with Relay(gateway.url) as relay:
        chat = Chat.in_tab_of(context, relay.url)
        chat.say(SLOW)
        chat.until_heard("tok20")
        relay.cut()
        chat.wait("interrupted")
        record = chat.until_kept("interrupted")
        assert record["text"] == chat.heard(record["id"])
        assert "Interrupted" in chat.answers.last.inner_text()
        chat.ask("[[text=Back again.]]", "Back again.")


def test_two_tabs_follow_each_other_and_lose_nothing(context, gateway, chat):
    chat.say(SLOW)
    chat.until_heard("tok10")
    fragment = "#" + urlsplit(chat.page.url).fragment
    second = Chat(context.new_page(), gateway.url)
    second.open(fragment)
    second.until_heard("tok60")
    assert second.answers.last.get_attribute("data-state") == "streaming"
    chat.page.bring_to_front()
    chat.field.press("Escape")
    second.wait("stopped")
    record = chat.until_kept("stopped")
    assert record["text"] == chat.heard(record["id"])
    assert second.prose().split() == record["text"].split()
    second.ask("[[text=From here.]]", "From here.")
    chat.until_heard("From here.")
    chat.say(SLOW)
    chat.wait("streaming")
    chat.page.close()
    second.wait("interrupted", 2)


def test_an_answer_goes_on_in_its_own_conversation(chat):
    chat.say(f"first {SLOW}")
    chat.until_heard("tok10")
    address = chat.page.url
    chat.page.click("nav [data-new]")
    assert chat.questions.count() == 0
    chat.ask("second [[text=Other.]]", "Other.")
    chat.page.locator(".session", has_text="first").locator("a").click()
    chat.until_heard("tok80")
    chat.field.press("Escape")
    chat.wait("stopped")
    assert chat.page.url == address
    record = next(row for row in chat.kept() if row.get("state") == "stopped")
    assert record["text"] == chat.heard(record["id"])
    texts = {row["text"] for row in chat.kept() if row["role"] == "user"}
    assert texts == {f"first {SLOW}", "second [[text=Other.]]"}


def test_enter_of_an_input_method_does_not_send(chat):
    chat.field.fill("ni hao")
    chat.field.evaluate(COMPOSING)
    assert chat.questions.count() == 0
    chat.field.press("Shift+Enter")
    chat.field.press_sequentially("two")
    assert chat.field.input_value() == "ni hao\ntwo"
    chat.field.fill("")
    chat.field.press("Escape")
    chat.page.keyboard.press("?")
    chat.page.get_by_label("begins a new line").check()
    chat.page.keyboard.press("Escape")
    chat.field.fill("one")
    chat.field.press("Enter")
    assert chat.field.input_value() == "one\n"
    chat.field.press("Control+Enter")
    chat.wait("done")
    assert chat.questions.count() == 1


def test_chat_stop_and_copy_by_keyboard_alone(context, chat):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    keyboard = chat.page.keyboard
    chat.page.wait_for_function("() => document.activeElement.matches('textarea')")
    keyboard.type("[[text=To be copied.]]")
    keyboard.press("Enter")
    chat.wait("done")
    keyboard.press("Escape")
    keyboard.press("c")
    chat.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()) === 'To be copied.'"
    )
    keyboard.press("i")
    keyboard.type(SLOW)
    keyboard.press("Enter")
    chat.until_heard("tok5")
    keyboard.press("Escape")
    chat.wait("stopped")
    keyboard.press("ArrowUp")
    edited = chat.page.locator(".edit textarea")
    assert edited.input_value() == SLOW
    assert "removes: 1" in chat.page.locator(".edit-cut").inner_text()
    edited.fill("[[text=Edited.]]")
    keyboard.press("Enter")
    chat.until_heard("Edited.")
    assert chat.questions.count() == 2
    chat.page.get_by_role("button", name="Undo").click()
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.question').length === 3"
    )
    chat.page.locator(".session a").focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    chat.page.wait_for_selector("h3:text-is('Pinned')")
