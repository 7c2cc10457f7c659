"""Who serves the same accounts, as this process knows it."""

import os
import socket
import time
from collections.abc import Callable
from secrets import token_hex

from accounts.claims import membership
from accounts.claims.base import LIFE_S, Me, Peer

MARGIN_S = 1.0


def myself() -> Me:
    pid = os.getpid()
    name = f"{socket.gethostname()} {pid}"
    return Me(token_hex(8), name[-200:], membership.place(), pid, membership.birth(pid))


class Circle:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.me = myself()
        self.peers: list[Peer] = []
        self.clock = clock
        self._renewed_at = -LIFE_S

    def renewed(self, began: float) -> None:
        """The store has heard of us no earlier than then, by our clock."""
        self._renewed_at = began

    @property
    def age_s(self) -> float:
        return self.clock() - self._renewed_at

    @property
    def lapsed(self) -> bool:
        """Whether others may take this process for dead by now."""
        return self.age_s > LIFE_S - MARGIN_S

    @property
    def size(self) -> int:
        return max(1, len(self.peers))

    @property
    def alone(self) -> bool:
        """Whether every account is this process's own."""
        return any(peer.id == self.me.id and peer.alone for peer in self.peers)

    @property
    def admitted(self) -> bool:
        """Whether nobody else believes to be alone."""
        others = [peer for peer in self.peers if peer.id != self.me.id]
        return len(others) < len(self.peers) and not any(p.alone for p in others)
