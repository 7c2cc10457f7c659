"""The cache page and the gallery, as a person uses them."""

import pytest

from tests.browser.surfing import furnished_gateway

LIST = "/admin/media/asset/"
THEMES = ("light", "dark")
WIDTHS = (360, 1440)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with furnished_gateway(tmp_path_factory.mktemp("gallery"), 3) as running:
        yield running


@pytest.fixture
def visitor(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    return visitor


def everywhere(visitor, path):
    found = []
    for theme in THEMES:
        for width in WIDTHS:
            visitor.show(theme, width)
            visitor.go(path)
            found += [f"{theme} {width}: {one}" for one in visitor.faults()]
    return found


@pytest.mark.load
def test_the_gallery_is_usable_in_both_themes_and_widths(visitor):
    assert everywhere(visitor, f"{LIST}?view=grid") == []
    assert everywhere(visitor, "/admin/cache") == []


def test_pictures_are_leafed_through_with_the_keyboard(visitor):
    page = visitor.page
    visitor.go(f"{LIST}?view=grid&kind__exact=image")
    page.locator("[data-preview]").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#preview")
    dialog.wait_for()
    first = dialog.locator("h2").inner_text()
    assert dialog.locator("[data-place]").inner_text() == "1 / 6"
    assert dialog.locator("img").get_attribute("alt") == first
    assert visitor.faults() == []
    page.keyboard.press("ArrowRight")
    assert dialog.locator("[data-place]").inner_text() == "2 / 6"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert dialog.locator("[data-place]").inner_text() == "6 / 6"
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    at = "document.activeElement === document.querySelectorAll('[data-preview]')[5]"
    page.wait_for_function(at)


def test_a_video_is_played_with_controls_and_stops_when_closed(visitor):
    page = visitor.page
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    visitor.go(f"{LIST}?view=grid&kind__exact=video")
    assert not [url for url in asked if "/v1/files/video" in url]
    page.locator("[data-preview]").click()
    video = page.locator("dialog#preview video")
    assert video.get_attribute("controls") is not None
    page.keyboard.press("Escape")
    video.wait_for(state="detached")


def test_chosen_tiles_are_removed_and_brought_back(visitor):
    page = visitor.page
    visitor.go(f"{LIST}?view=grid&kind__exact=image")
    page.locator("td.action-checkbox input").first.check()
    assert "1 of 6 selected" in page.locator(".action-counter").inner_text()
    page.select_option("select[name=action]", "take_out")
    page.locator("#changelist .actions button").click()
    page.get_by_role("link", name="Undo").click()
    page.locator(".submit-row input[type=submit]").click()
    assert "1 file is back" in page.locator(".notices").inner_text()


def test_a_limit_is_changed_in_place(visitor):
    page = visitor.page
    visitor.go("/admin/cache")
    page.fill("#limit-image", "64")
    page.locator("form.limit").first.get_by_role("button").click()
    assert page.locator("meter").count() == 1
    assert visitor.faults() == []
    page.fill("#limit-image", "0")
    page.locator("form.limit").first.get_by_role("button").click()
    assert page.locator("meter").count() == 0


@pytest.mark.load
def test_pages_for_programs_are_usable_in_both_themes_and_widths(visitor):
    assert everywhere(visitor, "/admin/docs/") == []
    assert everywhere(visitor, "/admin/try/") == []


def test_a_sample_is_copied_whole(gateway, visit):
    visitor = visit(gateway, permissions=["clipboard-read", "clipboard-write"])
    visitor.sign_in()
    visitor.go("/admin/docs/")
    page = visitor.page
    page.locator("[data-copy-from=curl]").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#curl").inner_text()
    assert f"{gateway.url}/v1/chat/completions" in copied


def test_a_new_key_is_shown_with_samples(visitor):
    page = visitor.page
    for width in WIDTHS:
        visitor.show("light", width)
        visitor.go("/admin/gateway/apikey/add/")
        page.fill("#id_name", f"laptop {width}")
        page.click("input[name=_save]")
        key = page.locator("#made-key").input_value()
        assert key in page.locator("#curl").inner_text()
        assert visitor.faults() == []


def test_a_message_that_fails_says_who_was_tried(visitor):
    page = visitor.page
    visitor.go("/admin/try/")
    page.get_by_role("button", name="Send").click()
    page.locator("#answer").wait_for()
    assert "Not answered: 502" in page.locator("#answer").inner_text()
    assert page.locator(".guide .lines li").count() >= 1
    assert visitor.faults() == []
