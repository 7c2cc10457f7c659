"""Rules for texts: each returns what is wrong in words that fit after a name."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from grokgateway.config.registry import proxy_addresses
from grokgateway.config.registry.keys import Fault

PLAIN_SCHEMES = frozenset({"http", "ws"})
HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])")
BROWSER = re.compile(r"[a-z][a-z0-9_]*")
EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
HIGHEST_PORT = 65535


def url(*schemes: str, plain_private_only: bool = False) -> Fault:
    listed = ", ".join(f"{scheme}://" for scheme in schemes)

    def fault(text: str) -> str | None:
        parts = split(text)
        if parts is None or parts.scheme not in schemes or not parts.hostname:
            return f"must be an absolute URL starting with {listed}"
        plain = plain_private_only and parts.scheme in PLAIN_SCHEMES
        if plain and not is_private(parts.hostname):
            return f"may use {parts.scheme}:// only for loopback and private addresses"
        return None

    return fault


def proxy(text: str) -> str | None:
    try:
        proxy_addresses.read(text)
    except proxy_addresses.BadProxy as fault:
        return str(fault)
    return None


def split(text: str) -> SplitResult | None:
    """Return the parts of a URL, or None if it cannot be one."""
    if re.search(r"\s", text):
        return None
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        return None
    return parts


def is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (address.is_private or address.is_loopback) and not address.is_unspecified


def host_and_port(text: str) -> str | None:
    host, mark, port = text.rpartition(":")
    if not mark or text.endswith("]"):
        host, port = text, "1"
    whole = port.isascii() and port.isdigit() and 1 <= int(port) <= HIGHEST_PORT
    if whole and HOST.fullmatch(host):
        return None
    return "must be host or host:port, without a scheme or path"


def status_code(text: str) -> str | None:
    whole = text.isascii() and text.isdigit()
    if whole and 100 <= int(text) <= 599:
        return None
    return "must list HTTP statuses from 100 to 599"


def at_most_bytes(size_bytes: int) -> Fault:
    def fault(text: str) -> str | None:
        if len(text.encode("utf-8", "replace")) > size_bytes:
            return f"must be at most {size_bytes} bytes long"
        return None

    return fault


def browser(text: str) -> str | None:
    if BROWSER.fullmatch(text):
        return None
    return "must be a profile name such as chrome136"


def email(text: str) -> str | None:
    return None if EMAIL.fullmatch(text) else "must list e-mail addresses"


def header_value(text: str) -> str | None:
    if text.isprintable() or all(char.isprintable() or char == "\t" for char in text):
        return None
    return "must not hold line breaks or control characters"


WEB_URL = url("http", "https")
PROXY_URL = proxy
UPSTREAM_URL = url("https", "http", plain_private_only=True)
UPSTREAM_SOCKET_URL = url("wss", "ws", plain_private_only=True)
