"""Answers of models in Chromium: inert, the same in pieces and whole, and quick."""

import random

import pytest

from tests.browser.answers import desk, served
from tests.browser.hostile import everything

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
    with served() as home, desk(chromium, home) as made:
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


PIECES = (
    "# H\n",
    "\n",
    "\n\n",
    "- a\n",
    "  - b\n",
    "1. x\n",
    "2. y\n",
    "text ",
    "more words here. ",
    "**b** `c` ",
    "```js\n",
    "```\n",
    "~~~\n",
    "   ```py\n",
    "    indented\n",
    "> q\n",
    "| a | b |\n",
    "|---|---|\n",
    "| 1 | 2 |\n",
    '[r]: https://x.example/ "t"\n',
    "[r] [r][z] ",
    "[z]: /v1/files/image?id=1\n",
    "$$\n",
    "x^2\n",
    "\\(y\\) \\[",
    "\\]\n",
    "<b>x</b> <div>\n",
    "</div>\n",
    "<!-- c -->",
    "<pre>\n",
    "---\n",
    "===\n",
    "![i](/v1/files/image?id=2) ",
    "https://e.example/x ",
    "\r\n",
    "\t",
    "  ",
    "* ",
    "- [ ] t\n",
    '<video controls src="/v1/files/video?id=1"></video>\n',
    "&amp; \\* ",
    "![p](data:image/png;base64,iVBORw0KGgo=)\n",
)
# The same text at once and cut anywhere; what is drawn later (formulas, colours) and
# the parts into which blocks are gathered do not count.
COMPARE = """async (cases) => {
  const plain = (root) => {
    const copy = root.cloneNode(true);
    for (const one of copy.querySelectorAll(".formula, .formula-block")) {
      one.replaceWith("(formula)");
    }
    for (const code of copy.querySelectorAll("code")) {
      code.textContent = code.textContent;
    }
    return [...copy.querySelectorAll(".block")].map((one) => one.outerHTML).join("");
  };
  const [one, two] = ["one", "two"].map((id) => document.getElementById(id));
  const differing = [];
  for (const pieces of cases) {
    await answers.render(one, pieces.join(""), { words });
    const answer = new answers.Answer(two, { words });
    for (const piece of pieces) {
      answer.reader.read(piece, false, Infinity);
    }
    await answer.finish();
    if (plain(one) !== plain(two)) {
      differing.push([pieces, plain(one), plain(two)]);
    }
  }
  return differing;
}"""


def cut(text, draw, sizes=(1, 2, 5, 20, 200)):
    pieces = []
    while text:
        size = draw.choice(sizes)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def test_an_answer_in_pieces_looks_like_the_whole(page):
    draw = random.Random(7)
    texts = ["".join(draw.choices(PIECES, k=draw.randint(3, 40))) for _ in range(100)]
    assert page.page.evaluate(COMPARE, [cut(text, draw) for text in texts]) == []


LONG = {
    "paragraph": "A sentence of some words, and **another** one. " * 300,
    "lines": "one line of a long paragraph\n" * 500,
    "chinese": "\u6c49\u5b57\u6c49\u5b57\u3002" * 2000,
    "list": "".join(f"{n}. item *{n}*\n" for n in range(1, 1500)),
    "loose list": "".join(f"- item {n}\n\n" for n in range(1500)),
    "nested list": "- a\n" + "  - b **c**\n" * 2500,
    "item of code": "1. x\n\n   ```py\n" + "   print(1)\n" * 2500 + "   ```\n2. y\n",
    "table": "| a | b |\n|---|---|\n" + "| 1 | **2** |\n" * 1500,
    "fence": "```py\n" + "print(1)  # one\n" * 2000 + "```\nafter\n",
    "long line of code": "```\n" + "x" * 30_000 + "\n```",
    "quotation": "> a line\n" * 2000,
    "html": "<div>\n" + "text <b>x</b>\n" * 1500 + "</div>\n",
    "line": "a" * 30_000,
    "line of words": "- x\n" + "word [" * 6000,
    "nested marks": "x\n\n" + "> " * 3000 + "\n\nafter\n",
    "formula": "$$\n" + "x + y\n" * 2000 + "$$\n",
    "picture": "![a](data:image/png;base64," + "iVBORw0K" * 5000 + ")\n\nafter\n",
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_too_long_is_cut_in_the_same_places(page, name):
    text = f"before\n\n{LONG[name]}\n\n## Last words\n"
    pieces = cut(text, random.Random(3), (7, 300, 1000, 3000))
    assert page.page.evaluate(COMPARE, [pieces]) == []
    assert page.page.locator("#one h4").all_inner_texts() == ["Last words"]


def test_no_character_of_what_is_too_long_is_lost(page):
    for name in ("line", "nested marks", "line of words"):
        page.render(LONG[name])
        told = "".join(page.text().split())
        assert "".join(LONG[name].split())[-2000:] in told
