"""Many proxies at once: a pasted text becomes rows, after a look at what it would do.

Synchronous.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop as _

from gateway.egress.proxies import BadProxy, Proxy, parse
from gateway.egress_tables import EgressNode, NodeScope
from gateway.exits import store

MAX_LINES = 1000
ADDRESSES = ("://", "@")  # signs of one
DEFAULT_SCHEME = "http://"


class TooMany(ValueError):
    """More lines than are taken at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """`fault` says why it is left out; nothing of its address is in it."""

    number: int
    name: str
    proxy: Proxy | None
    fault: str = ""
    twice: bool = False

    @property
    def good(self) -> bool:
        return self.proxy is not None and not self.twice

    @property
    def shown(self) -> str:
        return self.proxy.shown if self.proxy else ""


def read(text: str) -> list[Line]:
    """`URL` or `name URL` in each line; `#` begins a remark. Raises TooMany."""
    written = [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(written) > MAX_LINES:
        raise TooMany
    names = set(EgressNode.objects.values_list("name", flat=True))
    exits = set(EgressNode.objects.values_list("identity", flat=True))
    lines = []
    for number, line in written:
        made = one(number, line, names, exits)
        if made.proxy is not None:
            names.add(made.name)
            exits.add(made.proxy.identity)
        lines.append(made)
    return lines


def one(number: int, line: str, names: set[str], exits: set[str]) -> Line:
    name, address = line.rpartition(" ")[::2]
    name = name.strip()
    if any(sign in name for sign in ADDRESSES):  # which may hold a password
        return Line(number, "", None, _("the name comes first, then the address"))
    if "://" not in address:
        address = DEFAULT_SCHEME + address
    try:
        proxy = parse(address)
    except BadProxy as fault:
        return Line(number, name, None, str(fault))
    name = name or free_name(proxy, names)
    if len(name) > 64 or store.OF_CONFIG.fullmatch(name):
        return Line(number, name[:64], None, _("its name is too long or reserved"))
    twice = name in names or proxy.identity in exits
    return Line(number, name, proxy, twice=twice)


def free_name(proxy: Proxy, names: set[str]) -> str:
    """By its place, with a number where that is taken."""
    base = f"{proxy.host}:{proxy.port}"[:56]
    if base not in names:
        return base
    return next(
        made for count in range(2, 10_000) if (made := f"{base}-{count}") not in names
    )


@transaction.atomic
def save(lines: Iterable[Line], scope: str = NodeScope.BOTH) -> int:
    """Adds what is good and not there yet."""
    count = 0
    for line in lines:
        if line.proxy is not None and not line.twice:
            store.fill(EgressNode(name=line.name, scope=scope), line.proxy).save()
            count += 1
    transaction.on_commit(store.load)
    return count
