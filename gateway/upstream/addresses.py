"""Which hosts a URL of a stranger may name: the open internet, and nothing near us.

Names are looked up by the caller; every address that comes of it is judged here.
"""

import ipaddress
import re

import httpx

MAX_URL_CHARS = 8192
# Any other port is some service's, and seldom a place to keep pictures.
PORTS = {"http": 80, "https": 443}
NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)
NEAR_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
)
# Special purposes by the registries of IANA, and an address that is one provider's own.
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
        *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",
    )
)
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"),
        "3fff::/20",
    )
)
# The one form of an IPv4 address in an IPv6 one that networks without IPv4 rely on.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(Exception):
    """A URL that is not fetched, or brought nothing; the message is safe to show."""


def checked_url(text: str) -> httpx.URL:
    """A URL that may be looked up. Raises Refused."""
    if len(text) > MAX_URL_CHARS:
        raise Refused(f"is a URL of more than {MAX_URL_CHARS} characters")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError) as exc:
        raise Refused("is no valid URL") from exc
    if url.scheme not in PORTS:
        raise Refused("is no http or https URL")
    if url.userinfo:
        raise Refused("is a URL with a user name or password")
    if url.port not in {None, PORTS[url.scheme]}:
        raise Refused("is a URL with a port other than 80 for http and 443 for https")
    check_host(host)
    return url


def check_host(host: str) -> None:
    """A plain address must be open; a name must be one of the open internet."""
    name = host.lower().removesuffix(".")
    if ":" in name or NUMBER.fullmatch(name.rpartition(".")[2]):
        check_address(name)
    elif not NAME.fullmatch(name):
        raise Refused("is a URL without a full host name")
    elif any(name.endswith(f".{near}") for near in NEAR_NAMES):
        raise Refused("is a URL of a host that is not on the open internet")


def check_address(text: str) -> None:
    """Raises Refused for all that is not a plain, open unicast address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as exc:  # numbers that only old resolvers take for an address
        raise Refused("is a URL of a host that is not on the open internet") from exc
    if not is_open(address):
        raise Refused("is a URL of a host that is not on the open internet")


def is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    if address.scope_id is not None:
        return False
    if address in NAT64:
        return is_open(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        return False
    return address in OPEN_V6 and not any(address in net for net in CLOSED_V6)
