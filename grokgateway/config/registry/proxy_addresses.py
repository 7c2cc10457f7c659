"""The address of a proxy: what can be used, and what is wrong with the rest.

One reader for keys and for nodes, so that what is saved is never left out later.
"""

import re
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

MAX_BYTES = 8 * 1024
PORTS = {"http": 80, "https": 443, "socks4a": 1080, "socks5h": 1080}
# Names are looked up by the proxy, never here.
ALIASES = {"socks": "socks5h", "socks5": "socks5h", "socks4": "socks4a"}
ACCOUNT = "{account}"
ACCOUNT_DIGITS = 16
NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
MAX_NAME_CHARS = 253
MAX_SOCKS_BYTES = 255  # of a name, and of a password (RFC 1929)


class BadProxy(ValueError):
    """The message fits after a name, and holds nothing of the address."""


class Address(NamedTuple):
    """Its parts, decoded."""

    scheme: str
    host: str
    port: int
    username: str
    password: str


def read(text: str) -> Address:
    """Raises BadProxy."""
    address = text.strip()
    if len(address.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadProxy("must be at most 8 KiB long")
    if not address.isprintable() or any(char.isspace() for char in address):
        raise BadProxy("must not hold spaces or control characters")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as exc:
        raise BadProxy("must end after the port, which is from 1 to 65535") from exc
    scheme = ALIASES.get(parts.scheme, parts.scheme)
    if scheme not in PORTS:
        raise BadProxy("must begin with http://, https://, socks4:// or socks5://")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or port == 0:
        raise BadProxy("must end after the port, which is from 1 to 65535")
    username, password = credentials_of(parts)
    check_placeholder(username, parts.hostname or "", password)
    check_credentials(scheme, username, password)
    host = host_of(parts)
    return Address(scheme, host, port or PORTS[scheme], username, password)


def host_of(parts: SplitResult) -> str:
    """As it can be looked up: ASCII, and no address that holds for one interface."""
    host = parts.hostname or ""
    try:
        if "[" in parts.netloc.rpartition("@")[2]:
            return str(IPv6Address(host.replace("%", " ")))
        name = host.encode("idna").decode()
    except ValueError as exc:
        raise BadProxy("must name a host that there can be") from exc
    if len(name) > MAX_NAME_CHARS or not NAME.fullmatch(name):
        raise BadProxy("must name a host that there can be")
    return name


def credentials_of(parts: SplitResult) -> tuple[str, str]:
    try:
        username = unquote(parts.username or "", errors="strict")
        password = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError as exc:
        raise BadProxy("must have a user name and password in UTF-8") from exc
    if any(ord(char) < ord(" ") or char == "\x7f" for char in username + password):
        raise BadProxy("must not hold spaces or control characters")
    return username, password


def check_placeholder(username: str, *elsewhere: str) -> None:
    if username.count(ACCOUNT) > 1 or any(ACCOUNT in part for part in elsewhere):
        raise BadProxy("may hold {account} once, and only in the user name")


def check_credentials(scheme: str, username: str, password: str) -> None:
    """What the proxy's protocol cannot say would be cut short or never be sent."""
    if not scheme.startswith("socks"):
        if ":" in username:
            raise BadProxy("must not have a colon in the user name")
        return
    longest = username.replace(ACCOUNT, "0" * ACCOUNT_DIGITS)
    if not (username + password).isascii():
        raise BadProxy("must have an ASCII user name and password for SOCKS")
    if max(len(longest), len(password)) > MAX_SOCKS_BYTES:
        raise BadProxy("must have a user name and password of at most 255 for SOCKS")
    if password and not username:
        raise BadProxy("must have a user name where it has a password for SOCKS")
