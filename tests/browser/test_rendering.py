"""Answers of models in Chromium: inert, readable and usable."""

import pytest

from tests.browser.answers import desk, served
from tests.browser.hostile import everything
from tests.browser.surfing import TOO_WIDE

FORBIDDEN = (
    "script, iframe, object, embed, form, input, textarea, select, style, link, meta, "
    "base, svg, math, template, audio, source, details, [id], [name], [srcset], "
    "[poster], [contenteditable], [accesskey], [style], [formaction], [ping]"
)
# Draws each text, looks at what has come of it, and pokes at it.
INSPECT = """async ([texts, forbidden]) => {
  const root = document.getElementById("one");
  const bad = (element) =>
    element.matches(forbidden) ||
    [...element.attributes].some(({ name }) => /^on|:/.test(name)) ||
    (element.matches(".code-copy") && !element.closest(".code-box"));
  const badLink = (link) =>
    !/^(https?:\\/\\/[^/]|mailto:)/.test(link.getAttribute("href")) ||
    link.target !== "_blank" || link.rel !== "noopener noreferrer" ||
    (link.origin === location.origin && !link.pathname.startsWith("/v1/files/"));
  const found = [];
  for (const text of texts) {
    await answers.render(root, text, { words });
    const copy = root.cloneNode(true);
    for (const formula of copy.querySelectorAll(".katex")) {
      formula.remove();
    }
    const wrong = [...copy.querySelectorAll("*")].filter(bad);
    wrong.push(...[...copy.querySelectorAll("a")].filter(badLink));
    found.push(...wrong.map((element) => [text, element.outerHTML]));
    for (const element of root.querySelectorAll("*")) {
      for (const type of ["mouseover", "focus", "error", "load", "toggle", "begin"]) {
        element.dispatchEvent(new Event(type));
      }
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def page(chromium):
    rights = ["clipboard-read", "clipboard-write"]
    with served() as home, desk(chromium, home, permissions=rights) as made:
        yield made


def test_nothing_a_model_writes_acts(page):
    assert page.page.evaluate(INSPECT, [everything(), FORBIDDEN]) == []
    assert page.page.evaluate("window.ran") == []
    assert page.told == []
    assert page.violations() == []
    assert page.page.title() == "Answers"
    assert page.page.url == f"{page.home}/"
    own = (f"{page.home}/static/", f"{page.home}/page.", f"{page.home}/v1/files/")
    asked = [url for url in page.asked if not url.startswith(own)]
    assert [url for url in asked if not url.startswith("data:")] == [f"{page.home}/"]


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "a <script>x</script>"]
)
def test_what_cannot_be_shown_as_html_is_shown_as_text(page, text):
    page.render(f"{text}\n\nVec<String> &amp; <kbd>x</kbd>")
    assert "Vec<String> & x" in page.text()
    assert "<script>" not in text or text in page.text()


SAMPLE = """# A heading

A paragraph with **stress**, `code`, a [link](https://x.example/) and a mark [[1]](https://x.example/1).

## Another

1. first
2. second
   - [x] done
   - [ ] not done

> A quotation.

| name | value | a column with a longer head than the others have |
|---|--:|---|
| a | 1 | text that is so long that the table becomes wider than the page on a phone |

```python
# a comment
@decorator
def f(x: int) -> str:
    return f"{x:>10}" + 'text' if x is not None else None  # a line that is too wide
class A(Base): pass
```

So \\(x^2\\) and

$$
\\sum_{n=1}^\\infty \\frac{1}{n^2} = \\frac{\\pi^2}{6}
$$

![A picture](/v1/files/image?id=1)
"""


def test_an_answer_is_accessible_in_both_themes(page):
    page.render(SAMPLE)
    page.page.wait_for_selector("#one .katex")
    page.page.wait_for_selector("#one .hljs-keyword")
    page.page.evaluate("Promise.all([...document.images].map((one) => one.decode()))")
    for theme in ("light", "dark"):
        for width in (360, 1440):
            page.show(theme, width)
            assert page.inaccessible() == [], f"{theme} {width}"
            assert page.page.evaluate(TOO_WIDE) <= 0, f"{theme} {width}"
    assert page.violations() == []


def test_code_is_copied_by_keyboard(page):
    page.render("```py\na = 1\nb = '<x>'\n```")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    button = page.page.get_by_role("button", name="Copied")
    button.wait_for()
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied == "a = 1\nb = '<x>'"
    page.page.get_by_role("button", name="Copy", exact=True).wait_for()
    page.page.keyboard.press("Tab")
    focused = page.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Code: py"


def test_own_media_are_shown_with_their_place_kept(page):
    page.render(
        "![i](/v1/files/image?id=1) "
        f"[film]({page.home}/v1/files/video?id=2) {page.home}/v1/files/image?id=3 "
        '<video controls src="/v1/files/video?id=4" width="640" height="360"></video>'
    )
    assert page.page.evaluate(
        """[...document.querySelectorAll("#one :is(img, video)")].map(
             (one) => [one.localName, one.getAttribute("src").split("id=")[1],
                       one.getAttribute("width"), one.getAttribute("height")])"""
    ) == [
        ["img", "1", "1024", "1024"],
        ["video", "2", "1280", "720"],
        ["img", "3", "1024", "1024"],
        ["video", "4", "640", "360"],
    ]


def test_pictures_of_other_hosts_are_links_unless_allowed(page):
    text = "![a cat](https://pictures.example/cat.png)"
    page.render(text)
    link = page.page.locator("#one a")
    assert link.get_attribute("href") == "https://pictures.example/cat.png"
    assert link.inner_text() == "a cat"
    assert page.page.locator("#one img").count() == 0
    page.render(text, origins=["https://pictures.example"])
    assert page.page.locator("#one img").get_attribute("alt") == "a cat"


def test_dollars_are_no_formulas(page):
    page.render("It costs $5 and $6, or \\\\(not\\\\) `\\(x\\)`.\n\n$$\nnever closed")
    assert page.page.locator("#one .formula, #one .formula-block").count() == 0
    assert "$5 and $6" in page.text()


def test_what_few_answers_need_is_loaded_when_one_does(chromium):
    with served() as home, desk(chromium, home) as fresh:
        fresh.render("Words, `code` and a table\n\n| a |\n|---|\n| 1 |\n")
        fresh.page.wait_for_load_state("networkidle")
        assert [
            url for url in fresh.asked if "katex" in url or "highlight" in url
        ] == []
        fresh.render("```js\nlet a = 1;\n```\n\n\\(x\\)")
        fresh.page.wait_for_selector("#one .katex")
        fresh.page.wait_for_selector("#one .hljs-keyword")
        assert fresh.violations() == []
        assert fresh.told == []


def test_a_link_may_be_defined_below(page):
    page.render("see [the page][1] and [this]\n\ntext\n\n[1]: https://x.example/1\n")
    assert page.page.locator("#one a").get_attribute("href") == "https://x.example/1"
    assert "[this]" in page.text()


def test_numbers_and_alignment_of_lists_and_tables_are_kept(page):
    page.render("7. seven\n8. eight\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert page.page.locator("#one ol").get_attribute("start") == "7"
    cells = page.page.locator("#one td")
    assert [cells.nth(n).get_attribute("align") for n in (0, 1)] == ["center", "right"]
