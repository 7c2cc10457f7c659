"""Every page of the console, read from a gateway's own menu."""

from collections.abc import Iterator

from tests.browser.surfing import Visitor

ALONE = ("/admin/", "/admin/password_change/")
OF_LIST = ("#result_list tbody th a", ".object-tools a.addlink")
OF_ROW = (".object-tools a.historylink", ".submit-row a.deletelink")


def signed_in(visitor: Visitor) -> Iterator[str]:
    """Pages that stand alone, all lists, and of each list the page of its first row."""
    visitor.go("/admin/")
    links = visitor.page.locator("#rail nav a[href]")
    lists = [str(link.get_attribute("href")) for link in links.all()]
    yield from ALONE
    for address in dict.fromkeys(lists):
        if address == "/admin/":
            continue
        yield address
        for found in linked(visitor, address, OF_LIST):
            yield found
            yield from linked(visitor, found, OF_ROW)


def linked(visitor: Visitor, address: str, selectors: tuple[str, ...]) -> list[str]:
    """Where the first link of each kind on a page leads, queries cut off."""
    visitor.go(address)
    found = (visitor.page.locator(selector) for selector in selectors)
    links = (link.first.get_attribute("href") for link in found if link.count())
    return [str(link).partition("?")[0] for link in links]
