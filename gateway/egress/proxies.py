"""A proxy by its address: made an account's own, shown with no secret."""

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote

from grokgateway.config.registry.proxy_addresses import (
    ACCOUNT,
    ACCOUNT_DIGITS,
    BadProxy,
    read,
)

__all__ = ["BadProxy", "Proxy", "parse"]


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
        """For people: the password is hidden, and so is a name without one.

        Some providers want their key as the name.
        """
        if not self.username and not self.password:
            return f"{self.scheme}://{self.place}"
        told = f"{self.username}:***" if self.password else "***"
        return f"{self.scheme}://{told}@{self.place}"

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
    return Proxy(*read(text))
