"""A store in memory with the rules of the real ones, and members of it."""

import time
from dataclasses import dataclass, field, replace

from accounts.claims.base import SLOTS, Gone, Grant, Peer, Unreachable
from accounts.claims.moves import Sheet
from accounts.rows import WindowRow


@dataclass
class MemoryStore:
    """Shared by members of one test."""

    windows: dict[tuple[int, str], WindowRow] = field(default_factory=dict)
    loads: dict[int, int] = field(default_factory=dict)
    members: dict[str, Peer] = field(default_factory=dict)
    slices: dict[str, dict[tuple[int, str], int]] = field(default_factory=dict)
    away: bool = False
    steps: int = 0

    def step(self):
        self.steps += 1
        if self.away:
            raise Unreachable("away")

    async def join(self, me, slots, *, alone):
        self.step()
        alone = alone and not self.members
        self.members[me.id] = Peer(me.id, me.name, alone, {})
        self.slices[me.id] = {(a, SLOTS): n for a, n in slots.items()}
        for account, count in slots.items():
            self.loads[account] = self.loads.get(account, 0) + count
        return list(self.members.values())

    async def renew(self, me, notes):
        self.step()
        if me.id not in self.members:
            raise Gone
        self.members[me.id] = replace(self.members[me.id], notes=notes)
        return list(self.members.values())

    async def peers(self, me):
        self.step()
        return list(self.members.values())

    async def open(self, me, slots):
        self.step()
        self.members[me.id] = replace(self.members[me.id], alone=False)
        self.slices = {me.id: {(a, SLOTS): n for a, n in slots.items()}}
        self.loads = dict(slots)

    async def move(self, me, backs, wants, rates):
        self.step()
        if me.id not in self.members:
            raise Gone
        now = time.time()
        sheet = Sheet(self.loads, self.windows, self.slices.setdefault(me.id, {}))
        for back in backs:
            sheet.give_back(back, now)
        grants: list[Grant] = [sheet.take(want, rates, now) for want in wants]
        return grants

    async def leave(self, me, backs):
        self.step()
        self.bury(me.id)

    async def look(self, me):
        pass

    async def follow(self, me, held):
        return await self.peers(me)

    async def aclose(self):
        pass

    def bury(self, member):
        self.members.pop(member, None)
        for (account, mode), count in self.slices.pop(member, {}).items():
            if mode == SLOTS:
                self.loads[account] -= count
