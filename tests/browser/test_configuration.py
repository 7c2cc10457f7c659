"""The configuration as people use it: by sight, by mouse, by keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.surfing import furnished_gateway

PROXY = "proxy.egress.mode"
TIMEOUT = "voice.timeout"
GROUPS = ".settings-tabs a"
CHANGED = re.compile(r"\bchanged\b")
ASKED = "#id_proxy_egress_proxy_url"
PATHS = ("history", "files", "search?q=proxy")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configuration")
    locked = {"GROK_CHAT_TIMEOUT": "77"}
    with furnished_gateway(folder, 0, **locked) as running:
        yield running


@pytest.fixture
def visitor(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    return visitor


@pytest.fixture
def page(visitor):
    return visitor.page


@pytest.fixture
def open_group(visitor):
    def go(slug):
        visitor.go(f"/admin/config/{slug}")
        return visitor.page

    return go


def setting(page, key):
    return page.locator(f'[data-setting="{key}"]')


def told(page):
    return page.locator("[data-count]")


def saved(gateway):
    return dict(gateway.rows("SELECT key, value FROM config_configoverride"))


@pytest.mark.load
def test_no_page_complains_or_is_hard_to_use(visitor):
    visitor.go("/admin/config/system")
    links = visitor.page.locator(GROUPS)
    paths = [str(link.get_attribute("href")) for link in links.all()]
    paths += [f"/admin/config/{path}" for path in PATHS]
    found = []
    for path in paths:
        for theme, width in (("light", 360), ("dark", 1440)):
            visitor.show(theme, width)
            visitor.go(path)
            found += [f"{path} {theme} {width}: {one}" for one in visitor.faults()]
    assert len(paths) > 15
    assert found == []


def test_fields_appear_with_the_choice_that_needs_them(open_group):
    page = open_group("proxy")
    single = setting(page, "proxy.egress.proxy_url")
    many = setting(page, "proxy.egress.proxy_pool")
    expect(single).to_be_hidden()
    page.select_option("#id_proxy_egress_mode", "single_proxy")
    expect(single).to_be_visible()
    expect(many).to_be_hidden()
    page.select_option("#id_proxy_egress_mode", "proxy_pool")
    expect(many).to_be_visible()
    expect(single).to_be_hidden()


def test_without_scripts_every_field_is_there(gateway, visit):
    visitor = visit(gateway, java_script_enabled=False)
    visitor.sign_in()
    visitor.go("/admin/config/proxy")
    expect(setting(visitor.page, "proxy.egress.proxy_url")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Save")).to_be_visible()


def test_a_changed_field_has_a_dot_until_it_is_as_before(open_group):
    page = open_group("timeouts")
    row = setting(page, TIMEOUT)
    expect(told(page)).to_have_text("No unsaved changes")
    page.fill("#id_voice_timeout", "61")
    expect(row).to_have_class(CHANGED)
    expect(row.locator(".changed-dot")).to_be_visible()
    expect(page.locator(f"{GROUPS}[aria-current]")).to_have_class(CHANGED)
    page.fill("#id_image_timeout", "61")
    expect(told(page)).to_have_text("2 unsaved changes")
    page.fill("#id_image_timeout", "60")
    page.fill("#id_voice_timeout", "60")
    expect(row).not_to_have_class(CHANGED)
    expect(told(page)).to_have_text("No unsaved changes")


def test_leaving_with_changes_asks(open_group):
    page = open_group("timeouts")
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.click("#id_voice_timeout")
    page.keyboard.type("1")
    page.click(f"{GROUPS} >> text=Retry")
    page.wait_for_function("document.readyState === 'complete'")
    assert asked == ["beforeunload"]
    expect(page.locator("#id_voice_timeout")).to_have_value("601")

    page.get_by_role("link", name="Discard").click()
    expect(page.locator("#id_voice_timeout")).to_have_value("60")
    page.click(f"{GROUPS} >> text=Retry")
    page.wait_for_url("**/admin/config/retry")
    assert asked == ["beforeunload"]


def test_a_setting_is_changed_and_reset_by_keyboard_alone(gateway, page):
    page.goto(f"{gateway.url}/admin/config")
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("video jobs at once")
    first = page.locator("[data-found] a").first
    expect(first).to_contain_text("video.max_concurrent")
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    field = page.locator("#id_video_max_concurrent")
    expect(field).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/admin/config/video")
    expect(page.locator(".notice.success")).to_contain_text("Saved: Jobs at once.")
    assert saved(gateway)["video.max_concurrent"] == '{"value": 7}'

    field.focus()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_contain_text("Reset to default")
    page.keyboard.press("Enter")
    expect(field).to_have_value("4")
    expect(told(page)).to_have_text("1 unsaved change")
    page.keyboard.press("Control+s")
    page.wait_for_function("document.querySelector('.notice.success')")
    assert "video.max_concurrent" not in saved(gateway)


def test_search_within_the_page_keeps_what_was_typed(open_group):
    page = open_group("timeouts")
    page.fill("#id_voice_timeout", "61")
    page.fill("#searchbar", "image.stream")
    found = page.locator("[data-found] a")
    expect(found).to_have_count(1)
    expect(page.locator("[data-main]")).to_be_hidden()
    found.click()
    expect(page.locator("#id_image_stream_timeout")).to_be_focused()
    expect(page.locator("#id_voice_timeout")).to_have_value("61")
    expect(told(page)).to_have_text("1 unsaved change")
    page.get_by_role("link", name="Discard").click()


def test_errors_are_shown_at_their_fields_and_have_the_focus(open_group):
    page = open_group("timeouts")
    page.fill("#id_voice_timeout", "1")
    page.fill("#id_image_timeout", "")
    page.get_by_role("button", name="Save").click()
    notice = page.locator(".notice.error")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("2 settings need another value")
    expect(page.locator("#id_voice_timeout_error")).to_contain_text("from 5 to 1800")
    expect(told(page)).to_have_text("2 unsaved changes")
    notice.get_by_role("link", name="Voice room").click()
    expect(page.locator("#id_voice_timeout")).to_be_focused()


def test_a_secret_is_made_and_shown_before_it_is_saved(open_group):
    page = open_group("system")
    row = setting(page, "admin.metrics_token")
    row.get_by_role("button", name="Generate").click()
    field = row.locator("input[name='admin.metrics_token']")
    expect(field).to_have_value(re.compile(r"^[0-9a-f]{48}$"))
    expect(field).to_have_attribute("type", "text")
    row.get_by_role("button", name="Show what I type").click()
    expect(field).to_have_attribute("type", "password")
    expect(told(page)).to_have_text("1 unsaved change")
    page.get_by_role("link", name="Discard").click()


def test_an_address_that_ends_in_v1_is_remarked_on_while_typing(open_group):
    page = open_group("system")
    remark = setting(page, "app.app_url").locator(".setting-remark")
    expect(remark.first).to_be_hidden()
    page.fill("#id_app_app_url", "https://gateway.example/v1")
    expect(remark.first).to_be_visible()
    page.fill("#id_app_app_url", "gateway.example")
    expect(remark.first).to_be_hidden()
    expect(remark.last).to_be_visible()
    page.get_by_role("link", name="Discard").click()


def test_two_people_at_one_form_settle_it(gateway, open_group):
    page = open_group("retry")
    page.fill("#id_retry_max_retries", "3")
    gateway.manage("config", "set", "retry.max_retries", "5")
    page.get_by_role("button", name="Save").click()
    expect(
        page.get_by_role("heading", name="Somebody else saved first")
    ).to_be_visible()
    page.get_by_role("radio", name="Yours").check()
    page.get_by_role("button", name="Save with these choices").click()
    page.wait_for_url("**/admin/config/retry")
    expect(page.locator("#id_retry_max_retries")).to_have_value("3")
    assert saved(gateway)["retry.max_retries"] == '{"value": 3}'
