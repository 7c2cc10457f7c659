"""The page of pictures: drawing, the wall after a reload, the viewer, the way back."""

import pytest

from tests.e2e.gateway_process import running_gateway
from tests.gateway.sandbox.process import running_sandbox
from tests.media.samples import picture

THEMES = ("light", "dark")
WIDTHS = (360, 1440)
POOLS = {"super": ["sandbox-super-1", "sandbox-super-2", "sandbox-super-3"]}
PICTURES = ".tile.ready"
SHIFTED = """() => new Promise((resolve) => {
  let sum = 0;
  const seen = new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      sum += one.hadRecentInput ? 0 : one.value;
    }
  });
  seen.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""

OFFERED = """async (type) => {
  const { canvas } = new OffscreenCanvas(8, 8).getContext("2d");
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const data = new DataTransfer();
  data.items.add(new File([blob], `${type}.png`, { type: "image/png" }));
  const named = { paste: "clipboardData", drop: "dataTransfer" }[type];
  const event = new Event(type, { bubbles: true, cancelable: true });
  Object.defineProperty(event, named, { value: data });
  TARGET.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    settings = {
        "GROK_APP_WEBUI_ENABLED": "true",
        "GROK_APP_APP_KEY": "a console key for tests",
        "GROK_ACCOUNT_REFRESH_ENABLED": "false",
    }
    folder = tmp_path_factory.mktemp("masonry")
    with running_sandbox() as sandbox:
        with running_gateway(
            folder, sandbox.url, POOLS, "granian", 1, **settings
        ) as running:
            yield running


@pytest.fixture
def visitor(gateway, visit):
    made = visit(gateway)
    made.show("light", 1440)
    made.go("/webui/masonry")
    made.faults(axe=False)
    return made


def draw(page, prompt, count=2):
    page.select_option("#count", str(count))
    page.fill("[name=prompt]", prompt)
    page.keyboard.press("Control+Enter")
    page.locator(".round", has_text=prompt).locator(".success").first.wait_for()


def shown(page):
    """The addresses of the pictures without their signatures."""
    found = page.locator(f"{PICTURES} img").all()
    return {str(one.get_attribute("src")).partition("&")[0] for one in found}


def reload(page):
    page.reload()
    page.locator(PICTURES).first.wait_for()


def test_the_wall_is_there_after_a_reload(visitor):
    page = visitor.page
    draw(page, "a lighthouse")
    assert page.locator("[data-part=status]").inner_text() == "Done."
    before = shown(page)
    assert len(before) == 2
    wrong = []
    for theme in THEMES:
        for width in WIDTHS:
            visitor.show(theme, width)
            reload(page)
            assert shown(page) == before
            assert page.evaluate(SHIFTED) < 0.01
            wrong += [f"{theme} {width}: {fault}" for fault in visitor.faults()]
            columns = "e => getComputedStyle(e).gridTemplateColumns.split(' ').length"
            count = page.locator(".tiles").first.evaluate(columns)
            assert count == 2 if width == 360 else count > 3
    assert wrong == []


def test_a_picture_is_looked_at_deleted_and_brought_back_by_keyboard(visitor):
    page = visitor.page
    draw(page, "a harbour", 3)
    page.locator(f"{PICTURES} button").first.focus()
    page.keyboard.press("Enter")
    place = page.locator("#viewer [data-part=place]")
    assert place.inner_text() == "1 of 3"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert place.inner_text() == "3 of 3"
    assert page.locator("#viewer img").get_attribute("alt") == "a harbour"
    assert visitor.faults() == []
    page.keyboard.press("Delete")
    page.locator("#viewer .undo p").wait_for()
    assert place.inner_text() == "2 of 2"
    page.keyboard.press("Escape")
    assert page.locator("#viewer").is_hidden()
    focused = "document.activeElement.closest('.tile') !== null"
    assert page.evaluate(focused)
    assert len(shown(page)) == 2
    page.locator(".wall > .undo button").first.press("Enter")
    page.locator(PICTURES).nth(2).wait_for()
    reload(page)
    assert len(shown(page)) == 3
    page.get_by_role("button", name="Delete this round").click()
    page.get_by_text("3 pictures are deleted.").first.wait_for()
    assert shown(page) == set()
    assert visitor.faults() == []


def test_rounds_end_at_their_limit_and_can_be_found(visitor):
    page = visitor.page
    page.get_by_text("One after another").click()
    page.fill("#rounds", "2")
    draw(page, "a red kite", 1)
    page.get_by_text("Done after 2 rounds.").wait_for()
    assert page.locator(".round").count() == 2
    page.get_by_text("One", exact=True).click()
    draw(page, "a blue boat", 1)
    page.fill("#filter", "kite")
    page.locator(".round", has_text="boat").wait_for(state="detached")
    assert page.locator(".round").count() == 2
    page.fill("#filter", "no such thing")
    page.get_by_text("No prompt has these words.").wait_for()
    assert visitor.faults() == []


def test_a_run_that_fails_says_why_and_what_to_do(visitor):
    page = visitor.page
    page.click("[data-part=start]")
    assert page.locator("#prompt-fault").inner_text() == "Say what to draw."
    page.fill("[name=prompt]", "a secret [[moderated]]")
    page.click("[data-part=start]")
    fault = page.locator(".draw .fault")
    fault.wait_for()
    assert "filtered" in fault.inner_text()
    assert "Describe it differently" in fault.inner_text()
    page.fill("[name=prompt]", "a fog [[stall_after=8]]")
    page.click("[data-part=start]")
    page.locator(".tile.pending").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Stopped.").wait_for()
    assert fault.is_hidden()
    assert visitor.faults() == []


def test_a_picture_from_elsewhere_is_a_reference(visitor):
    page = visitor.page
    shown_name = page.locator("[data-part=reference-name]")
    page.set_input_files(
        "#reference", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    page.get_by_text("Only PNG, JPEG, WebP and GIF").wait_for()
    file = {"name": "kite.png", "mimeType": "image/png", "buffer": picture(colour=9)}
    page.set_input_files("#reference", file)
    assert shown_name.inner_text() == "kite.png"
    assert page.locator("[name=aspect_ratio]").first.is_disabled()
    draw(page, "a kite, but blue", 2)
    page.get_by_role("button", name="Remove the reference picture").click()
    assert page.locator("[data-part=pick]").is_visible()
    for type_, source in (
        ("paste", "document"),
        ("drop", "document.querySelector('[data-part=drop]')"),
    ):
        page.evaluate(OFFERED.replace("TARGET", source), type_)
        page.locator("[data-part=reference]").wait_for()
        assert shown_name.inner_text() == f"{type_}.png"
        page.locator("[data-part=reference-progress]").wait_for(state="hidden")
        page.get_by_role("button", name="Remove the reference picture").click()
    assert visitor.faults() == []


def test_a_picture_of_the_wall_is_the_next_reference(visitor):
    page = visitor.page
    draw(page, "a garden", 1)
    page.locator(f"{PICTURES} button").first.click()
    page.get_by_role("button", name="Use this image").click()
    assert page.locator("#viewer").is_hidden()
    assert page.locator("#count").input_value() == "1"
    draw(page, "the garden in snow", 2)
    first = page.locator(".round").first
    assert "With a reference" in first.inner_text()
    first.get_by_role("button", name="Use prompt and choices again").click()
    assert page.locator("[name=prompt]").input_value() == "the garden in snow"
    assert page.locator("[data-part=reference]").is_visible()
    assert visitor.faults() == []
