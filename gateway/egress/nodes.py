"""One way out: a proxy with a name, or the direct one."""

import hashlib
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from gateway.egress.proxies import Proxy

MASK = (1 << 64) - 1


class Scope(StrEnum):
    """What traffic a node carries; a call has one of the first two."""

    CHAT = "chat"
    RESOURCE = "resource"
    BOTH = "both"


@dataclass(frozen=True)
class Node:
    """Lower `priority` first; among equals accounts spread by `weight`."""

    name: str
    proxy: Proxy | None
    scope: Scope = Scope.BOTH
    weight: int = 1
    priority: int = 0
    verify: bool = True  # the certificate of the proxy itself

    @cached_property
    def seed(self) -> int:
        return number_of(self.name)

    @property
    def identity(self) -> str:
        return self.proxy.identity if self.proxy else DIRECT

    def serves(self, scope: Scope) -> bool:
        return self.scope in {Scope.BOTH, scope}

    def for_account(self, key: int) -> "Node":
        """As this account goes through it: behind some, each has an exit of its own."""
        if self.proxy is None or not self.proxy.per_account:
            return self
        return replace(self, proxy=self.proxy.for_account(key))

    def distance(self, key: int) -> float:
        """The nearest node is an account's own; a node that goes moves only its own."""
        share = (mixed(key ^ self.seed) + 1) / (MASK + 2)
        return -math.log(share) / self.weight


DIRECT = "direct"
DIRECT_NODE = Node(DIRECT, None)


def number_of(text: str) -> int:
    """64 bits that are the same in all processes."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def mixed(number: int) -> int:
    """The finish of splitmix64: every bit of the result depends on all of them."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK
    return number ^ (number >> 31)
