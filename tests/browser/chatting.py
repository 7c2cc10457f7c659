"""The chat page as a person and a test use it: says, waits, reads what is kept."""

from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser.surfing import LIMIT_MS, Visitor

# Notes every piece of text that the page was given, beside the page's own ears.
LISTENING = """
(() => {
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    constructor(...told) {
      super(...told);
      this.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "text") {
          const key = `heard:${frame.id}`;
          sessionStorage[key] = (sessionStorage[key] ?? "") + frame.text;
        }
      });
    }
  };
})();
"""
KEPT = """
() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("webui-chat");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const found = {};
    const reading = opening.result.transaction(["sessions", "messages"]);
    for (const name of reading.objectStoreNames) {
      const request = reading.objectStore(name).getAll();
      request.onsuccess = () => (found[name] = request.result);
    }
    reading.oncomplete = () => (opening.result.close(), resolve(found));
  };
})
"""
HEARD = "id => sessionStorage[`heard:${id}`] ?? ''"
Row = dict[str, Any]  # what the page keeps is the page's own matter


class Chat:
    """One tab with the chat page."""

    def __init__(self, page: Page, home: str) -> None:
        self.visitor = Visitor(page, home)
        self.page = page

    @classmethod
    def in_tab_of(cls, context: BrowserContext, home: str) -> "Chat":
        page = context.new_page()
        page.add_init_script(LISTENING)
        chat = cls(page, home)
        chat.open()
        return chat

    def open(self, fragment: str = "") -> None:
        self.visitor.go(f"/webui/chat{fragment}")
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("#chat[data-ready]")
        self.page.wait_for_function(
            "() => document.querySelector('[name=model]:checked') !== null"
        )

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    @property
    def field(self) -> Locator:
        return self.page.locator("[data-part=composer] textarea")

    @property
    def answers(self) -> Locator:
        return self.page.locator("article.reply")

    @property
    def questions(self) -> Locator:
        return self.page.locator("article.question")

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def ask(self, text: str, piece: str, state: str = "done") -> None:
        """Say it, and wait for the end of the answer and for this piece of it."""
        before = self.answers.count()
        self.say(text)
        self.wait(state, before)
        self.until_heard(piece)

    def wait(self, state: str, place: int = -1) -> None:
        """Until the answer at this place is in this state."""
        where = "last-of-type" if place < 0 else f"nth-of-type({place * 2 + 2})"
        self.page.wait_for_selector(f"article.reply:{where}[data-state={state}]")

    def prose(self) -> str:
        return self.answers.last.locator(".prose").inner_text()

    def until_heard(self, piece: str) -> None:
        self.page.wait_for_function(
            "piece => [...document.querySelectorAll('.prose')].at(-1)"
            "?.textContent.includes(piece)",
            arg=piece,
        )

    def choose(self, model: str) -> None:
        self.page.click("[data-part=models-button]")
        self.page.click(f".model-row:has(input[value='{model}'])")

    def kept(self) -> list[Row]:
        """All messages in this browser, in order."""
        rows: list[Row] = self.page.evaluate(KEPT)["messages"]
        return sorted(rows, key=lambda row: (row["session"], row["order"]))

    def until_kept(self, state: str) -> Row:
        """The last answer on disk, once it is in this state."""
        for _ in range(LIMIT_MS // 100):
            found = [row for row in self.kept() if row["role"] == "assistant"]
            if found and found[-1]["state"] == state:
                return found[-1]
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no answer is {state}: {self.kept()}")

    def heard(self, record: str) -> str:
        """All text that this tab was ever sent for an answer."""
        return str(self.page.evaluate(HEARD, record))
