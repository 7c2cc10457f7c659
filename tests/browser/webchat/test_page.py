"""What goes in and out of the page, how it looks, what it loads."""

import gzip
import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response

from tests.browser.chatting import LISTENING, Chat
from tests.browser.scenes import scene

FIRST_LOAD_BYTES = 120 * 1000
HOSTILE = (
    "<img src=x onerror=window.hurt=1><svg onload=window.hurt=1></svg>"
    "<script>window.hurt=1</script> [go](javascript:window.hurt=1) "
    "<a href='data:text/html,<script>1</script>'>data</a>"
    "<form action=//evil.example><input name=a></form>"
    "<div style=position:fixed;inset:0>over</div>"
)


def test_hostile_answers_do_nothing(chat):
    chat.say(f"[[text={HOSTILE}]]")
    chat.wait("done")
    chat.page.wait_for_timeout(300)
    assert chat.page.evaluate("window.hurt") is None
    prose = chat.answers.last.locator(".prose")
    assert prose.locator("script, svg, form, input, [style], [onerror]").count() == 0
    assert prose.locator("a[href^='javascript'], a[href^='data']").count() == 0
    assert [one for one in chat.visitor.found if "off host" in one] == []


def test_files_are_shown_checked_uploaded_and_sent(chat):
    picture = {"name": "hills.jpg", "mimeType": "image/jpeg", "buffer": scene(1)}
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"to read"}
    empty = {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
    chat.page.set_input_files("[data-part=picker]", [picture, note, empty])
    assert "empty" in chat.page.get_by_role("alert").inner_text()
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.file[data-state=ready]').length === 2"
    )
    chat.page.get_by_role("button", name="Remove note.txt").click()
    chat.ask("What is it? [[files]]", "image/jpeg")
    assert chat.questions.last.locator("img").count() == 1
    chat.questions.last.locator(".sent-picture").click()
    assert chat.page.locator("dialog.viewer[open] img").count() == 1
    chat.page.keyboard.press("Escape")
    chat.reload()
    chat.page.wait_for_selector(".sent-picture img")


def test_each_kind_of_model_has_its_options_and_rules(chat):
    chat.choose("grok-imagine-image")
    assert chat.page.locator("[data-part=attach]").is_disabled()
    chat.page.click("[data-part=options-button]")
    chat.page.fill("[name=n]", "2")
    chat.page.keyboard.press("Escape")
    chat.say("two boats")
    chat.wait("done")
    assert chat.answers.last.locator(".medium img").count() == 2
    chat.answers.last.locator(".picture").first.click()
    assert "1 of 2" in chat.page.locator("dialog.viewer").inner_text()
    chat.page.keyboard.press("ArrowRight")
    assert "2 of 2" in chat.page.locator("dialog.viewer").inner_text()
    chat.page.keyboard.press("Escape")
    chat.choose("grok-imagine-image-edit")
    chat.say("make it blue")
    assert "Attach the picture" in chat.page.get_by_role("alert").inner_text()
    assert chat.questions.count() == 1
    assert chat.field.input_value() == "make it blue"


def test_an_error_says_what_to_do_and_can_be_tried_again(chat):
    chat.say("[[error=13]] [[error_after=2]]")
    chat.wait("failed")
    failure = chat.answers.last.locator(".failure")
    assert failure.locator(".cause").inner_text() != ""
    assert failure.locator(".advice").inner_text() != ""
    chat.page.locator("article.question").last.hover()
    chat.questions.last.get_by_role("button", name="Edit and send again").click()
    chat.page.fill(".edit textarea", "[[text=Better.]]")
    chat.page.get_by_role("button", name="Send again").click()
    chat.until_heard("Better.")


def test_conversations_go_out_and_come_in(chat, context, gateway, tmp_path):
    chat.ask("About whales [[text=They sing.]]", "They sing.")
    with chat.page.expect_download() as waiting:
        chat.page.click("[data-part=export]")
    path = tmp_path / "out.json"
    waiting.value.save_as(path)
    data = json.loads(path.read_text())
    assert [one["text"] for one in data["conversations"][0]["messages"]][1] == (
        "They sing."
    )
    data["conversations"][0]["messages"][1]["text"] = "<img src=x onerror=hurt=1> sang"
    path.write_text(json.dumps(data))
    chat.page.set_input_files("[data-part=import-picker]", path)
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.session').length === 2"
    )
    chat.page.fill("[data-part=search]", "sang")
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.session').length === 1"
    )
    chat.page.click(".session a")
    chat.until_heard("sang")
    assert chat.page.evaluate("window.hurt") is None
    chat.page.fill("[data-part=search]", "")
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.session').length === 2"
    )
    row = chat.page.locator(".session:has([aria-current])")
    row.hover()
    row.locator("[data-menu]").click()
    with chat.page.expect_download() as waiting:
        chat.page.click("[role=menu] [data-action=markdown]")
    assert waiting.value.suggested_filename == "About-whales-text-They-sing.md"
    row.hover()
    row.locator("[data-menu]").click()
    chat.page.click("[role=menu] [data-action=remove]")
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.session').length === 1"
    )
    chat.page.get_by_role("button", name="Undo").click()
    chat.page.wait_for_function(
        "() => document.querySelectorAll('.session').length === 2"
    )


def test_what_the_forerunner_kept_is_taken_over_once(context, gateway):
    old = [
        {
            "id": "a",
            "title": "Old talk",
            "createdAt": 1_760_000_000_000,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi there"}]},
                {"role": "assistant", "content": "Hello", "reasoning_content": "Hm"},
            ],
        }
    ]
    context.add_init_script(
        "if (!sessionStorage.planted) { sessionStorage.planted = 1;"
        " localStorage.setItem('grok2api_webui_chat_sessions_v1',"
        f" {json.dumps(json.dumps(old))}); }}"
    )
    chat = Chat.in_tab_of(context, gateway.url)
    chat.page.locator(".session", has_text="Old talk").locator("a").click()
    chat.until_heard("Hello")
    chat.reload()
    assert chat.page.locator(".session").count() == 1


def test_what_finds_no_room_is_said_and_still_shown(context, gateway):
    context.add_init_script(
        "const put = IDBObjectStore.prototype.put;"
        "IDBObjectStore.prototype.put = function (...told) {"
        " if (window.full) throw new DOMException('full', 'QuotaExceededError');"
        " return put.apply(this, told); };"
    )
    chat = Chat.in_tab_of(context, gateway.url)
    chat.page.evaluate("window.full = true")
    chat.ask("[[text=Not kept.]]", "Not kept.")
    assert "no room" in chat.page.get_by_role("alert").inner_text()
    with chat.page.expect_download() as waiting:
        chat.page.get_by_role("alert").get_by_role("button", name="Export").click()
    assert "Not kept." in waiting.value.path().read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_is_clean_at_each_width_in_each_theme(context, gateway, theme, width):
    chat = Chat.in_tab_of(context, gateway.url)
    chat.visitor.show(theme, width)
    chat.open()
    assert chat.visitor.faults() == []
    long = "x" * 300
    table = f"# A\n\n| a | b |\n|-|-|\n| {long} | 2 |"
    chat.ask(f"[[thinking=2]] [[citations]] [[text={table}]]", long)
    chat.page.click("details.reasoning summary")
    chat.page.click("details.sources summary")
    panel = {"light": "models", "dark": "options"}[theme]
    chat.page.click(f"[data-part={panel}-button]")
    assert chat.visitor.faults() == []
    chat.page.keyboard.press("Escape")
    chat.page.click(f"[data-part={'drawer' if width == 360 else 'help'}-button]")
    assert chat.visitor.faults() == []


def test_the_first_load_is_small_and_comes_from_here(context, gateway):
    page = context.new_page()
    bodies: dict[str, Response] = {}
    page.on(
        "response",
        lambda response: (
            bodies.setdefault(response.url, response)
            if re.search(r"\.(js|css)$|/webui/chat$", urlsplit(response.url).path)
            else None
        ),
    )
    chat = Chat(page, gateway.url)
    page.add_init_script(LISTENING)
    bodies.clear()
    chat.open()
    sizes = {url: len(gzip.compress(one.body(), 9)) for url, one in bodies.items()}
    assert len(sizes) > 30
    assert sum(sizes.values()) < FIRST_LOAD_BYTES, sizes
    assert chat.visitor.faults(axe=False) == []


def test_without_accounts_the_page_says_so(context, gateway):
    page = context.new_page()
    models = page.request.get(f"{gateway.url}/webui/api/models").json()
    for one in models["data"]:
        one["available"] = False
    page.route("**/webui/api/models", lambda route: route.fulfill(json=models))
    chat = Chat(page, gateway.url)
    chat.open()
    assert "No account" in page.locator(".trouble:visible").inner_text()
    chat.page.click("[data-part=models-button]")
    assert page.locator(".model-row:not(.off)").count() == 0
    assert chat.visitor.faults() == []
