"""A clearance: the cookies of a solved challenge and the browser they belong to."""

import hashlib
from dataclasses import dataclass

from gateway.egress.nodes import Node

MANUAL = "manual"
SOLVER_MODES = frozenset({"flaresolverr", "on_demand"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """Fits one exit and one host. `version` rises with each renewal.

    A `manual` one is an operator's for one node, and takes the place of what the
    configuration says; without a user agent that of the configuration holds.
    """

    key: str
    version: int
    cookies: str
    user_agent: str
    made_at: float = 0.0
    valid: bool = True
    manual: bool = False

    def __repr__(self) -> str:
        return f"Bundle({self.key}, {self.version})"


@dataclass(frozen=True, slots=True)
class Place:
    """What a clearance is for: a node, and the origin it leads to."""

    node: Node
    origin: str
    solver_url: str

    @property
    def key(self) -> str:
        """Another proxy, host or solver makes another clearance."""
        named = f"{self.solver_url}|{self.node.identity}|{self.origin}"
        return hashlib.sha256(named.encode()).hexdigest()[:32]
