"""Every page of the console, read from a gateway's own menu."""

from collections.abc import Iterator
from urllib.parse import urljoin

from tests.browser.surfing import Visitor

ALONE = ("/admin/", "/admin/password_change/")
OF_LIST = ("#result_list tbody tr:first-child th a", ".object-tools a")
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
    """Where the links of these kinds on a page lead, queries cut off."""
    visitor.go(address)
    found = [visitor.page.locator(selector).all() for selector in selectors]
    links = [str(link.get_attribute("href")) for some in found for link in some]
    paths = dict.fromkeys(urljoin(address, link).partition("?")[0] for link in links)
    return [path for path in paths if path != address]
