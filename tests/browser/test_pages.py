"""Every page in both themes on a phone and on a desk (console-webui 10, item 2)."""

import pytest

from tests.browser.addresses import signed_in
from tests.browser.surfing import furnished_gateway

THEMES = ("light", "dark")
WIDTHS = (360, 1440)
FOR_AXE = (("light", 1440), ("dark", 360))


LONG = pytest.mark.load  # the same pages, for longer


@pytest.fixture(
    scope="module",
    params=[3, pytest.param(0, marks=LONG), pytest.param(10_000, marks=LONG)],
)
def gateway(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"console-{request.param}")
    with furnished_gateway(folder, request.param) as running:
        yield running


def crowded(gateway):
    """Pages of many accounts have the same parts, only more of them."""
    ((count,),) = gateway.rows("SELECT count(*) FROM accounts_account")
    return count > 100


def looks(visitor, path, *, axe=True):
    """What is wrong with one page in any theme and width."""
    for theme in THEMES:
        visitor.show(theme, WIDTHS[0])
        visitor.go(path)
        for width in WIDTHS:
            visitor.show(theme, width)
            # axe asks for colours and names, which no width changes: once a theme
            for fault in visitor.faults(axe=axe and (theme, width) in FOR_AXE):
                yield f"{path} {theme} {width}: {fault}"


def test_no_page_complains_or_is_hard_to_use(gateway, visit):
    visitor = visit(gateway)
    found = list(looks(visitor, "/admin/login"))
    visitor.sign_in()
    paths = list(dict.fromkeys(signed_in(visitor)))
    assert len(paths) > 10
    visitor.faults(axe=False)
    for path in paths:
        found += looks(visitor, path, axe=not crowded(gateway))
    assert found == []


@pytest.mark.parametrize("path", ["/admin/nothing/at-all/", "/no-such-page"])
def test_what_is_not_there_has_a_page_too(gateway, visit, path):
    visitor = visit(gateway)
    visitor.sign_in()
    visitor.go(path)
    said = visitor.faults()
    assert [fault for fault in said if "404" not in fault] == []
    assert visitor.page.locator("h1").inner_text() == "Page not found"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_api_reference_is_drawn_under_the_same_policy(gateway, visit, width):
    """What axe says of it is said of Swagger UI, so only the rest is asked."""
    visitor = visit(gateway)
    visitor.show("light", width)
    visitor.go("/v1/docs")
    visitor.page.locator(".opblock-summary-control").first.click()
    visitor.page.wait_for_selector(".opblock-body")
    assert visitor.faults(axe=False) == []
