"""The first sign-in of a new installation, by keyboard alone."""

import pytest

from tests.browser.surfing import furnished_gateway

OWN = "a console key of our own"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    settings = {"GROK_APP_APP_KEY": ""}
    with furnished_gateway(folder, 0, **settings) as running:
        yield running


def typed(visitor, *keys):
    for key in keys:
        if len(key) > 1 and not key.startswith("Tab") and key != "Enter":
            visitor.page.keyboard.type(key)
        else:
            visitor.page.keyboard.press(key)


def heading(visitor):
    return visitor.page.locator("h1").inner_text()


def test_the_shipped_key_is_changed_before_anything_else(gateway, visit):
    visitor = visit(gateway)
    typed(visitor, "Tab", "grok2api", "Enter")
    visitor.page.wait_for_url("**/admin/console-key/")
    assert heading(visitor) == "Console key"
    visitor.go("/admin/accounts/account/")
    assert heading(visitor) == "Console key"
    assert visitor.faults() == []
    visitor.page.locator("#id_new").focus()
    typed(visitor, OWN, "Tab", OWN, "Enter")
    visitor.page.wait_for_url("**/admin/")
    assert heading(visitor) == "Overview"
    assert visitor.page.locator(".notice.success").count() == 1
    assert visitor.faults() == []
    stranger = visit(gateway)
    typed(stranger, "Tab", "grok2api", "Enter")
    stranger.page.wait_for_selector(".errornote")
    assert heading(stranger) == "Sign in"


def test_the_menu_works_without_a_pointer(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    visitor.page.locator("#user-tools summary").focus()
    typed(visitor, "Enter", "Tab")
    focused = "document.activeElement.name"
    assert visitor.page.evaluate(focused) == "theme"
    visitor.page.keyboard.press("ArrowRight")
    theme = visitor.page.evaluate("document.documentElement.dataset.theme")
    assert theme in {"light", "dark"}
    visitor.page.keyboard.press("Escape")
    assert not visitor.page.locator("#user-tools details[open]").count()


def test_the_skip_link_comes_first(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    visitor.go("/admin/accounts/account/")
    typed(visitor, "Tab", "Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "content-start"


def test_the_slash_leads_to_the_search(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    visitor.go("/admin/accounts/account/")
    visitor.page.keyboard.press("/")
    assert visitor.page.evaluate("document.activeElement.id") == "searchbar"


def test_a_phone_opens_the_menu_as_a_drawer(gateway, visit):
    visitor = visit(gateway)
    visitor.sign_in()
    visitor.show("light", 360)
    visitor.go("/admin/")
    rail = visitor.page.locator("#rail")
    assert not rail.is_visible()
    visitor.page.locator(".rail-button").press("Enter")
    assert rail.is_visible()
    visitor.page.keyboard.press("Escape")
    assert not rail.is_visible()


def test_a_language_kept_by_grok2api_is_taken_over_once(gateway, visit):
    visitor = visit(gateway)
    spoken = "document.documentElement.lang"
    with visitor.page.expect_navigation():
        visitor.page.evaluate(
            "localStorage.setItem('grok2api_lang', 'de'); location.reload()"
        )
    visitor.page.wait_for_function(f"{spoken} === 'de'")
    assert visitor.page.evaluate("localStorage.getItem('grok2api_lang')") is None
    visitor.go("/admin/login/?lang=fr")
    assert visitor.page.evaluate(spoken) == "de"
    visitor.page.evaluate("localStorage.setItem('grok2api_lang', 'no such')")
    visitor.go("/admin/login/")
    assert visitor.page.evaluate(spoken) == "de"
    assert visitor.faults() == []
