"""The address of a proxy: read, judged, made an account's own, shown with no secret."""

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

MAX_BYTES = 8 * 1024
PORTS = {"http": 80, "https": 443, "socks4a": 1080, "socks5h": 1080}
# Names are looked up by the proxy, never here.
ALIASES = {"socks": "socks5h", "socks5": "socks5h", "socks4": "socks4a"}
ACCOUNT = "{account}"
ACCOUNT_DIGITS = 16


class BadProxy(ValueError):
    """The message says what is wrong, and holds nothing of the address."""


@dataclass(frozen=True, slots=True)
class Proxy:
    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.shown})"

    @property
    def shown(self) -> str:
        """For people: the password is hidden."""
        if not self.username and not self.password:
            return f"{self.scheme}://{self.place}"
        hidden = ":***" if self.password else ""
        return f"{self.scheme}://{self.username}{hidden}@{self.place}"

    @property
    def place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """With the password, for what connects through it."""
        if not self.username and not self.password:
            return f"{self.scheme}://{self.place}"
        user, password = quote(self.username, safe=""), quote(self.password, safe="")
        return f"{self.scheme}://{user}:{password}@{self.place}"

    @property
    def identity(self) -> str:
        """Short, and the same for whatever has the same exit; no password in it."""
        named = f"{self.scheme}://{self.username}@{self.place}"
        return hashlib.sha256(named.encode()).hexdigest()[:12]

    @property
    def per_account(self) -> bool:
        """Each account has an exit of its own behind this address."""
        return ACCOUNT in self.username

    @property
    def socks(self) -> bool:
        return self.scheme.startswith("socks")

    def for_account(self, key: int) -> "Proxy":
        if not self.per_account:
            return self
        name = f"{key:016x}"[:ACCOUNT_DIGITS]
        return replace(self, username=self.username.replace(ACCOUNT, name))


def parse(text: str) -> Proxy:
    """Raises BadProxy."""
    address = text.strip()
    if len(address.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadProxy("is longer than 8 KiB")
    if not address.isprintable() or any(char.isspace() for char in address):
        raise BadProxy("must not hold spaces or control characters")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as exc:
        raise BadProxy("is not a URL with a port from 1 to 65535") from exc
    scheme = ALIASES.get(parts.scheme, parts.scheme)
    if scheme not in PORTS:
        raise BadProxy("must begin with http://, https://, socks4:// or socks5://")
    if not parts.hostname:
        raise BadProxy("names no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadProxy("must end after the port")
    if port == 0:
        raise BadProxy("is not a URL with a port from 1 to 65535")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    check_placeholder(username, parts.hostname, password)
    return Proxy(scheme, parts.hostname, port or PORTS[scheme], username, password)


def check_placeholder(username: str, *elsewhere: str) -> None:
    if username.count(ACCOUNT) > 1 or any(ACCOUNT in part for part in elsewhere):
        raise BadProxy("may hold {account} once, and only in the user name")
